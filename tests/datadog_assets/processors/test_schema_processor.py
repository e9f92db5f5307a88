"""Attributes mapped to a schema.

https://docs.datadoghq.com/logs/log_configuration/processors/ocsf_processor/
https://docs.datadoghq.com/security/cloud_siem/ingest_and_enrich/open_cybersecurity_schema_framework/ocsf_processor/
"""

from typing import Any

import pytest

from datadog_assets.rehearse.pipelines import Pipelines, Processed

SCHEMA = {"schema_type": "ocsf", "version": "1.5.0", "class_uid": 3002, "class_name": "Authentication"}


def run(before: dict[str, Any], *mappers: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> Processed:
    body = {"type": "schema-processor", "name": "ocsf", "schema": schema, "mappers": list(mappers)}
    log: Any = {"attributes": before}
    return Pipelines([{"name": "p", "processors": [body]}]).process(log)


def after(before: dict[str, Any], *mappers: dict[str, Any]) -> dict[str, Any]:
    """Give the attributes without those that name the class."""
    made: Any = run(before, *mappers).log["attributes"]
    for path in ("class_uid", "class_name", "category_uid", "category_name", "metadata"):
        del made["ocsf"][path]
    return {**made.pop("ocsf"), **made}


def remap(*sources: str, target: str, **fields: object) -> dict[str, Any]:
    return {"type": "schema-remapper", "name": target, "sources": list(sources), "target": target, **fields}


def categorize(*categories: tuple[str, str, int], **fields: object) -> dict[str, Any]:
    return {
        "type": "schema-category-mapper",
        "name": "severity",
        "categories": [
            {"filter": {"query": query}, "name": name, "id": number} for query, name, number in categories
        ],
        "targets": {"name": "ocsf.severity", "id": "ocsf.severity_id"},
        **fields,
    }


SEVERITY = categorize(
    ("@level:INFO", "Informational", 1), ("@level:WARN", "Medium", 3), ("@level:ERROR", "High", 4)
)


@pytest.mark.parametrize(
    ("value", "name", "number"), [("INFO", "Informational", 1), ("WARN", "Medium", 3), ("ERROR", "High", 4)]
)
def test_the_table_of_severities(value: str, name: str, number: int) -> None:
    assert after({"level": value}, SEVERITY) == {"level": value, "severity": name, "severity_id": number}


@pytest.mark.parametrize("before", [{}, {"level": "DEBUG"}, {"level": None}, {"level": ["x"]}])
def test_without_a_match_no_category_is_written(before: dict[str, Any]) -> None:
    assert after(before, SEVERITY) == before


def test_the_class_is_named() -> None:
    # observed; the page does not tell. The category is the class's thousands
    assert run({}).log["attributes"] == {
        "ocsf": {
            "class_uid": 3002,
            "class_name": "Authentication",
            "category_uid": 3,
            "category_name": "Identity & Access Management",
            "metadata": {"version": "1.5.0"},
        }
    }


def test_the_class_of_an_unknown_category_has_no_name_for_it() -> None:
    made: Any = run({}, schema={**SCHEMA, "class_uid": 99001}).log["attributes"]
    assert (made["ocsf"]["category_uid"], "category_name" in made["ocsf"]) == (99, False)


def test_what_is_not_rehearsed_is_told() -> None:
    reason = "what the OCSF schema itself refuses, and adds beside the class, cannot be known offline"
    assert run({}).left == (reason,)


def test_a_later_processor_can_see_the_class() -> None:
    # so do the pipelines that Datadog ships: what has no class yet gets the most general one
    first = {"type": "schema-processor", "name": "one", "schema": SCHEMA, "mappers": []}
    general = {"schema_type": "ocsf", "version": "1.5.0", "class_uid": 0, "class_name": "Base Event"}
    rest = {
        "type": "pipeline",
        "name": "rest",
        "filter": {"query": "-@ocsf.class_uid:*"},
        "processors": [{"type": "schema-processor", "name": "two", "schema": general, "mappers": []}],
    }
    log: Any = {}
    made: Any = Pipelines([{"name": "p", "processors": [first, rest]}]).process(log).log["attributes"]
    assert made["ocsf"]["class_name"] == "Authentication"


def test_several_fields_can_be_mapped_to_the_same_one() -> None:
    mapper = remap("eventType", "legacyEventType", target="ocsf.metadata.event_code")
    for name in ("eventType", "legacyEventType"):
        made: Any = run({name: "user.system.start"}, mapper).log["attributes"]
        assert made["ocsf"]["metadata"] == {"version": "1.5.0", "event_code": "user.system.start"}
        assert name not in made


@pytest.mark.parametrize("preserve", [True, False])
def test_a_field_can_be_mapped_to_itself(preserve: bool) -> None:
    mapper = remap("ocsf.user.name", target="ocsf.user.name", preserve_source=preserve)
    assert after({"ocsf": {"user": {"name": "x"}}}, mapper) == {"user": {"name": "x"}}


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({}, {"t": "there"}),
        ({"preserve_source": True}, {"a": "7", "t": "there"}),
        ({"override_on_conflict": True}, {"t": "7"}),
        ({"override_on_conflict": True, "target_format": "integer"}, {"t": 7}),
        ({"override_on_conflict": True, "target_format": "double"}, {"t": 7.0}),
    ],
)
def test_a_mapper_is_as_the_attribute_remapper(fields: dict[str, Any], result: dict[str, Any]) -> None:
    assert after({"a": "7", "t": "there"}, remap("a", target="t", **fields)) == result
    assert after({"t": "there"}, remap("a", target="t", **fields)) == {"t": "there"}


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ({"a": "x", "b": "y"}, "x"),
        ({"b": 7}, "7"),
        ({}, "Fallback"),
        ({"a": {"c": 1}}, "Fallback"),
    ],
)
def test_the_fallback_names_what_is_in_the_category_other(before: dict[str, Any], name: str) -> None:
    # observed: by target, the first source that exists, and only of the id 99
    fallback = {
        "values": {"ocsf.severity": "Fallback", "ocsf.severity_id": "99"},
        "sources": {"ocsf.severity": ["a", "b"]},
    }
    assert after(before, categorize(("*", "Other", 99), fallback=fallback)) == {
        **before,
        "severity": name,
        "severity_id": 99,
    }
    made = after(before, categorize(("*", "Low", 2), fallback=fallback))
    assert (made["severity"], made["severity_id"]) == ("Low", 2)
    assert after(before, categorize(("@z:*", "Low", 2), fallback=fallback)) == before


def test_without_a_fallback_the_category_other_has_its_own_name() -> None:
    assert after({}, categorize(("*", "Other", 99))) == {"severity": "Other", "severity_id": 99}


def test_a_target_may_be_missing() -> None:
    assert after({}, categorize(("*", "Low", 2), targets={"id": "ocsf.severity_id"})) == {"severity_id": 2}
    assert after({}, categorize(("*", "Low", 2), targets={"name": "ocsf.severity"})) == {"severity": "Low"}
