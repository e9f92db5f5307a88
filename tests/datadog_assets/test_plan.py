from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_kinds import SMALL_KINDS, Monitors, by_kind, declared, live, resource

from datadog_assets.plan import Change, Note, Options, Plan, Verb, make_plan
from datadog_assets.plan.difference import ABSENT, Difference
from datadog_assets.resource import MANAGED_TAG, Json, Live, Mark, Place, Resource


def planned(
    resources: Sequence[Resource] = (), lives: Sequence[Live] = (), order: Sequence[str] = (), **options: bool
) -> Plan:
    return make_plan(declared(*resources), by_kind(*lives), order, Options(**options), SMALL_KINDS)


def steps(plan: Plan) -> list[tuple[str, str]]:
    return [(str(change.verb), change.name) for change in plan.changes]


def texts(notes: Sequence[Note]) -> list[tuple[str | None, str]]:
    return [(note.name, note.text) for note in notes]


def test_what_is_not_there_is_created_with_the_managed_tag() -> None:
    assert planned([resource("X", line=7, query="q", tags=["team:a"])]) == Plan(
        changes=(
            Change(
                Verb.CREATE,
                "monitors",
                "X",
                body={"name": "X", "query": "q", "tags": ["team:a", MANAGED_TAG]},
                differences=(
                    Difference(("name",), ABSENT, "X"),
                    Difference(("query",), ABSENT, "q"),
                    Difference(("tags",), ABSENT, ["team:a", MANAGED_TAG]),
                ),
                mark=Mark("a.yaml", 7),
            ),
        )
    )


def test_a_kind_without_tags_gets_none() -> None:
    (change,) = planned([resource("R", "notification_rules")]).changes
    assert change.body == {"name": "R"}


def test_a_tag_that_is_declared_already_is_not_added_twice() -> None:
    (change,) = planned([resource("X", tags=[MANAGED_TAG])]).changes
    assert change.body == {"name": "X", "tags": [MANAGED_TAG]}


def test_what_is_equal_is_no_change() -> None:
    lives = [live("1", "X", query="q", tags=["b", "a"]), live("2", "R", "notification_rules", n=1.0)]
    resources = [resource("X", query="q", tags=["a", "b"]), resource("R", "notification_rules", n=1)]
    assert planned(resources, lives) == Plan()
    assert planned(resources, lives, prune=True, adopt=True) == Plan()


def test_what_differs_is_updated_with_the_whole_body() -> None:
    one = live("1", "X", query="q", gone=1)
    (change,) = planned([resource("X", query="p")], [one]).changes
    assert change == Change(
        Verb.UPDATE,
        "monitors",
        "X",
        "1",
        {"name": "X", "query": "p", "tags": [MANAGED_TAG]},
        one.body,
        (Difference(("gone",), 1, ABSENT), Difference(("query",), "q", "p")),
    )


def test_a_rule_is_known_by_its_name_alone() -> None:
    plan = planned([resource("R", "notification_rules", n=2)], [live("1", "R", "notification_rules", n=1)])
    assert steps(plan) == [("update", "R")]
    assert plan.problems == ()


def test_names_compare_exactly() -> None:
    assert steps(planned([resource("x ")], [live("1", "X "), live("2", "x")])) == [("create", "x ")]


def test_what_is_not_managed_and_differs_is_shown_and_keeps_the_plan_from_being_applied() -> None:
    plan = planned([resource("X", n=2)], [live("1", "X", managed=False, n=1)])
    assert steps(plan) == [("update", "X")]
    assert texts(plan.problems) == [("X", "is not managed (id 1) and differs; with --adopt it is taken over")]


def test_what_is_not_managed_and_equal_is_only_noted() -> None:
    plan = planned([resource("X", tags=["a"])], [live("1", "X", managed=False, tags=["a"])])
    assert (plan.changes, plan.problems) == ((), ())
    assert texts(plan.notes) == [("X", "is as declared, but not managed (id 1); with --adopt it is")]


