"""What is done with an array.

https://docs.datadoghq.com/logs/log_configuration/processors/array_processor/
The operation key-value is only told of at https://docs.datadoghq.com/api/latest/logs-pipelines/.
"""

from typing import Any

import pytest

from datadog_assets.rehearse import process


def run(before: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    processors = [{"type": "array-processor", "operation": operation} for operation in operations]
    log: Any = {"attributes": before}
    return process(log, [{"name": "p", "processors": processors}])["attributes"]


def select(before: dict[str, Any], condition: str, value: str = "v", source: str = "a") -> dict[str, Any]:
    return run(
        before,
        {"type": "select", "source": source, "target": "t", "filter": condition, "value_to_extract": value},
    )


def length(before: dict[str, Any], target: str = "t") -> dict[str, Any]:
    return run(before, {"type": "length", "source": "a.b", "target": target})


def append(before: dict[str, Any], target: str = "t", **fields: object) -> dict[str, Any]:
    return run(before, {"type": "append", "source": "a", "target": target, **fields})


def test_the_example_of_select() -> None:
    headers = [
        {"name": "Referrer", "value": "https://example.com"},
        {"name": "Accept", "value": "application/json"},
    ]
    before = {"httpRequest": {"headers": headers}}
    operation = {
        "type": "select",
        "source": "httpRequest.headers",
        "target": "referrer",
        "filter": "name:Referrer",
        "value_to_extract": "value",
    }
    assert run(before, operation) == {**before, "referrer": "https://example.com"}


def test_the_example_of_length() -> None:
    before = {"tags": ["prod", "internal", "critical"]}
    after = run(before, {"type": "length", "source": "tags", "target": "tagCount"})
    assert after == {**before, "tagCount": 3}


def test_the_example_of_append() -> None:
    before = {"network": {"client": {"ip": "198.51.100.23"}}, "sourceIps": ["203.0.113.1"]}
    after = run(before, {"type": "append", "source": "network.client.ip", "target": "sourceIps"})
    assert after == {**before, "sourceIps": ["203.0.113.1", "198.51.100.23"]}


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        ("k:x", 1),
        ("k: x ", 1),
        ('k:"x"', 1),
        ("@k:x", 1),
        ("k:7", 3),
        ("k:true", 4),
        ("o.k:deep", 5),
        ("k:a:b", 6),
    ],
)
def test_the_first_element_that_matches_is_selected(condition: str, result: int) -> None:
    array = [
        "text",
        None,
        {"k": "x", "v": 1},
        {"k": "x", "v": 2},
        {"k": 7, "v": 3},
        {"k": True, "v": 4},
        {"o": {"k": "deep"}, "v": 5},
        {"k": "a:b", "v": 6},
    ]
    assert select({"a": array}, condition)["t"] == result


@pytest.mark.parametrize(
    "array", [None, [], "x", {"k": "x", "v": 1}, [{"k": "y", "v": 1}], [{"k": "x"}], [{"v": 1}]]
)
def test_without_a_match_or_its_value_nothing_is_selected(array: object) -> None:
    assert select({"a": array, "t": 0}, "k:x") == {"a": array, "t": 0}


def test_a_selected_value_may_be_of_any_type_and_lies_there_on_its_own() -> None:
    before = {"a": [{"k": "x", "v": {"b": [1]}}]}
    again = {"type": "append", "source": "t.b", "target": "t.b"}
    pick = {"type": "select", "source": "a", "target": "t", "filter": "k:x", "value_to_extract": "v"}
    assert run(before, pick, again) == {**before, "t": {"b": [1, [1]]}}


@pytest.mark.parametrize(("array", "result"), [([], 0), ([None], 1), ([[1, 2], {"c": 3}], 2)])
def test_length_counts_the_elements(array: list[object], result: int) -> None:
    assert length({"a": {"b": array}}) == {"a": {"b": array}, "t": result}
    assert length({"a": {"b": array}, "t": "x"}, "t.u")["t"] == {"u": result}


@pytest.mark.parametrize("value", [None, "text", 3, True, {"c": 1}])
def test_only_an_array_has_a_length(value: object) -> None:
    assert length({"a": {"b": value}, "t": 0}) == {"a": {"b": value}, "t": 0}


@pytest.mark.parametrize("value", ["x", 0, False, 1.5, {"b": 1}, [1, 2]])
def test_any_value_is_appended_and_makes_the_array_where_there_is_none(value: object) -> None:
    # that an array is appended as one element is how it reads; no published result shows it
    assert append({"a": value}) == {"a": value, "t": [value]}
    assert append({"a": value, "t": [1]}) == {"a": value, "t": [1, value]}
    assert append({"a": value}, preserve_source=False) == {"t": [value]}


def test_the_source_stays_unless_told_otherwise() -> None:
    # the page's table has preserve_source false by default, but its example keeps the source, and Datadog
    # answers true where nothing was sent
    assert append({"a": 1}) == {"a": 1, "t": [1]}
    assert append({"a": 1}, preserve_source=True) == {"a": 1, "t": [1]}


@pytest.mark.parametrize("target", ["text", 1, {"b": 1}])
def test_nothing_is_appended_to_what_is_no_array(target: object) -> None:
    before = {"a": 1, "t": target}
    assert append(before, preserve_source=False) == before


@pytest.mark.parametrize("before", [{}, {"a": None}, {"t": [1]}])
def test_nothing_is_appended_without_a_source(before: dict[str, Any]) -> None:
    assert append(before) == before


def test_what_is_appended_lies_there_on_its_own() -> None:
    add = {"type": "append", "source": "a", "target": "a.list"}
    assert run({"a": {"b": 1}}, add) == {"a": {"b": 1, "list": [{"b": 1}]}}


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({}, {"x": 0, "y": True, "z": {"u": 2}}),
        ({"override_on_conflict": True}, {"x": 1, "y": True, "z": {"u": 2}}),
        ({"target": "t"}, {"x": 0, "t": {"x": 1, "y": True, "z": {"u": 2}}}),
    ],
)
def test_keys_and_values_become_attributes(fields: dict[str, Any], result: dict[str, Any]) -> None:
    array = [
        {"k": "x", "v": 1},
        {"k": "y", "v": True},
        {"k": "z.u", "v": 2},
        {"k": "w"},
        {"v": 3},
        {"k": "", "v": 4},
        5,
    ]
    operation = {"type": "key-value", "source": "a", "key_to_extract": "k", "value_to_extract": "v", **fields}
    assert run({"a": array, "x": 0}, operation) == {"a": array, **result}


@pytest.mark.parametrize("value", [None, "text", {"k": "x", "v": 1}, []])
def test_only_an_array_has_keys_and_values(value: object) -> None:
    operation = {"type": "key-value", "source": "a", "key_to_extract": "k", "value_to_extract": "v"}
    assert run({"a": value}, operation) == {"a": value}
