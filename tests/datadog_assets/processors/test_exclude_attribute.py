"""An attribute less.

https://docs.datadoghq.com/logs/log_configuration/processors/exclude_attribute_processor/
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from datadog_assets.rehearse import process
from datadog_assets.rehearse.pipelines import Pipelines


def without(before: dict[str, Any], name: str) -> dict[str, Any]:
    log: Any = {"attributes": before}
    body = {"type": "exclude-attribute", "attribute_to_exclude": name}
    return process(log, [{"name": "p", "processors": [body]}])["attributes"]


def test_the_example_of_the_page() -> None:
    after = {
        "timestamp": "2026-06-10T09:14:02.887Z",
        "status": "error",
        "service": "payment-processor",
        "message": "Transaction failed for customer cust_38271",
        "tx_id": "TX-8847291",
        "amount": 249.99,
        "currency": "USD",
        "error_code": "card_declined",
    }
    body = '{"error":"card_declined","tx_id":"TX-8847291"}'
    assert without({**after, "http.response.body": body}, "http.response.body") == after
    assert without({**after, "http": {"response": {"body": body}}}, "http.response.body") == after


@pytest.mark.parametrize("name", ["host", "source", "service", "status", "message", "timestamp"])
def test_reserved_attributes_cannot_be_excluded(name: str) -> None:
    log: Any = {name: "x", "attributes": {name: "own"}}
    pipelines = Pipelines(
        [{"name": "p", "processors": [{"type": "exclude-attribute", "attribute_to_exclude": name}]}]
    )
    assert pipelines.process(log).log == {**log, "tags": []}
    steps = pipelines.explain(log, datetime(2026, 1, 1, tzinfo=UTC))
    assert steps[-1].warnings == (f"does nothing: {name!r} is reserved",)


def test_tags_are_not_excluded() -> None:
    log: Any = {"tags": ["env:prod", "env"], "attributes": {"env": "x"}}
    body = {"type": "exclude-attribute", "attribute_to_exclude": "env"}
    after = process(log, [{"name": "p", "processors": [body]}])
    assert (after["tags"], after["attributes"]) == (["env:prod", "env"], {})


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ({"a": {"b": 1, "c": 2}}, "a", {}),
        ({"a": {"b": 1, "c": 2}}, "a.b", {"a": {"c": 2}}),
        ({"a": {"b": {"c": 1}}, "x": 0}, "a.b.c", {"x": 0}),
        ({"a": [1, 2]}, "a", {}),
        ({"a": [1, 2]}, "a.0", {"a": [2]}),
        ({"a": [1]}, "a.0", {}),
        ({"a": [{"b": 1}, {"b": 2}]}, "a.0.b", {"a": [{}, {"b": 2}]}),
        ({"a": [{"b": {"c": 1}}]}, "a.0.b.c", {"a": [{}]}),
        ({"a": [[1]]}, "a.0.0", {"a": [[]]}),
        ({"a": 1}, "b", {"a": 1}),
        ({"a": "text"}, "a.b", {"a": "text"}),
        ({"a": None}, "a", {"a": None}),
        ({"a": 1}, "custom.a", {}),
        ({"custom": {"a": 1}, "a": 2}, "custom.a", {"a": 2}),
        ({"": {"": 1}}, ".", {}),
    ],
)
def test_exactly_the_attribute_and_what_it_leaves_empty_goes(
    before: dict[str, Any], name: str, after: dict[str, Any]
) -> None:
    assert without(before, name) == after
