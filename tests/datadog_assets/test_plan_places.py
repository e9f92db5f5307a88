from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_kinds import SMALL_KINDS, by_kind, declared, live, resource

from datadog_assets.plan import Change, Options, Plan, Verb, make_plan
from datadog_assets.plan.order import Standing, carried_out
from datadog_assets.resource import Live, Mark, Place, Resource


def pipeline(
    name: str, side: Literal["before", "after"] | None = None, anchor: str = "", pin: str | None = None
) -> Resource:
    return resource(name, "pipelines", pin=pin, place=Place(side, anchor) if side else None)


def there(live_id: str, name: str, *, read_only: bool = False) -> Live:
    return live(live_id, name, "pipelines", read_only=read_only)


def planned(resources: Sequence[Resource], lives: Sequence[Live], order: Sequence[str] | None = None) -> Plan:
    order = [one.id for one in lives] if order is None else order
    return make_plan(declared(*resources), by_kind(*lives), order, Options(), SMALL_KINDS)


def moves(plan: Plan) -> list[tuple[str, str | None, str | None]]:
    return [(one.name, one.live_id, one.anchor_id) for one in plan.changes if one.verb is Verb.MOVE]


def problems(plan: Plan) -> list[tuple[str | None, str]]:
    return [(one.name, one.text) for one in plan.problems]


def test_a_pipeline_behind_its_anchor_moves_directly_before_it() -> None:
    plan = planned([pipeline("A", "before", "B")], [there("1", "B"), there("2", "C"), there("3", "A")])
    assert plan.changes == (
        Change(
            Verb.MOVE,
            "pipelines",
            "A",
            "3",
            reason='directly before "B"',
            mark=Mark("a.yaml", 1),
            place=Place("before", "B"),
            anchor_id="1",
        ),
    )


def test_a_pipeline_anywhere_on_its_side_stays() -> None:
    lives = [there("1", "A"), there("2", "C"), there("3", "B")]
    assert planned([pipeline("A", "before", "B"), pipeline("B", "after", "C")], lives) == Plan()


def test_the_order_and_not_the_list_of_pipelines_says_where_they_stand() -> None:
    lives = [there("1", "A"), there("2", "B")]
    assert moves(planned([pipeline("A", "before", "B")], lives, ["2", "1"])) == [("A", "1", "2")]


def test_the_anchor_may_be_datadogs_own() -> None:
    lives = [there("1", "Okta", read_only=True), there("2", "A")]
    assert moves(planned([pipeline("A", "before", "Okta")], lives)) == [("A", "2", "1")]


def test_a_new_pipeline_is_created_last_and_moved_then() -> None:
    plan = planned([pipeline("A", "before", "B")], [there("1", "B")])
    assert [one.verb for one in plan.changes] == [Verb.CREATE, Verb.MOVE]
    assert moves(plan) == [("A", None, "1")]
    assert moves(planned([pipeline("A", "after", "B")], [there("1", "B")])) == []


def test_the_anchor_may_be_new_too() -> None:
    resources = [pipeline("B"), pipeline("A", "before", "B"), pipeline("C", "after", "B")]
    assert moves(planned(resources, [])) == [("A", None, None)]


def test_a_declared_anchor_comes_before_others_of_its_name() -> None:
    lives = [there("1", "B", read_only=True), there("2", "B"), there("3", "A")]
    assert moves(planned([pipeline("A", "before", "B"), pipeline("B")], lives)) == [("A", "3", "2")]


def test_a_pipeline_that_is_not_managed_moves_only_when_adopted() -> None:
    lives = [there("1", "B"), live("2", "A", "pipelines", managed=False)]
    plan = planned([pipeline("A", "before", "B")], lives)
    assert moves(plan) == [("A", "2", "1")]
    assert problems(plan) == [("A", "is not managed (id 2) and would move; with --adopt it is taken over")]
    assert problems(planned([pipeline("A", "before", "B", pin="2")], lives)) == []


