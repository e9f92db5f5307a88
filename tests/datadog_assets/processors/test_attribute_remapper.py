"""Attributes and tags moved or copied.

https://docs.datadoghq.com/logs/log_configuration/processors/remapper/
"""

from typing import Any

import pytest
from pydantic import ValidationError

from datadog_assets.log import Log
from datadog_assets.rehearse import process


def remapped(log: Any, *sources: str, target: str, **fields: object) -> Log:
    body = {"type": "attribute-remapper", "sources": list(sources), "target": target, **fields}
    return process(log, [{"name": "p", "processors": [body]}])


def attributes(before: dict[str, Any], *sources: str, target: str, **fields: object) -> dict[str, Any]:
    return remapped({"attributes": before}, *sources, target=target, **fields)["attributes"]


def test_the_example_of_the_page() -> None:
    before = {
        "network": {"client": {"ip": "192.168.1.1"}, "bytes_written": 1234},
        "user": {"firstname": "John", "lastname": "Doe"},
        "http": {"method": "GET", "url": "/api/users", "version": "1.1", "status_code": 200},
        "timestamp": 1696945536000,
    }
    after = attributes(before, "user.firstname", target="user_name", preserve_source=True)
    assert after == {**before, "user_name": "John"}


def test_the_source_goes_unless_it_is_preserved() -> None:
    assert attributes({"a": 1, "b": 2}, "a", target="c") == {"b": 2, "c": 1}
    assert attributes({"a": 1}, "a", target="c", preserve_source=True) == {"a": 1, "c": 1}


def test_what_held_nothing_but_the_source_goes_with_it() -> None:
    assert attributes({"a": {"b": {"c": 1}}}, "a.b.c", target="d") == {"d": 1}
    assert attributes({"a": {"b": {"c": 1}, "x": 2}}, "a.b.c", target="d") == {"a": {"x": 2}, "d": 1}


@pytest.mark.parametrize("before", [{}, {"x": 1}, {"a": None}, {"a": {"b": 1}}, {"a": "text"}, {"a": []}])
def test_without_a_source_nothing_happens(before: dict[str, Any]) -> None:
    assert attributes(before, "a.c", target="a.d") == before


def test_the_first_source_that_exists_counts_and_all_of_them_go() -> None:
    # that all go is observed; the page does not tell
    assert attributes({"b": 2, "c": 3, "x": 0}, "a", "b", "c", target="t") == {"t": 2, "x": 0}


def test_a_target_that_is_there_stays_unless_it_is_overridden() -> None:
    assert attributes({"a": 1, "t": 2}, "a", target="t", preserve_source=True) == {"a": 1, "t": 2}
    assert attributes({"a": 1, "t": 2}, "a", target="t", override_on_conflict=True) == {"t": 1}


def test_the_source_goes_even_if_the_target_stays() -> None:
    # observed; the page does not tell
    assert attributes({"a": 1, "t": 2}, "a", target="t") == {"t": 2}


@pytest.mark.parametrize("preserve", [True, False])
@pytest.mark.parametrize("override", [True, False])
def test_a_source_that_is_the_target_is_cast_in_place(preserve: bool, override: bool) -> None:
    # observed: pipelines that Datadog ships cast so, without override_on_conflict and preserve_source
    fields: dict[str, object] = {"preserve_source": preserve, "override_on_conflict": override}
    assert attributes({"a": {"n": "7"}}, "a.n", target="a.n", target_format="integer", **fields) == {
        "a": {"n": 7}
    }
    assert attributes({"t": 1, "b": 2}, "t", "b", target="t", preserve_source=preserve)["t"] == 1


def test_a_target_among_the_sources_is_never_taken_away() -> None:
    assert attributes({"a": 1, "t": 2}, "a", "t", target="t") == {"t": 2}
    assert attributes({"a": 1, "t": 2}, "a", "t", target="t", override_on_conflict=True) == {"t": 1}


@pytest.mark.parametrize("value", [{"b": 1}, [1, "x"], [[1], {"c": 2}], "text", 1, 2.5, True, False, 0, ""])
def test_any_type_is_moved_as_it_is(value: object) -> None:
    after = attributes({"a": value}, "a", target="t.u")
    assert after == {"t": {"u": value}}
    assert type(after["t"]["u"]) is type(value)


def test_dotted_keys_and_positions_in_arrays_are_found() -> None:
    assert attributes({"a.b": 1, "x": 0}, "a.b", target="t") == {"x": 0, "t": 1}
    assert attributes({"a": {"b.c": 1}}, "a.b.c", target="t") == {"t": 1}
    assert attributes({"a": [{"b": 1}, {"b": 2}]}, "a.1.b", target="t", preserve_source=True)["t"] == 2


