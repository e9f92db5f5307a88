"""What Datadog took, written as YAML, against what it answered: nothing to do; and an edit shows as itself."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from datadog_assets.export import Selection, export
from datadog_assets.kinds import KINDS
from datadog_assets.load import LoadFailed, load_text
from datadog_assets.plan import Options, Plan, Verb, make_plan
from datadog_assets.resource import Live
from datadog_assets.resource import Path as Place

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "recorded"
FILES = {"pipelines": "logs_pipelines", "monitors": "monitors", "notification_rules": "notification_rules"}

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside this checkout")


def taken() -> Iterator[Any]:
    """Every create and update that Datadog took: the kind, the request's body, the answer."""
    if not RECORDED.is_dir():
        return
    for kind, name in FILES.items():
        for number, line in enumerate((RECORDED / f"{name}.jsonl").read_text().splitlines()):
            one = json.loads(line)
            body, answer = one["request"], one["response"]
            if one["method"] not in {"POST", "PUT", "PATCH"} or one["status"] != 200 or not body:
                continue
            if one["path"].endswith(("/validate", "/pipeline-order")):
                continue
            if kind == "notification_rules":
                body, answer = body["data"]["attributes"], answer["data"]["attributes"] | answer["data"]
            if kind == "pipelines":
                body = as_datadog_reads(body)
            yield pytest.param(kind, body, answer, id=f"{name}:{number + 1}")


def as_datadog_reads(pipeline: dict[str, Any]) -> dict[str, Any]:
    """Write out what Datadog takes a missing `is_enabled` for; in YAML it means the opposite."""
    processors = [
        as_datadog_reads(one) if one["type"] == "pipeline" else {"is_enabled": False, **one}
        for one in pipeline.get("processors", [])
    ]
    return {"is_enabled": False, **pipeline, "processors": processors}


def planned(kind: str, entry: dict[str, Any], answer: dict[str, Any]) -> Plan:
    text = yaml.safe_dump({kind: [entry]}, allow_unicode=True).replace("${", "$${")
    loaded = load_text("recorded.yaml", text, {}, {})
    live = Live(kind, str(answer["id"]), answer["name"], answer)
    return make_plan(loaded.declared, {kind: [live]}, [live.id], Options())


TAKEN = list(taken())


@pytest.mark.parametrize(("kind", "body", "answer"), TAKEN)
def test_what_was_sent_as_yaml_against_what_was_answered_is_no_change(
    kind: str, body: dict[str, Any], answer: dict[str, Any]
) -> None:
    plan = planned(kind, body, answer)
    assert (plan.changes, plan.problems) == ((), ())


@pytest.mark.parametrize(("kind", "body", "answer"), TAKEN)
def test_what_was_answered_exported_is_no_change(
    kind: str, body: dict[str, Any], answer: dict[str, Any]
) -> None:
    del body
    live = Live(kind, str(answer["id"]), answer["name"], answer)
    loaded = load_text("exported.yaml", export({kind: [live]}, Selection()), {}, {})
    plan = make_plan(loaded.declared, {kind: [live]}, [live.id], Options())
    assert (plan.changes, plan.problems) == ((), ())


@pytest.mark.parametrize(("kind", "body", "answer"), TAKEN)
def test_an_edit_shows_as_exactly_that_edit(kind: str, body: dict[str, Any], answer: dict[str, Any]) -> None:
    shown = 0
    edits = [(path, value) for path, value in leaves(body) if not (len(path) == 1 and path[0] in NO_EDIT)]
    for path, value in edits:
        edited = changed(body, path, value)
        try:
            plan = planned(kind, edited, answer)
        except LoadFailed:
            continue  # what Datadog refuses is no edit
        (change,) = plan.changes
        assert change.verb is Verb.UPDATE, path
        for difference in change.differences:
            assert difference.path[: len(place(path))] == place(path)
        shown += 1
    assert shown


UNORDERED = {"tags", "recipients", "fallback_recipients"}
NO_EDIT = {"type", "name", "id", "is_read_only", "classification", "multi", "silenced"}
"""Another name is another resource, another type no edit; the rest is Datadog's own."""


def place(path: Place) -> Place:
    """Where the difference shows: of a list without an order, the list."""
    return path[:-1] if len(path) > 1 and path[-2] in UNORDERED else path


def leaves(value: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        here = (*path, key)
        if isinstance(inner, str):
            yield here, inner + "x"
        elif isinstance(inner, bool):
            yield here, not inner
        elif isinstance(inner, int | float):
            yield here, inner + 1
        yield from leaves(inner, here)


def changed(body: dict[str, Any], path: Place, value: Any) -> dict[str, Any]:
    edited: Any = copy.deepcopy(body)
    inner = edited
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    result: dict[str, Any] = edited
    return result


def test_there_are_kinds_for_all_recordings() -> None:
    assert FILES.keys() == KINDS.keys()
