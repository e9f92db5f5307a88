import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.kinds import KINDS
from datadog_assets.plan.changes import Change, Options, Plan, Verb
from datadog_assets.plan.difference import ABSENT, Difference, differences
from datadog_assets.plan.saved import (
    CannotKeepPlan,
    CannotUsePlan,
    SavedPlan,
    is_saved_plan,
    moved,
    read,
    save,
)
from datadog_assets.resource import Mark, Place, Resource

UPDATE = Change(
    Verb.UPDATE, "monitors", "X", "1", {"name": "X", "n": 2.0}, None, (Difference(("n",), 1, 2.0),)
)
MOVE = Change(Verb.MOVE, "pipelines", "P", None, place=Place("before", "Q"), anchor_id="q")
SAVED = SavedPlan(
    api_url="https://api.datadoghq.eu",
    options=Options(adopt=True),
    declared={
        "pipelines": {"P": Resource("pipelines", "P", {"name": "P"}, Mark("a.yaml", 1), place=Place("before", "Q"))},
        "notification_rules": {},
        "monitors": {
            "X": Resource("monitors", "X", {"name": "X", "n": 2.0}, Mark("b.yaml", 2), id="1"),
            "Y": Resource("monitors", "Y", {"name": "Y"}, Mark("b.yaml", 9), absent=True),
        },
    },
    changes=(
        Change(Verb.CREATE, "pipelines", "P", body={"name": "P\ud800"}, differences=differences({}, {"a": [None]})),
        UPDATE,
        MOVE,
        Change(Verb.DELETE, "monitors", "Y", "2", differences=(Difference(("a", 1), "x", ABSENT),)),
        Change(Verb.UPDATE, "monitors", "Z", "3", {}, None, (Difference(("a", 1), "x", "x", origin=0),)),
    ),
    secrets=frozenset({"s3cret"}),
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "okta.plan"
    save(path, SAVED)
    return path


def test_a_saved_plan_is_read_back_as_it_was(path: Path) -> None:
    found = read(path)
    assert found == SAVED
    assert found.declared["monitors"]["Y"].mark == Mark("b.yaml", 9)
    assert [*found.declared] == [*KINDS]  # a prune looks at kinds of which nothing is declared, too
    assert found.changes[3].differences[0].after is ABSENT


def test_what_is_only_shown_is_not_kept(tmp_path: Path) -> None:
    save(tmp_path / "p", replace(SAVED, changes=(replace(UPDATE, before={"modified": 1}, reason="why"),)))
    assert read(tmp_path / "p").changes == (UPDATE,)


def test_only_its_owner_can_read_it_even_if_others_could_before(path: Path) -> None:
    path.chmod(0o666)
    save(path, SAVED)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_link_to_a_file_stays_a_link(path: Path) -> None:
    link = path.parent / "link"
    link.symlink_to(path)
    save(link, replace(SAVED, api_url="http://127.0.0.1:1"))
    assert link.is_symlink()
    assert read(path).api_url == "http://127.0.0.1:1"


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(CannotKeepPlan) as caught:
        save(tmp_path, SAVED)
    assert str(caught.value) == f"{tmp_path} is not a file; a plan can only be kept in one."
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(CannotKeepPlan):
        save(fifo, SAVED)
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotKeepPlan) as caught:
        save(tmp_path / "no" / "p", SAVED)
    assert str(caught.value) == f"{tmp_path}/no/p cannot be written: No such file or directory."


