"""The JSON Schema for editors: made from the models that check, so both say the same."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from datadog_assets import packs
from datadog_assets.load.schema import schema

MONITOR = {"name": "m", "type": "log alert", "query": "q"}


def faults(document: object) -> list[str]:
    found = Draft202012Validator(schema()).iter_errors(document)
    return [".".join(map(str, error.absolute_path)) for error in found]


def test_it_is_a_schema_and_json() -> None:
    Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


def test_the_pack_fits() -> None:
    assert faults(yaml.safe_load(packs.read(packs.OKTA))) == []


@pytest.mark.parametrize(
    "document",
    [
        {"monitors": [MONITOR | {"priority": "${priority}", "options": "${options}"}]},
        {"monitors": [{"name": "m", "ensure": "absent"}]},
        {"monitors": [MONITOR | {"id": 123}]},
        {"pipelines": [{"name": "p", "filter": "query", "place": {"after": "x"}}]},
        {"pipelines": [{"name": "p", "filter": {"query": "query"}}]},
        {"variables": {"a": 1, "b": "x", "c": ["x"], "d": {"env": "X", "default": 1, "secret": True}}},
        {"rehearsals": [{"name": "anything"}]},
        {},
    ],
)
def test_what_loads_fits(document: object) -> None:
    assert faults(document) == []


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"monitor": []}, ""),
        ({"monitors": [MONITOR | {"optons": {}}]}, "monitors.0"),
        ({"monitors": [MONITOR | {"options": {"threshold": {}}}]}, "monitors.0"),
        ({"monitors": [MONITOR | {"priority": "high"}]}, "monitors.0"),
        ({"monitors": [{"name": "m"}]}, "monitors.0"),
        ({"pipelines": [{"name": "p", "processors": [{"type": "grok-parsr"}]}]}, "pipelines.0"),
        ({"notification_rules": [{"name": "r"}]}, "notification_rules.0"),
        ({"variables": {"a": {"evn": "X"}}}, "variables.a"),
    ],
)
def test_what_does_not_load_does_not_fit(document: object, place: str) -> None:
    assert faults(document) == [place]