def test_a_renamed_anchor_goes_by_its_new_name() -> None:
    lives = [there("1", "Old"), there("2", "A")]
    plan = planned([pipeline("A", "before", "New"), pipeline("New", pin="1")], lives)
    assert moves(plan) == [("A", "2", "1")]
    plan = planned([pipeline("A", "before", "Old"), pipeline("New", pin="1")], lives)
    assert problems(plan) == [
        ("A", 'its place is before "Old", but no pipeline of that name is declared or in Datadog')
    ]


def test_an_unknown_anchor_is_a_problem() -> None:
    assert problems(planned([pipeline("A", "after", "B")], [])) == [
        ("A", 'its place is after "B", but no pipeline of that name is declared or in Datadog')
    ]


def test_an_ambiguous_anchor_is_a_problem() -> None:
    lives = [there("2", "B"), there("1", "B", read_only=True)]
    assert problems(planned([pipeline("A", "before", "B")], lives)) == [
        ("A", 'its place is before "B", but Datadog has 2 pipelines of that name (ids 1, 2)')
    ]


def test_an_anchor_that_the_plan_deletes_is_a_problem() -> None:
    resources = [pipeline("A", "before", "B"), resource("B", "pipelines", absent=True)]
    assert problems(planned(resources, [there("1", "B")])) == [
        ("A", 'its place is before "B", which this plan deletes')
    ]


def test_of_an_anchor_that_has_a_problem_itself_only_that_is_told() -> None:
    lives = [there("1", "B"), there("2", "B")]
    plan = planned([pipeline("A", "before", "B"), pipeline("B")], lives)
    assert [name for name, _ in problems(plan)] == ["B"]


@pytest.mark.parametrize("sides", [("before", "before"), ("before", "after")])
def test_places_in_a_circle_are_one_problem(
    sides: tuple[Literal["before"], Literal["before", "after"]],
) -> None:
    resources = [pipeline("C", "after", "A"), pipeline("A", sides[0], "B"), pipeline("B", sides[1], "A")]
    assert problems(planned(resources, [])) == [
        ("A", 'its place goes round in a circle: "A" -> "B" -> "A"; take `place` from one of them')
    ]


def test_a_pipeline_cannot_stand_before_itself() -> None:
    assert problems(planned([pipeline("A", "before", "A")], [])) == [
        ("A", 'its place goes round in a circle: "A" -> "A"; take `place` from one of them')
    ]


def test_a_pipeline_that_the_order_does_not_tell_of_yet_counts_as_last() -> None:
    assert moves(planned([pipeline("A", "before", "B")], [there("1", "A"), there("2", "B")], ["2"])) == [
        ("A", "1", "2")
    ]


@given(
    standing=st.permutations("ABCDEF"),
    created=st.sets(st.sampled_from("ABC")),
    places=st.dictionaries(
        st.sampled_from("ABC"), st.tuples(st.sampled_from(["before", "after"]), st.sampled_from("ABCDEF"))
    ),
)
def test_after_the_moves_no_move_is_left(
    standing: list[str],
    created: set[str],
    places: dict[str, tuple[Literal["before", "after"], str]],
) -> None:
    resources = [pipeline(name, *places.get(name, (None,))) for name in "ABC"]
    lives = [there(f"id{name}", name) for name in standing if name not in created]
    plan = planned(resources, lives)
    if plan.problems:
        return
    order = [one.id for one in lives]
    for change in plan.changes:
        if change.verb is Verb.CREATE:
            lives.append(there(f"id{change.name}", change.name))
            order.append(f"id{change.name}")
        elif change.place:
            anchor = change.anchor_id or f"id{change.place.name}"
            order = carried_out(order, [Standing(f"id{change.name}", change.place.side, anchor)])
    assert planned(resources, lives, order) == Plan()
    unplaced = [f"id{name}" for name in standing if name not in created and name not in places]
    assert [one for one in order if one in unplaced] == unplaced
