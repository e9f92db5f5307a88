"""What is claimed comes in few runs, and they say of each record what they said before."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from relay.spool import Claimed
from relay.spool._runs import MOST_BYTES, MOST_RECORDS, joined, take


def run(first: int, lengths: list[int], stored_at: int = 0) -> Claimed:
    """A run whose bounds tell which record it began with."""
    data = b",".join(b"x" * length for length in lengths)
    return Claimed(first, stored_at, stored_at - first, stored_at + first, lengths, data)


@st.composite
def runs(draw: st.DrawFn) -> list[Claimed]:
    """Runs in the order of their ids, with and without gaps between them."""
    lengths = st.one_of(st.integers(0, 9), st.sampled_from([MOST_BYTES // 3, MOST_BYTES // 2, MOST_BYTES]))
    found: list[Claimed] = []
    first = 1
    for _ in range(draw(st.integers(0, 8))):
        short = st.lists(lengths, min_size=1, max_size=4)
        many = st.builds(lambda number: [1] * number, st.integers(1, MOST_RECORDS))
        first += draw(st.sampled_from([0, 0, 0, 1, 7]))
        found.append(run(first, draw(st.one_of(short, many)), draw(st.integers(0, 9))))
        first = found[-1].ids.stop
    return found


@given(runs())
def test_joined_runs_hold_the_same_records_under_the_same_ids(given: list[Claimed]) -> None:
    found = joined(given)
    assert [id_ for one in found for id_ in one.ids] == [id_ for one in given for id_ in one.ids]
    assert [length for one in found for length in one.lengths] == [n for one in given for n in one.lengths]
    assert all(b",".join(one.entries) == one.data for one in found)


@given(runs())
def test_joined_runs_bound_what_they_were_joined_of(given: list[Claimed]) -> None:
    for one in joined(given):
        parts = [part for part in given if part.id in one.ids]
        assert one.stored_at == min(part.stored_at for part in parts)
        assert one.earliest == min(part.earliest for part in parts)
        assert one.latest == max(part.latest for part in parts)


@given(runs())
def test_runs_are_joined_where_nothing_is_between_them_and_they_are_not_too_long(
    given: list[Claimed],
) -> None:
    found = joined(given)
    assert all(
        (len(one.lengths) <= MOST_RECORDS and len(one.data) <= MOST_BYTES) or one in given for one in found
    )
    for one, next_one in pairwise(found):
        following = next(part for part in given if part.id == next_one.id)
        assert (
            one.ids.stop < next_one.id
            or len(one.lengths) + len(following.lengths) > MOST_RECORDS
            or len(one.data) + 1 + len(following.data) >= MOST_BYTES
        )


def test_six_hundred_commits_of_one_record_are_claimed_as_three_runs() -> None:
    found = joined(run(first, [700]) for first in range(1, 601))
    assert [len(one.lengths) for one in found] == [250, 250, 100]


def test_of_a_run_that_does_not_fit_the_near_end_is_taken() -> None:
    older, newer = run(1, [5, 5], stored_at=1), run(3, [5, 5], stored_at=2)
    assert take([older, newer], 3, 99) == ([older, newer.part(0, 1)], 2)
    assert take([newer, older], 3, 99, newest=True) == ([newer, older.part(1, 2)], 1)
    assert take([older, newer], 9, 4) == ([older.part(0, 1)], 1)
    assert take([older, newer], 4, 20) == ([older, newer], None)
    assert take([], 4, 20) == ([], None)