def test_what_is_in_the_way_of_the_target_is_replaced() -> None:
    # neither the page nor a published result tells
    assert attributes({"a": 1, "t": "text"}, "a", target="t.u") == {"t": {"u": 1}}


def test_a_copied_object_is_no_longer_the_one_that_it_was() -> None:
    copy = {"type": "attribute-remapper", "sources": ["a"], "target": "t", "preserve_source": True}
    within = {"type": "attribute-remapper", "sources": ["a"], "target": "a.t", "preserve_source": True}
    move = {"type": "attribute-remapper", "sources": ["a.b"], "target": "c"}
    log: Any = {"attributes": {"a": {"b": 1, "x": [2]}}}
    after = process(log, [{"name": "p", "processors": [copy, move]}])
    assert after["attributes"] == {"a": {"x": [2]}, "t": {"b": 1, "x": [2]}, "c": 1}
    after = process(log, [{"name": "p", "processors": [within]}])
    assert after["attributes"] == {"a": {"b": 1, "x": [2], "t": {"b": 1, "x": [2]}}}


@pytest.mark.parametrize(
    ("value", "target_format", "result"),
    [
        (12, "string", "12"),
        (True, "string", "true"),
        (2.5, "string", "2.5"),
        ("12", "integer", 12),
        (" -12 ", "integer", -12),
        ("12.7", "integer", 12),
        (12.7, "integer", 12),
        ("9223372036854775807", "integer", 2**63 - 1),
        ("12", "double", 12.0),
        ("1.5e3", "double", 1500.0),
        (12, "double", 12.0),
        ("12", "auto", "12"),
        (12, "auto", 12),
    ],
)
def test_the_value_is_cast(value: object, target_format: str, result: object) -> None:
    after = attributes({"a": value}, "a", target="t", target_format=target_format)
    assert after == {"t": result}
    assert type(after["t"]) is type(result)


@pytest.mark.parametrize(
    ("value", "target_format"),
    [
        ("twelve", "integer"),
        ("", "integer"),
        ("9223372036854775808", "integer"),
        (1e300, "integer"),
        (True, "integer"),
        ([1], "integer"),
        ("1,5", "double"),  # the page: the decimal separator has to be a point
        ("1e999", "double"),
        ("٣", "double"),
        ({"b": 1}, "double"),
        (["x"], "string"),
        ({"b": 1}, "string"),
    ],
)
def test_a_cast_that_fails_keeps_value_and_type(value: object, target_format: str) -> None:
    assert attributes({"a": value}, "a", target="t", target_format=target_format) == {"t": value}


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ("Prod", ["env:prod"]),
        (True, ["env:true"]),
        (7, ["env:7"]),
        (["A", "b", "a"], ["env:a", "env:b"]),
        ({"b": 1}, []),
        ([], []),
    ],
)
def test_an_attribute_becomes_a_tag_in_lower_case(value: object, tags: list[str]) -> None:
    # the case is observed, with a value of an array for each element
    after = remapped({"attributes": {"a": value}}, "a", target="Env", target_type="tag")
    assert (after["tags"], after["attributes"]) == (tags, {})


@pytest.mark.parametrize("target", ["env", "Env"])
def test_a_tag_that_is_there_stays_unless_it_is_overridden(target: str) -> None:
    log = {"attributes": {"a": "x"}, "tags": ["env:prod", "envy:1", "b"]}
    assert remapped(log, "a", target=target, target_type="tag")["tags"] == log["tags"]
    after = remapped(log, "a", target=target, target_type="tag", override_on_conflict=True)
    assert after["tags"] == ["envy:1", "b", "env:x"]


def test_a_tag_becomes_an_attribute() -> None:
    log = {"tags": ["team:iam:x", "b"]}
    after = remapped(log, "group", "team", target="t", source_type="tag")
    assert (after["attributes"], after["tags"]) == ({"t": "iam:x"}, ["b"])
    after = remapped(log, "team", target="t", source_type="tag", preserve_source=True)
    assert (after["attributes"], after["tags"]) == ({"t": "iam:x"}, ["team:iam:x", "b"])


def test_a_tag_becomes_another_tag() -> None:
    after = remapped({"tags": ["team:iam"]}, "team", target="group", source_type="tag", target_type="tag")
    assert after["tags"] == ["group:iam"]
    after = remapped({"tags": ["team:iam"]}, "team", target="team", source_type="tag", target_type="tag")
    assert after["tags"] == ["team:iam"]


@pytest.mark.parametrize("fields", [{"sources": []}, {"target_format": "boolean"}, {"target_type": "label"}])
def test_what_datadog_would_not_take_is_refused(fields: dict[str, Any]) -> None:
    body = {"type": "attribute-remapper", "sources": ["a"], "target": "t", **fields}
    log: Any = {}
    with pytest.raises(ValidationError):
        process(log, [{"name": "p", "processors": [body]}])
