"""Text put together from attributes.

https://docs.datadoghq.com/logs/log_configuration/processors/string_builder_processor/
"""

from typing import Any

import pytest

from datadog_assets.rehearse import process

PAGE = {
    "http": {"method": "GET", "status_code": 200, "url": "https://app.datadoghq.com/users"},
    "array_ids": [123, 456, 789],
    "array_users": [
        {"first_name": "John", "last_name": "Doe"},
        {"first_name": "Jack", "last_name": "London"},
    ],
}


def after(before: dict[str, Any], template: str, replace: bool = False, **log: object) -> dict[str, Any]:
    body = {
        "type": "string-builder-processor",
        "template": template,
        "target": "t",
        "is_replace_missing": replace,
    }
    given: Any = {**log, "attributes": before}
    return process(given, [{"name": "p", "processors": [body]}])["attributes"]


@pytest.mark.parametrize(
    ("template", "result"),
    [
        (
            "Request %{http.method} %{http.url} was answered with response %{http.status_code}",
            "Request GET https://app.datadoghq.com/users was answered with response 200",
        ),
        ("%{array_ids}", "123,456,789"),
        ("%{array_users.first_name}", "John,Jack"),
    ],
)
def test_the_blocks_of_the_page(template: str, result: str) -> None:
    assert after(PAGE, template)["t"] == result


@pytest.mark.parametrize("block", ["%{http}", "%{array_users}", "%{http.nothing}", "%{array_users.nothing}"])
def test_objects_and_arrays_of_objects_cannot_be_used(block: str) -> None:
    assert after(PAGE, f"a {block}") == PAGE
    assert after(PAGE, f"a {block}", replace=True)["t"] == "a "


def test_the_example_of_the_page() -> None:
    before = {
        "usr": {"email": "alice@example.com"},
        "evt": {"name": "file_deleted"},
        "file": {"id": "abc123"},
    }
    made = after(before, "Actor %{usr.email} performed event %{evt.name} on file %{file.id}")
    assert made["t"] == "Actor alice@example.com performed event file_deleted on file abc123"


def test_a_target_that_exists_is_overwritten() -> None:
    assert after({"a": 1, "t": {"b": 2}}, "%{a}") == {"a": 1, "t": "1"}


def test_a_result_has_256_characters_at_most() -> None:
    # the page: it "cannot exceed 256 characters"; that the rest is cut off is observed
    assert after({"a": "é" * 300}, "x%{a}")["t"] == "x" + "é" * 255
    assert after({"a": "é" * 255}, "x%{a}")["t"] == "x" + "é" * 255


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        (0, "0"),
        (12345678901234567890, "12345678901234567890"),
        (True, "true"),
        (False, "false"),
        (2.5, "2.5"),
        ([1, "a", True, 2.5], "1,a,true,2.5"),
        (["a", ["b", ["c"]]], "a,b,c"),
        (["a", None, {"b": 1}], "a"),
        ("%{b}", "%{b}"),
    ],
)
def test_values_are_written_plainly(value: object, text: str) -> None:
    assert after({"a": value, "b": 1}, "<%{a}>")["t"] == f"<{text}>"


@pytest.mark.parametrize("value", [None, {}, [], [{}], [None], {"b": 1}])
def test_what_holds_no_value_is_missing(value: object) -> None:
    assert after({"a": value, "b": 1}, "<%{a}%{b}>") == {"a": value, "b": 1}
    assert after({"a": value, "b": 1}, "<%{a}%{b}>", replace=True)["t"] == "<1>"


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ({"a": [{"b": [{"c": 1}, {"c": 2}]}, {"b": {"c": 3}}, {"x": 4}]}, "1,2,3"),
        ({"a": {"b.c": 1}}, "1"),
        ({"a.b": {"c": 1}}, "1"),
        ({"a": {"x": 0}, "a.b": {"c": 1}}, "1"),
        ({"a": {"b": {"c": 0}}, "a.b.c": 1}, "1"),
    ],
)
def test_a_path_runs_through_arrays_and_dotted_keys(before: dict[str, Any], text: str) -> None:
    assert after(before, "%{a.b.c}")["t"] == text


def test_a_number_in_a_path_is_the_position_in_an_array() -> None:
    # as every other processor reads it
    assert after(PAGE, "%{array_ids.1} %{array_users.0.last_name}")["t"] == "456 Doe"


def test_what_the_log_has_beside_attributes_can_be_used_too() -> None:
    template = "%{service}: %{message} (%{status})"
    assert after({}, template, service="web", message="hello", status="info")["t"] == "web: hello (info)"
    assert after({"service": "own"}, "%{service}", service="web")["t"] == "own"
    assert after({}, "%{host}", host=None) == {}


@pytest.mark.parametrize("template", ["", "plain", "100 %", "%{", "%{a", "{a}", "$a"])
def test_what_is_no_block_stays_as_it_is(template: str) -> None:
    assert after({"a": 1}, template)["t"] == template


def test_a_block_that_is_never_closed_hides_none_behind_it() -> None:
    assert after({"a": 1}, "%{b %{a}")["t"] == "%{b 1"
    assert after({"a": 1}, "%{" * 100_000)["t"] == "%{" * 128