def test_a_plan_that_cannot_be_written_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotKeepPlan) as caught:
        save(path, replace(SAVED, api_url="x"))
    assert str(caught.value) == f"{path} cannot be written: No space left on device."
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "text", ["", "monitors: []", "[1]", "{}", '{"format": 1}', '{"format": "terraform 1"}', "\0"]
)
def test_another_file_is_not_a_plan(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    assert not is_saved_plan(path)
    with pytest.raises(CannotUsePlan) as caught:
        read(path)
    assert str(caught.value) == f"{path} is not a plan; `datadog-assets plan --out {path}` writes one."


def test_bytes_that_are_no_text_are_not_a_plan(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xff\xfe")
    assert not is_saved_plan(path)
    with pytest.raises(CannotUsePlan, match="is not a plan"):
        read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert not is_saved_plan(tmp_path / "no")
    assert not is_saved_plan(tmp_path)
    unreadable = tmp_path / ("n" * 300)
    assert not is_saved_plan(unreadable)
    with pytest.raises(CannotUsePlan) as caught:
        read(tmp_path / "no")
    assert str(caught.value) == f"{tmp_path}/no cannot be read: No such file or directory."


def test_a_plan_is_known_however_its_json_is_laid_out(path: Path) -> None:
    assert is_saved_plan(path)
    path.write_text("\n" + json.dumps(json.loads(path.read_text()), sort_keys=True, separators=(",", ":")))
    assert is_saved_plan(path)
    assert read(path) == SAVED


def test_a_plan_that_was_cut_off_is_damaged(path: Path) -> None:
    path.write_text(path.read_text()[:-20])
    assert is_saved_plan(path)
    with pytest.raises(CannotUsePlan) as caught:
        read(path)
    assert str(caught.value) == f"{path} is damaged: it is not whole. Plan anew."


def test_a_plan_of_another_format_is_told(path: Path) -> None:
    path.write_text('{"format": "datadog-assets plan 12"}')
    assert is_saved_plan(path)
    with pytest.raises(CannotUsePlan) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} was written by another version of datadog-assets (format 12, here it is 1). Plan anew."
    )


def of(*steps: str | int) -> Callable[[Any], Any]:
    def inside(value: Any) -> Any:
        for step in steps:
            value = value[step]
        return value

    return inside


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda plan: plan.pop("options"), "options: Field required"),
        (lambda plan: plan["declared"][0].pop("body"), "declared[0].body: Field required"),
        (lambda plan: plan["declared"][0].update(kind="no\nkind"),
         r"declared[0].kind: Value error, there is no kind no\nkind"),
        (lambda plan: plan["changes"][1].update(verb="explode"),
         "changes[1].verb: Input should be 'create', 'update', 'delete' or 'move'"),
        (lambda plan: plan.update(more=1), "more: Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_told(path: Path, damage: Callable[[Any], None], fault: str) -> None:
    plan = json.loads(path.read_text())
    damage(plan)
    path.write_text(json.dumps(plan))
    with pytest.raises(CannotUsePlan) as caught:
        read(path)
    assert str(caught.value) == f"{path} is damaged: {fault}. Plan anew."


def test_the_same_changes_have_not_moved(path: Path) -> None:
    fresh = [
        replace(one, before={"modified": 5}, reason="another", mark=Mark("c.yaml", 1))
        for one in SAVED.changes
    ]
    assert moved(read(path), Plan(tuple(fresh))) == []


def test_a_change_that_came_or_went_is_told() -> None:
    saved = replace(SAVED, changes=(replace(UPDATE, live_id=None, verb=Verb.CREATE),))
    assert moved(saved, Plan((UPDATE,))) == [
        'create monitor "X": is not to be done any more',
        'update monitor "X" (id 1): was not in the plan',
    ]


def test_where_a_change_became_another_is_told() -> None:
    saved = replace(SAVED, changes=(UPDATE, MOVE))
    fresh = replace(UPDATE, differences=(Difference(("n",), 0, 2), Difference(("tags", 0), ABSENT, "x")))
    assert moved(saved, Plan((fresh, replace(MOVE, anchor_id="r")))) == [
        'move pipeline "P": is another change now: what is sent, or where it goes',
        'update monitor "X" (id 1): is another change now: n, tags[0]',
    ]


def test_another_order_is_told() -> None:
    saved = replace(SAVED, changes=(UPDATE, MOVE))
    assert moved(saved, Plan((MOVE, UPDATE))) == ["The changes would be carried out in another order"]


def test_what_is_told_holds_no_secret_and_no_line_break() -> None:
    fresh = Plan((replace(UPDATE, name="s3cret\n", live_id="s3cret\n"),))
    assert moved(replace(SAVED, changes=()), fresh) == [
        r'update monitor "(secret)\n" (id (secret)\n): was not in the plan'
    ]


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.text(), JSON, max_size=4)


@given(before=BODIES, after=BODIES)
def test_any_change_is_the_same_after_it_was_saved(
    tmp_path_factory: pytest.TempPathFactory, before: Any, after: Any
) -> None:
    path = tmp_path_factory.mktemp("plans") / "p"
    change = Change(Verb.UPDATE, "monitors", "X", "1", after, before, differences(before, after))
    save(path, replace(SAVED, changes=(change,)))
    assert moved(read(path), Plan((change,))) == []
    assert read(path).changes == (replace(change, before=None),)
