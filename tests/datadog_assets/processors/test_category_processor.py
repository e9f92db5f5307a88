"""A name by the first query that matches.

https://docs.datadoghq.com/logs/log_configuration/processors/category_processor/
"""

from typing import Any

import pytest

from datadog_assets.log import Log
from datadog_assets.rehearse import process
from datadog_assets.rehearse.pipelines import Pipelines

BY_CODE = {
    "OK": "@http.status_code:[200 TO 299]",
    "notice": "@http.status_code:[300 TO 399]",
    "warning": "@http.status_code:[400 TO 499]",
    "error": "@http.status_code:[500 TO 599]",
}


def category(target: str = "t", **categories: str) -> dict[str, Any]:
    named = [{"filter": {"query": query}, "name": name} for name, query in categories.items()]
    return {"type": "category-processor", "target": target, "categories": named}


def run(log: Any, *processors: dict[str, Any]) -> Log:
    return process(log, [{"name": "p", "processors": list(processors)}])


def test_the_example_of_the_page_with_the_status_remapper_behind_it() -> None:
    before = {
        "http": {"method": "GET", "url": "/v1/orders", "status_code": 500},
        "message": "Order processing failed: timeout while contacting payment provider",
        "timestamp": 1696945536000,
    }
    status = {"type": "status-remapper", "sources": ["log_status"]}
    after = run({"attributes": before}, category("log_status", **BY_CODE), status)
    assert after["attributes"] == {**before, "log_status": "error"}
    assert after["status"] == "error"


@pytest.mark.parametrize(
    ("code", "name"), [(200, "OK"), (299, "OK"), (301, "notice"), (404, "warning"), ("503", "error")]
)
def test_ranges_of_status_codes(code: object, name: str) -> None:
    assert (
        run({"attributes": {"http": {"status_code": code}}}, category(**BY_CODE))["attributes"]["t"] == name
    )


def test_the_first_category_that_matches_counts() -> None:
    after = run({"attributes": {"a": "x"}}, category(one="@a:y", two="@a:x", three="@a:*", four="*"))
    assert after["attributes"]["t"] == "two"


@pytest.mark.parametrize(
    "query",
    ["@a:x*", "env:prod", "service:web", "status:error", "source:nginx", "host:h", "hello", "@n:>6", "*", ""],
)
def test_a_query_sees_attributes_tags_and_the_log_itself(query: str) -> None:
    log = {
        "message": "hello world",
        "service": "web",
        "status": "error",
        "source": "nginx",
        "host": "h",
        "tags": ["env:prod"],
        "attributes": {"a": "xyz", "n": 7},
    }
    assert run(log, category(yes=query))["attributes"]["t"] == "yes"


@pytest.mark.parametrize("before", [{}, {"a": None}, {"a": ["x"]}, {"a": {"b": "y"}}, {"t": "there"}])
def test_without_a_match_nothing_happens(before: dict[str, Any]) -> None:
    assert run({"attributes": before}, category(yes="@a:y"))["attributes"] == before


def test_a_target_that_exists_is_overwritten() -> None:
    assert run({"attributes": {"t": {"u": 1}}}, category(yes="*"))["attributes"] == {"t": "yes"}
    assert run({"attributes": {"t": "text"}}, category("t.u", yes="*"))["attributes"] == {"t": {"u": "yes"}}


def test_a_query_that_cannot_be_read_is_told_and_the_next_one_asked() -> None:
    log: Any = {"attributes": {}}
    pipelines = Pipelines([{"name": "p", "processors": [category(no="(a", yes="*")]}])
    processed = pipelines.process(log)
    assert processed.log["attributes"] == {"t": "yes"}
    assert processed.left == ("the query '(a' cannot be read: this parenthesis is never closed",)