def test_a_lost_list_of_tags_is_a_difference_even_of_what_is_not_managed() -> None:
    plan = planned([resource("X", tags=["a"])], [live("1", "X", managed=False)])
    assert steps(plan) == [("update", "X")]
    assert len(plan.problems) == 1


def test_adopted_the_tag_is_added() -> None:
    plan = planned([resource("X", tags=["a"])], [live("1", "X", managed=False, tags=["a"])], adopt=True)
    (change,) = plan.changes
    assert change.differences == (Difference(("tags", 1), ABSENT, MANAGED_TAG),)
    assert change.body is not None
    assert change.body["tags"] == ["a", MANAGED_TAG]
    assert change.reason == "not managed until now"
    assert (plan.problems, plan.notes) == ((), ())


def test_an_id_lets_what_is_not_managed_be_written_and_leaves_it_unmanaged() -> None:
    equal = planned([resource("X", pin="1", n=1)], [live("1", "X", managed=False, n=1)])
    assert (equal.changes, equal.problems) == ((), ())
    assert texts(equal.notes) == [("X", "is as declared, but not managed (id 1); with --adopt it is")]
    plan = planned([resource("X", pin="1", n=2)], [live("1", "X", managed=False, n=1)])
    (change,) = plan.changes
    assert change.differences == (Difference(("n",), 1, 2),)
    assert change.body is not None
    assert "tags" not in change.body
    assert plan.problems == ()


def test_an_id_pins_a_resource_under_another_name() -> None:
    (change,) = planned([resource("New", pin="1")], [live("1", "Old")]).changes
    assert (change.verb, change.live_id) == (Verb.UPDATE, "1")
    assert change.differences == (Difference(("name",), "Old", "New"),)


def test_several_of_one_name_are_a_problem_unless_one_is_pinned() -> None:
    lives = [live("2", "X"), live("1", "X", managed=False)]
    plan = planned([resource("X")], lives, prune=True)
    assert plan.changes == ()
    assert texts(plan.problems) == [
        ("X", "Datadog has 2 monitors of this name (ids 1, 2); pin one with `id`")
    ]
    assert planned([resource("X", pin="2")], lives) == Plan()


@pytest.mark.parametrize(
    ("lives", "text"),
    [
        ([], "pins id 9, but Datadog has no monitor with that id"),
        ([live("1", "X")], "pins id 9, but Datadog has no monitor with that id; of this name it has id 1"),
        ([live("9", "Y", read_only=True)], "pins id 9, which is read-only: a monitor of Datadog's own"),
    ],
)
def test_a_pinned_id_that_cannot_be_written_is_a_problem(lives: list[Live], text: str) -> None:
    plan = planned([resource("X", pin="9")], lives, prune=True)
    assert plan.changes == ()
    assert texts(plan.problems) == [("X", text)]


def test_one_live_resource_belongs_to_one_declared() -> None:
    plan = planned([resource("X", pin="1"), resource("Y", pin="1")], [live("1", "X")])
    assert plan.changes == ()
    assert texts(plan.problems) == [
        ("X", 'pins id 1, and so does "Y"; only one of them can have it'),
        ("Y", 'pins id 1, and so does "X"; only one of them can have it'),
    ]
    plan = planned([resource("X"), resource("Y", pin="1")], [live("1", "X")])
    assert steps(plan) == [("update", "Y")]
    assert texts(plan.problems) == [("X", 'is what "Y" pins (id 1); only one of them can have it')]


def test_of_two_of_one_name_the_one_that_another_pins_does_not_count() -> None:
    plan = planned([resource("X"), resource("Y", pin="1")], [live("1", "X"), live("2", "X")])
    assert steps(plan) == [("update", "Y")]
    assert plan.problems == ()


def test_a_read_only_one_is_neither_matched_nor_written() -> None:
    lives = [live("1", "P", "pipelines", read_only=True, n=1)]
    for absent in (False, True):
        plan = planned([resource("P", "pipelines", absent=absent)], lives, ["1"], prune=True, adopt=True)
        assert steps(plan) == [] if absent else [("create", "P")]
        assert plan.problems == ()
        assert texts(plan.notes) == [
            ("P", "a read-only pipeline of the same name is Datadog's own and stays as it is")
        ]


