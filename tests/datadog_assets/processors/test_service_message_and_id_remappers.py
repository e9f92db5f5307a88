"""Service, message, trace id and span id of the log from an attribute.

https://docs.datadoghq.com/logs/log_configuration/processors/service_remapper/
https://docs.datadoghq.com/logs/log_configuration/processors/log_message_remapper/
https://docs.datadoghq.com/logs/log_configuration/processors/trace_remapper/
https://docs.datadoghq.com/logs/log_configuration/processors/span_remapper/
"""

from typing import Any

import pytest

from datadog_assets.rehearse import process

EACH = pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("service-remapper", "service"),
        ("message-remapper", "message"),
        ("trace-id-remapper", "trace_id"),
        ("span-id-remapper", "span_id"),
    ],
)


def run(log: Any, *processors: dict[str, Any]) -> dict[str, Any]:
    return {**process(log, [{"name": "p", "processors": list(processors)}])}


def remapper(kind: str, *sources: str, **fields: object) -> dict[str, Any]:
    return {"type": kind, "sources": list(sources), **fields}


@EACH
def test_the_first_source_that_exists_counts(kind: str, field: str) -> None:
    # the older page on the message remapper: if attribute1 does not exist, then attribute2 is used, and so on
    sources = ("attribute1", "attribute2", "attribute3")
    assert (
        run({"attributes": {"attribute2": "two", "attribute3": "three"}}, remapper(kind, *sources))[field]
        == "two"
    )
    assert run({"attributes": {"attribute3": "three"}}, remapper(kind, *sources))[field] == "three"


@pytest.mark.parametrize(
    ("kind", "field", "source"),
    [
        ("message-remapper", "message", "msg"),
        ("trace-id-remapper", "trace_id", "dd.trace_id"),
        ("span-id-remapper", "span_id", "dd.span_id"),
    ],
)
def test_without_sources_the_default_of_the_page_counts(kind: str, field: str, source: str) -> None:
    assert run({"attributes": {source: "x"}}, {"type": kind})[field] == "x"
    outer, _, inner = source.partition(".")
    nested = {outer: {inner: "x"}} if inner else {outer: "x"}
    assert run({"attributes": nested}, {"type": kind})[field] == "x"


@EACH
def test_the_source_of_a_service_stays_and_the_others_go(kind: str, field: str) -> None:
    # observed; the pages do not tell
    after = run({"attributes": {"a": {"b": "x"}}}, remapper(kind, "a.b"))
    assert after["attributes"] == ({"a": {"b": "x"}} if field == "service" else {})


@EACH
def test_only_the_first_remapper_that_finds_a_source_counts(kind: str, field: str) -> None:
    log = {"attributes": {"a": "one", "b": "two"}}
    after = run(log, remapper(kind, "nothing"), remapper(kind, "a"), remapper(kind, "b"))
    assert after[field] == "one"
    assert after["attributes"]["b"] == "two"
    assert run(log, remapper(kind, "a", is_enabled=False), remapper(kind, "b"))[field] == "two"


@EACH
def test_only_the_first_counts_over_all_pipelines(kind: str, field: str) -> None:
    # the pages speak of one pipeline; over all of them it is as with the status
    log: Any = {"attributes": {"a": "one", "b": "two"}}
    pipelines: list[dict[str, Any]] = [
        {"name": name, "processors": [remapper(kind, name)]} for name in ("a", "b")
    ]
    assert {**process(log, pipelines)}[field] == "one"


@EACH
@pytest.mark.parametrize("before", [{}, {"a": None}, {"a": []}, {"a": {}}])
def test_without_a_source_nothing_is_set(kind: str, field: str, before: dict[str, Any]) -> None:
    assert run({field: "there", "attributes": before}, remapper(kind, "a")) == {
        field: "there",
        "attributes": before,
        "tags": [],
    }


@EACH
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Two Words", "Two Words"),
        ("", ""),
        (12345678901234567890, "12345678901234567890"),
        (True, "true"),
        (1.5, "1.5"),
        (["a", "b"], "a"),
        ({"b": [1, None]}, '{"b":[1,null]}'),
    ],
)
def test_other_types_are_written_out(kind: str, field: str, value: object, text: str) -> None:
    # of an array the first element; the pages do not tell
    assert run({"attributes": {"a": value}}, remapper(kind, "a"))[field] == text


def test_each_remapper_sets_its_own() -> None:
    log = {"message": "m", "attributes": {"w": "web", "t": "1", "s": "2"}}
    after = run(
        log,
        remapper("service-remapper", "w"),
        remapper("trace-id-remapper", "t"),
        remapper("span-id-remapper", "s"),
    )
    assert [after[field] for field in ("message", "service", "trace_id", "span_id")] == ["m", "web", "1", "2"]


def test_a_message_is_built_from_several_attributes_first() -> None:
    # as the older page on the message remapper advises
    build = {"type": "string-builder-processor", "template": "%{a} and %{b}", "target": "made"}
    after = run(
        {"message": "raw", "attributes": {"a": 1, "b": 2}}, build, remapper("message-remapper", "made")
    )
    assert (after["message"], after["attributes"]) == ("1 and 2", {"a": 1, "b": 2})


def test_an_attribute_message_is_not_the_message_of_the_log() -> None:
    after = run(
        {"message": "raw", "attributes": {"message": "inner"}}, remapper("message-remapper", "message")
    )
    assert (after["message"], after["attributes"]) == ("inner", {})
    assert (
        run({"message": "raw", "attributes": {}}, remapper("message-remapper", "message"))["message"] == "raw"
    )
