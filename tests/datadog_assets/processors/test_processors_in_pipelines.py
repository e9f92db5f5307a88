"""Processors in their order, and the filters around them.

https://docs.datadoghq.com/logs/log_configuration/pipelines/
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from datadog_assets.log import Log
from datadog_assets.processors import SIMPLE, type_of
from datadog_assets.rehearse import process
from datadog_assets.rehearse.pipelines import Pipelines

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def mark(target: str, **fields: object) -> dict[str, Any]:
    """Make an attribute of every log."""
    return {"type": "string-builder-processor", "template": "x", "target": target, **fields}


def pipeline(*processors: dict[str, Any], query: str = "", **fields: object) -> dict[str, Any]:
    return {"name": "p", "filter": {"query": query}, "processors": list(processors), **fields}


def nested(*processors: dict[str, Any], query: str = "", **fields: object) -> dict[str, Any]:
    return {"type": "pipeline", **pipeline(*processors, query=query), **fields}


def run(log: Any, *pipelines: dict[str, Any]) -> Log:
    return process(log, pipelines)


def made(*pipelines: dict[str, Any]) -> set[str]:
    """Tell which marks an empty log bears."""
    return set(run({}, *pipelines)["attributes"])


def test_every_processor_of_a_pipeline_that_matches_runs_before_the_next_pipeline() -> None:
    copy = {"type": "string-builder-processor", "template": "%{a}%{b}", "target": "c"}
    assert run({}, pipeline(mark("a"), mark("b")), pipeline(copy))["attributes"]["c"] == "xx"
    assert run({}, pipeline(copy), pipeline(mark("a"), mark("b")))["attributes"] == {"a": "x", "b": "x"}


def test_a_pipeline_cannot_filter_on_what_it_extracts_itself() -> None:
    assert made(pipeline(mark("a"), mark("b"), query="@a:x")) == set()
    assert made(pipeline(mark("a"), mark("b"), query="-@a:x")) == {"a", "b"}


def test_a_pipeline_can_filter_on_what_an_earlier_one_made() -> None:
    assert made(pipeline(mark("a")), pipeline(mark("b"), query="@a:x")) == {"a", "b"}
    assert made(pipeline(mark("b"), query="@a:x"), pipeline(mark("a"))) == {"a"}


def test_a_nested_pipeline_sees_what_earlier_processors_made() -> None:
    assert made(pipeline(mark("a"), nested(mark("b"), query="@a:x"))) == {"a", "b"}
    assert made(pipeline(nested(mark("b"), query="@a:x"), mark("a"))) == {"a"}
    assert made(pipeline(nested(mark("a")), nested(mark("b"), query="@a:x"))) == {"a", "b"}


def test_a_nested_pipeline_sees_source_tags_status_and_service() -> None:
    log = {"source": "okta", "tags": ["env:prod"], "attributes": {"s": "error", "w": "web"}}
    inner = nested(mark("yes"), query="source:okta env:prod status:error service:web")
    first = {"type": "status-remapper", "sources": ["s"]}, {"type": "service-remapper", "sources": ["w"]}
    assert run(log, pipeline(*first, inner))["attributes"]["yes"] == "x"


def test_nothing_of_a_pipeline_that_does_not_match_runs() -> None:
    assert made(pipeline(mark("a"), nested(mark("b")), query="@z:1")) == set()
    assert made(pipeline(mark("a"), nested(mark("b"), query="@z:1"))) == {"a"}


def test_nothing_that_is_disabled_runs() -> None:
    assert made(pipeline(mark("a", is_enabled=False), mark("b"))) == {"b"}
    assert made(pipeline(mark("a"), is_enabled=False)) == set()
    assert made(pipeline(nested(mark("a"), is_enabled=False), mark("b"))) == {"b"}


def test_a_nested_pipeline_holds_processors_only() -> None:
    with pytest.raises(ValidationError):
        made(pipeline(nested(nested(mark("a")))))


@pytest.mark.parametrize(
    "filters", [{}, {"filter": None}, {"filter": {}}, {"filter": "*"}, {"filter": {"query": " "}}]
)
def test_without_a_query_every_log_matches(filters: dict[str, Any]) -> None:
    assert made({"name": "p", "processors": [mark("a")], **filters}) == {"a"}


def test_a_filter_that_cannot_be_read_matches_nothing_and_is_told() -> None:
    log: Any = {}
    processed = Pipelines([pipeline(mark("a"), query="(")]).process(log)
    assert processed.log["attributes"] == {}
    assert processed.left == ("the query '(' cannot be read: something to search for is missing at the end",)


def test_fields_that_only_datadog_writes_are_ignored() -> None:
    body = {**pipeline({**mark("a"), "id": "x"}), "id": "1", "type": "pipeline", "is_read_only": True}
    assert made(body) == {"a"}


@pytest.mark.parametrize(
    "body", [{"processors": []}, pipeline({"type": "unknown"}), pipeline({"target": "a"})]
)
def test_what_is_no_pipeline_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(body)


def test_every_type_of_processor_of_the_list_of_pages_is_there() -> None:
    assert {type_of(model) for model in SIMPLE} == {
        "arithmetic-processor", "array-map-processor", "array-processor", "attribute-remapper", "category-processor",
        "date-remapper", "decoder-processor", "exclude-attribute", "geo-ip-parser", "grok-parser", "lookup-processor",
        "message-remapper", "schema-processor", "service-remapper", "span-id-remapper", "status-remapper",
        "string-builder-processor", "trace-id-remapper", "url-parser", "user-agent-parser",
    }  # fmt: skip


def test_explaining_tells_what_each_step_did() -> None:
    log: Any = {"attributes": {"a": "x"}}
    inner = nested(mark("b", name="make b"), query="@a:x", name="inner")
    steps = Pipelines([pipeline(inner, mark("a"), mark("c", is_enabled=False))]).explain(log, NOW)
    assert [(step.pipeline, step.processor, step.outcome) for step in steps] == [
        (("p",), "", "matches"),
        (("p", "inner"), "", "matches"),
        (("p", "inner"), "1. string-builder-processor: make b", "changes"),
        (("p",), "2. string-builder-processor", "changes nothing"),
        (("p",), "3. string-builder-processor", "disabled"),
    ]
