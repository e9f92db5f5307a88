"""Processors for each element of an array.

https://docs.datadoghq.com/logs/log_configuration/processors/array_map_processor/
No published result shows this processor at work: the page is all there is.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from datadog_assets.rehearse import process
from datadog_assets.rehearse.pipelines import Pipelines


def mapped(
    before: dict[str, Any],
    *processors: dict[str, Any],
    source: str = "items",
    target: str = "out",
    **fields: object,
) -> dict[str, Any]:
    body = {
        "type": "array-map-processor",
        "source": source,
        "target": target,
        "processors": list(processors),
        **fields,
    }
    log: Any = {"attributes": before}
    return process(log, [{"name": "p", "processors": [body]}])["attributes"]


def remap(source: str, target: str, **fields: object) -> dict[str, Any]:
    return {"type": "attribute-remapper", "sources": [source], "target": target, **fields}


def build(template: str, target: str, **fields: object) -> dict[str, Any]:
    return {"type": "string-builder-processor", "template": template, "target": target, **fields}


def compute(expression: str, target: str, **fields: object) -> dict[str, Any]:
    return {"type": "arithmetic-processor", "expression": expression, "target": target, **fields}


def categorize(target: str, **categories: str) -> dict[str, Any]:
    named = [{"filter": {"query": query}, "name": name} for name, query in categories.items()]
    return {"type": "category-processor", "target": target, "categories": named}


def test_the_example_of_network_connections() -> None:
    connections = [
        {"src_ip": "10.0.0.1", "dst_port": 443, "proto": "tcp"},
        {"src_ip": "10.0.0.2", "dst_port": 22, "proto": "tcp"},
    ]
    after = mapped(
        {"connections": connections},
        remap("$sourceElem.src_ip", "$targetElem.source", preserve_source=True),
        build("%{$sourceElem.proto}/%{$sourceElem.dst_port}", "$targetElem.service"),
        source="connections",
        target="network.connections",
    )
    result = [{"source": "10.0.0.1", "service": "tcp/443"}, {"source": "10.0.0.2", "service": "tcp/22"}]
    assert after == {"connections": connections, "network": {"connections": result}}


@pytest.mark.parametrize(
    ("before", "processor", "out"),
    [
        (
            {"items": ["10.0.0.1", "10.0.0.2"]},
            remap("$sourceElem", "$targetElem.ip", target_format="auto", preserve_source=True),
            [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}],
        ),
        (
            {"region": "us-east-1", "items": [{"name": "db-1"}, {"name": "db-2"}]},
            build("%{$sourceElem.name}.%{region}", "$targetElem.fqdn"),
            [{"fqdn": "db-1.us-east-1"}, {"fqdn": "db-2.us-east-1"}],
        ),
        (
            {"items": [{"bytes": 1024}, {"bytes": 2048}]},
            compute("$sourceElem.bytes / 1024", "$targetElem.kb"),
            [{"kb": 1}, {"kb": 2}],
        ),
        (
            {"items": [{"status": "critical"}, {"status": "warning"}]},
            categorize(
                "$targetElem.severity",
                high="@$sourceElem.status:critical",
                medium="@$sourceElem.status:warning",
            ),
            [{"severity": "high"}, {"severity": "medium"}],
        ),
    ],
)
def test_the_examples_of_sub_processors(
    before: dict[str, Any], processor: dict[str, Any], out: object
) -> None:
    assert mapped(before, processor) == {**before, "out": out}


def test_the_same_source_and_target_transform_in_place() -> None:
    before = {"items": [{"a": "1", "b": 0}, {"a": "2"}]}
    after = mapped(before, remap("$sourceElem.a", "$targetElem.n", target_format="integer"), target="items")
    assert after == {"items": [{"b": 0, "n": 1}, {"n": 2}]}
    after = mapped({"items": ["a", "b"]}, build("<%{$sourceElem}>", "$targetElem"), target="items")
    assert after == {"items": ["<a>", "<b>"]}


def test_existing_elements_of_the_target_are_written_to() -> None:
    before = {"items": [1, 2], "out": [{"x": 1}, {"x": 2}, {"x": 3}]}
    after = mapped(before, compute("$sourceElem * 10", "$targetElem.n"))
    assert after["out"] == [{"x": 1, "n": 10}, {"x": 2, "n": 20}, {"x": 3}]
    assert mapped({"items": [1], "out": "text"}, compute("$sourceElem", "$targetElem.n"))["out"] == [{"n": 1}]


@pytest.mark.parametrize("target", ["items", "out"])
def test_the_first_fifty_elements_are_processed(target: str) -> None:
    after = mapped(
        {"items": [{"n": n} for n in range(60)]}, compute("$sourceElem.n + 1", "$targetElem.m"), target=target
    )
    made = [element["m"] for element in after[target] if "m" in element]
    assert made == [float(n + 1) for n in range(50)]
    assert len(after[target]) == (60 if target == "items" else 50)


def test_the_source_goes_if_it_is_not_preserved() -> None:
    processor = remap("$sourceElem", "$targetElem")
    assert mapped({"items": [1]}, processor) == {"items": [1], "out": [1]}
    assert mapped({"items": [1]}, processor, preserve_source=False) == {"out": [1]}
    assert mapped({"items": [1]}, processor, preserve_source=False, target="items") == {"items": [1]}


@pytest.mark.parametrize("value", [None, "text", 1, {"a": 1}, []])
def test_what_is_no_array_with_elements_changes_nothing(value: object) -> None:
    before = {"items": value, "x": 1}
    assert mapped(before, compute("x", "$targetElem.n"), preserve_source=value != []) == (
        before if value != [] else {"x": 1}
    )


def test_elements_of_any_type_are_looked_at() -> None:
    before = {"items": ["7", None, True, [1], {"a": {"b": 2}}, 3]}
    after = mapped(before, compute("$sourceElem * 2", "$targetElem.n", is_replace_missing=True))
    assert [one["n"] for one in after["out"]] == [14, 0, 0, 0, 0, 6]
    # an element of which nothing is made leaves no gap: the page does not tell
    assert mapped(before, compute("$sourceElem * 2", "$targetElem.n"))["out"] == [{"n": 14}, {"n": 6}]


def test_processors_run_in_order_and_see_what_earlier_ones_made() -> None:
    after = mapped(
        {"items": [2]},
        compute("$sourceElem * 2", "$targetElem.n"),
        compute("$targetElem.n + 1", "$targetElem.m"),
        {**compute("1", "$targetElem.off"), "is_enabled": False},
    )
    assert after["out"] == [{"n": 4, "m": 5}]


def test_source_and_target_do_not_share_what_they_hold() -> None:
    before = {"items": [{"o": {"a": 1}}]}
    after = mapped(
        before,
        remap("$sourceElem.o", "$targetElem.o", preserve_source=True),
        compute("2", "$targetElem.o.a"),
    )
    assert after == {**before, "out": [{"o": {"a": 2}}]}


def test_explaining_tells_of_one_step_and_not_of_each_element() -> None:
    body = {
        "type": "array-map-processor",
        "source": "a",
        "target": "b",
        "processors": [compute("1", "$targetElem.n")],
    }
    log: Any = {"attributes": {"a": [1, 2, 3]}}
    steps = Pipelines([{"name": "p", "processors": [body]}]).explain(log, datetime(2026, 1, 1, tzinfo=UTC))
    assert [(step.processor, step.outcome) for step in steps] == [
        ("", "matches"),
        ("1. array-map-processor", "changes"),
    ]


def test_only_four_processors_are_supported() -> None:
    with pytest.raises(ValidationError):
        mapped({}, {"type": "status-remapper", "sources": ["$sourceElem"]})
