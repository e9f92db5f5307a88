from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.plan.order import Standing, carried_out, circles, moves

SIDES: st.SearchStrategy[Literal["before", "after"]] = st.sampled_from(["before", "after"])


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[str], list[Standing]]:
    """An order and what is wanted of some of it: each anchored to one that was there before it, so no circles."""
    ids = draw(st.lists(st.sampled_from("abcdefghij"), unique=True, min_size=1))
    wanted = [
        Standing(one, draw(SIDES), draw(st.sampled_from(ids[:position])))
        for position, one in enumerate(ids)
        if position and draw(st.booleans())
    ]
    return draw(st.permutations(ids)), draw(st.permutations(wanted))


@given(given=orders())
def test_after_the_moves_everything_stands_as_wanted(given: tuple[list[str], list[Standing]]) -> None:
    order, wanted = given
    after = carried_out(order, moves(order, wanted))
    assert sorted(after) == sorted(order)
    for one in wanted:
        assert (after.index(one.id) < after.index(one.anchor)) == (one.side == "before")


@given(given=orders())
def test_after_the_moves_no_move_is_left(given: tuple[list[str], list[Standing]]) -> None:
    order, wanted = given
    assert moves(carried_out(order, moves(order, wanted)), wanted) == []


@given(given=orders())
def test_the_others_keep_their_order(given: tuple[list[str], list[Standing]]) -> None:
    order, wanted = given
    after = carried_out(order, moves(order, wanted))
    ours = {one.id for one in wanted}
    assert [one for one in after if one not in ours] == [one for one in order if one not in ours]


@given(given=orders())
def test_each_placed_one_moves_at_most_once(given: tuple[list[str], list[Standing]]) -> None:
    order, wanted = given
    moved = [one.id for one in moves(order, wanted)]
    assert len(moved) == len(set(moved))
    assert set(moved) <= {one.id for one in wanted}


@given(given=orders())
def test_no_circle_is_found_where_there_is_none(given: tuple[list[str], list[Standing]]) -> None:
    assert circles(given[1]) == []


@given(given=st.lists(st.sampled_from("abcdef"), unique=True, min_size=1), tail=st.integers(0, 3))
def test_every_circle_is_found_once(given: list[str], tail: int) -> None:
    wanted = [Standing(one, "before", given[position - 1]) for position, one in enumerate(given)]
    wanted += [Standing(f"tail{n}", "after", given[0]) for n in range(tail)]
    (found,) = circles(wanted)
    assert sorted(found) == sorted(given)


@pytest.mark.parametrize(
    ("order", "wanted", "after"),
    [
        ("xyz", [Standing("z", "before", "x")], "zxy"),
        ("xyz", [Standing("z", "after", "x")], "xyz"),
        ("xyz", [Standing("x", "after", "y")], "yxz"),
        ("xab", [Standing("a", "before", "x"), Standing("b", "before", "x")], "abx"),
        ("abx", [Standing("a", "after", "x"), Standing("b", "after", "x")], "xab"),
        ("xab", [Standing("a", "before", "b"), Standing("b", "before", "x")], "abx"),
        ("abx", [Standing("a", "before", "x"), Standing("b", "after", "a")], "abx"),
    ],
)
def test_where_pipelines_stand_after_the_moves(order: str, wanted: list[Standing], after: str) -> None:
    assert "".join(carried_out(order, moves(order, wanted))) == after


def test_a_move_to_an_unknown_pipeline_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in list"):
        carried_out("ab", [Standing("a", "after", "x")])