def test_the_type_of_a_monitor_cannot_change() -> None:
    plan = planned([resource("X", type="log alert")], [live("1", "X", type="query alert")])
    assert texts(plan.problems) == [
        (
            "X",
            'the type of a monitor cannot be changed from "query alert" to "log alert"; declare it under another name, and this one with `ensure: absent`',
        )
    ]
    pipelines = planned(
        [resource("P", "pipelines", type="b")], [live("1", "P", "pipelines", type="a")], ["1"]
    )
    assert pipelines.problems == ()


def test_what_is_to_be_absent_is_deleted_if_it_is_there() -> None:
    one = live("1", "X", n=1)
    assert planned([resource("X", absent=True)], [one]).changes == (
        Change(
            Verb.DELETE,
            "monitors",
            "X",
            "1",
            None,
            one.body,
            (Difference(("n",), 1, ABSENT), Difference(("name",), "X", ABSENT)),
            "ensure: absent",
        ),
    )
    assert planned([resource("X", absent=True), resource("Y", absent=True, pin="5")]) == Plan()


def test_what_is_to_be_absent_but_not_managed_needs_adopt() -> None:
    resources, lives = [resource("X", absent=True)], [live("1", "X", managed=False)]
    plan = planned(resources, lives)
    assert steps(plan) == [("delete", "X")]
    assert texts(plan.problems) == [("X", "is not managed (id 1); with --adopt it is deleted")]
    assert planned(resources, lives, adopt=True).problems == ()
    assert planned([replace(resources[0], id="1")], lives).problems == ()


def test_prune_deletes_what_is_managed_and_not_declared() -> None:
    lives = [
        live("1", "kept"),
        live("2", "old"),
        live("3", "theirs", managed=False),
        live("4", "old pipeline", "pipelines"),
        live("5", "Datadog's", "pipelines", read_only=True),
        live("6", "a rule", "notification_rules"),
    ]
    plan = planned([resource("kept")], lives, prune=True)
    assert [(change.name, change.reason, change.mark) for change in plan.changes] == [
        ("old", "--prune: not declared", None),
        ("old pipeline", "--prune: not declared", None),
    ]
    assert plan.problems == ()
    assert plan.notes == (
        Note(
            "notification_rules",
            None,
            "1 not declared, left as they are: without tags, no notification rule is known to be managed",
        ),
    )
    assert planned([resource("kept")], lives) == Plan()


@pytest.mark.parametrize(("managed", "pruned", "refused"), [(10, 3, False), (10, 4, True), (9, 9, False)])
def test_a_prune_of_much_needs_force(managed: int, pruned: int, refused: bool) -> None:
    lives = [live(str(n), f"m{n}") for n in range(managed)]
    resources = [resource(f"m{n}") for n in range(pruned, managed)]
    plan = planned(resources, lives, prune=True)
    assert plan.counts == {Verb.CREATE: 0, Verb.UPDATE: 0, Verb.DELETE: pruned, Verb.MOVE: 0}
    text = f"--prune would delete {pruned} of {managed} that are managed, more than 30 %; is a file missing? With --force they are deleted"
    assert texts(plan.problems) == ([(None, text)] if refused else [])
    assert planned(resources, lives, prune=True, force=True).problems == ()


