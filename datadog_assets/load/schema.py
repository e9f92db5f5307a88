"""JSON Schema of the YAML, for editors: made from the models that check it."""

from datadog_assets.kinds import KINDS
from datadog_assets.load.variables import Definition
from datadog_assets.model import Gone
from datadog_assets.rehearse.scenario import Rehearsal
from datadog_assets.resource import Json

_VARIABLE: Json = {"type": "string", "pattern": r"\$\{"}
"""Stands wherever a value may: a variable is put in before anything is checked."""


def schema() -> Json:
    """Give the schema, draft 2020-12."""
    definitions: Json = {}
    sections: Json = {
        "variables": {
            "type": "object",
            "description": "Values for ${name}, or where they come from.",
            "additionalProperties": {
                "anyOf": [_reference(Definition.model_json_schema(ref_template=_REF), definitions), *_VALUES]
            },
        },
    }
    rehearsal = _reference(Rehearsal.model_json_schema(ref_template=_REF), definitions)
    sections["rehearsals"] = {"type": "array", "items": rehearsal}
    gone = _reference(Gone.model_json_schema(ref_template=_REF) | {"additionalProperties": True}, definitions)
    for key, kind in KINDS.items():
        entry = _reference(kind.model.model_json_schema(ref_template=_REF), definitions)
        sections[key] = {"type": "array", "items": {"anyOf": [entry, gone]}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Datadog assets",
        "type": "object",
        "additionalProperties": False,
        "properties": sections,
        "$defs": {name: _open(one) for name, one in definitions.items()},
    }


_REF = "#/$defs/{model}"
_VALUES: list[Json] = [
    {"type": ["string", "number", "boolean"]},
    {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
]


def _reference(found: Json, definitions: Json) -> Json:
    """Put a model's schema, and those of the models in it, among the definitions."""
    inner = found.pop("$defs", {})
    if isinstance(inner, dict):
        definitions |= inner
    name = str(found["title"])
    if "$ref" not in found:  # it is when the model holds itself
        definitions[name] = found
    return {"$ref": _REF.format(model=name)}


def _open(definition: object) -> object:
    """Let a variable stand for the value of every field."""
    if not isinstance(definition, dict) or not isinstance(fields := definition.get("properties"), dict):
        return definition
    return definition | {"properties": {name: {"anyOf": [one, _VARIABLE]} for name, one in fields.items()}}