def test_destroy_deletes_what_is_declared_and_ours() -> None:
    lives = [
        live("1", "P", "pipelines", read_only=True),
        live("2", "P", "pipelines"),
        live("3", "X"),
        live("4", "Y", managed=False),
        live("5", "other"),
        live("6", "R", "notification_rules"),
    ]
    resources = [
        resource("P", "pipelines"),
        resource("X"),
        resource("Y"),
        resource("gone", pin="77"),
        resource("R", "notification_rules"),
    ]
    plan = planned(resources, lives, ["1", "2"], destroy=True)
    assert [(change.name, change.live_id, change.reason) for change in plan.changes] == [
        ("R", "6", "destroy"),
        ("X", "3", "destroy"),
        ("P", "2", "destroy"),
    ]
    assert plan.problems == ()
    assert texts(plan.notes) == [("Y", "is not managed (id 4), so it stays; with --adopt it is deleted")]
    adopting = planned(resources, lives, ["1", "2"], destroy=True, adopt=True)
    assert steps(adopting) == [("delete", "R"), ("delete", "Y"), ("delete", "X"), ("delete", "P")]


def test_changes_come_by_rank_then_moves_and_deletions_backwards() -> None:
    resources = [
        resource("R", "notification_rules"),
        resource("M2"),
        resource("M1", n=1),
        resource("gone", absent=True),
        resource("P", "pipelines", place=Place("before", "other")),
        resource("gone P", "pipelines", absent=True),
    ]
    lives = [
        live("1", "M1"),
        live("2", "gone"),
        live("3", "gone P", "pipelines"),
        live("4", "other", "pipelines", managed=False),
    ]
    assert steps(planned(resources, lives, ["3", "4"])) == [
        ("create", "P"),
        ("create", "M2"),
        ("update", "M1"),
        ("create", "R"),
        ("move", "P"),
        ("delete", "gone"),
        ("delete", "gone P"),
    ]


NAMES = st.sampled_from(["a", "b", "c", "d"])
RESOURCES = st.lists(
    st.builds(
        lambda name, kind, absent, n: resource(name, kind, absent=absent, n=n),
        NAMES, st.sampled_from(list(SMALL_KINDS)), st.booleans(), st.integers(0, 2),
    )
)  # fmt: skip
LIVES = st.lists(
    st.builds(
        lambda number, name, kind, managed, n: live(f"{kind}{number}", name, kind, managed=managed, n=n),
        st.integers(0, 5), NAMES, st.sampled_from(list(SMALL_KINDS)), st.booleans(), st.integers(0, 2),
    ),
    unique_by=lambda one: one.id,
)  # fmt: skip


@given(resources=RESOURCES, lives=LIVES, prune=st.booleans(), adopt=st.booleans())
def test_a_plan_without_problems_once_applied_leaves_nothing_to_do(
    resources: list[Resource], lives: list[Live], prune: bool, adopt: bool
) -> None:  # fmt: skip
    plan = planned(resources, lives, prune=prune, adopt=adopt, force=True)
    if plan.problems:
        return
    after = {one.id: one for one in lives}
    for number, change in enumerate(plan.changes):
        if change.live_id and change.verb is Verb.DELETE:
            del after[change.live_id]
        elif change.body:
            id_ = change.live_id or f"new{number}"
            after[id_] = Live(change.kind, id_, change.name, change.body)
    assert planned(resources, list(after.values()), prune=prune, adopt=adopt, force=True).changes == ()


@given(resources=RESOURCES, lives=LIVES)
def test_without_adopt_a_plan_that_can_be_applied_touches_only_what_is_managed_or_a_rule(
    resources: list[Resource], lives: list[Live]
) -> None:
    plan = planned(resources, lives, prune=True)
    ours = {one.id for one in lives if one.kind == "notification_rules" or MANAGED_TAG in str(one.body)}
    touched = {change.live_id for change in plan.changes if change.live_id}
    assert plan.problems or touched <= ours


def test_only_what_is_matched_is_looked_at_closely() -> None:
    class Counting(Monitors):
        looked_at = 0

        def canonical(self, body: Json) -> Json:
            self.looked_at += 1
            return super().canonical(body)

    kind = Counting()
    lives = [live(f"m{n}", f"M{n}") for n in range(2000)]
    resources = [resource(f"M{n}") for n in range(100)]
    assert make_plan(declared(*resources), by_kind(*lives), [], Options(), {"monitors": kind}) == Plan()
    assert kind.looked_at == 2 * len(resources)
