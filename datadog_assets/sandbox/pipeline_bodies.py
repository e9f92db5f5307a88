"""What Datadog makes of a pipeline's body: what it adds, what it sorts, what it refuses.

https://docs.datadoghq.com/api/latest/logs-pipelines/

Everything that was sent is kept as it was, but for the tags, which are sorted.
"""

from collections.abc import Mapping
from typing import NamedTuple

from datadog_assets.sandbox.answers import Json, Refused


class Shape(NamedTuple):
    """One type of processor, operation or mapper."""

    required: Mapping[str, type]
    added: Mapping[str, object] = {}
    """What the server adds when it is missing."""


_Fields = Mapping[str, type]

_SOURCES: _Fields = {"sources": list}
_SOURCES_TARGET: _Fields = {"sources": list, "target": str}
_SOURCE_TARGET: _Fields = {"source": str, "target": str}
_CONFLICT = {"preserve_source": False, "override_on_conflict": False}
_REPLACE = {"is_replace_missing": False}

_ARITHMETIC = Shape({"expression": str, "target": str}, _REPLACE)
_STRING_BUILDER = Shape({"template": str, "target": str}, _REPLACE)
_CATEGORY = Shape({"categories": list, "target": str})

PROCESSORS: Mapping[str, Shape] = {
    "grok-parser": Shape({"source": str, "grok": dict}, {"samples": []}),
    "date-remapper": Shape(_SOURCES),
    "status-remapper": Shape(_SOURCES),
    "service-remapper": Shape(_SOURCES),
    "message-remapper": Shape(_SOURCES),
    "trace-id-remapper": Shape({}, {"sources": ["dd.trace_id"]}),
    "span-id-remapper": Shape({}, {"sources": ["dd.span_id"]}),
    "attribute-remapper": Shape(
        _SOURCES_TARGET, _CONFLICT | {"source_type": "attribute", "target_type": "attribute"}
    ),
    "url-parser": Shape(_SOURCES_TARGET, {"normalize_ending_slashes": False}),
    "user-agent-parser": Shape(_SOURCES_TARGET, {"is_encoded": False}),
    "category-processor": _CATEGORY,
    "arithmetic-processor": _ARITHMETIC,
    "string-builder-processor": _STRING_BUILDER,
    "pipeline": Shape({}, {"processors": []}),
    "geo-ip-parser": Shape(_SOURCES_TARGET, {"ip_processing_behavior": "do-nothing"}),
    "lookup-processor": Shape(_SOURCE_TARGET),
    "array-processor": Shape({"operation": dict}),
    "decoder-processor": Shape(
        {**_SOURCE_TARGET, "binary_to_text_encoding": str, "input_representation": str}
    ),
    "schema-processor": Shape({"name": str, "schema": dict, "mappers": list}),
    "exclude-attribute": Shape({"attribute_to_exclude": str}),
    "array-map-processor": Shape({**_SOURCE_TARGET, "processors": list}, {"preserve_source": True}),
}

ARRAY_MAP_PROCESSORS: Mapping[str, Shape] = {
    "attribute-remapper": Shape(_SOURCES_TARGET, _CONFLICT),
    "arithmetic-processor": _ARITHMETIC,
    "string-builder-processor": _STRING_BUILDER,
    "category-processor": _CATEGORY,
}
"""The processors that an array-map-processor may hold; they are not enabled one by one."""

ARRAY_OPERATIONS: Mapping[str, Shape] = {
    "append": Shape(_SOURCE_TARGET, {"preserve_source": True}),
    "length": Shape(_SOURCE_TARGET),
    "select": Shape({**_SOURCE_TARGET, "filter": str, "value_to_extract": str}),
    "key-value": Shape(
        {"source": str, "key_to_extract": str, "value_to_extract": str}, {"override_on_conflict": False}
    ),
}

SCHEMA_MAPPERS: Mapping[str, Shape] = {
    "schema-remapper": Shape({"name": str, "sources": list, "target": str}, _CONFLICT),
    "schema-category-mapper": Shape(
        {"name": str, "categories": list, "targets": dict}, {"fallback": {"values": {}, "sources": {}}}
    ),
}


def invalid(detail: str) -> Refused:
    """Give the answer to a pipeline that Datadog does not take."""
    details = [{"code": "InvalidArgument", "message": detail}]
    error = {"code": "InvalidArgument", "message": "Invalid Pipeline", "details": details}
    return Refused(400, {"error": error})


def read_pipeline(body: object) -> Json:
    """Give a pipeline as the server keeps it, but for its id.

    Only "Invalid parser" is known to be Datadog's text; the other details are the sandbox's own.

    Raises:
        Refused: 400 for what Datadog does not take.
    """
    if not isinstance(body, dict) or not isinstance(body.get("name"), str) or not body["name"]:
        raise invalid("Invalid name")
    kept = {"processors": [], "tags": [], "is_enabled": False} | body
    return _common(kept, nested=False) | {"type": "pipeline", "is_read_only": False}


def _common(kept: Json, *, nested: bool) -> Json:
    """Read what a pipeline and a nested one have in common."""
    if not isinstance(kept["is_enabled"], bool):
        raise invalid("Invalid is_enabled")
    query = kept.get("filter", {})
    if not isinstance(query, dict) or not isinstance(query.get("query", ""), str):
        raise invalid("Invalid filter")
    processors = kept["processors"]
    if not isinstance(processors, list):
        raise invalid("Invalid parser")
    read = kept | {"processors": [_processor(processor, nested=nested) for processor in processors]}
    if "tags" in kept:
        read["tags"] = _tags(kept["tags"])
    return read


def _tags(tags: object) -> list[str]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise invalid("Invalid tags")
    return sorted(tags)


def _processor(body: object, *, nested: bool) -> Json:
    kept = {"is_enabled": False} | _shaped(body, PROCESSORS)
    if not isinstance(kept["is_enabled"], bool):
        raise invalid("Invalid parser")
    match kept["type"]:
        case "pipeline":
            if nested:
                raise invalid("Invalid parser")
            kept = _common(kept, nested=True)
        case "grok-parser":
            kept["grok"] = _grok(kept["grok"])
        case "lookup-processor":
            if not isinstance(kept.get("lookup_table"), list) and "lookup_enrichment_table" not in kept:
                raise invalid("Invalid parser")
        case "array-processor":
            kept["operation"] = _shaped(kept["operation"], ARRAY_OPERATIONS)
        case "array-map-processor":
            kept["processors"] = _each_shaped(kept["processors"], ARRAY_MAP_PROCESSORS)
        case "schema-processor":
            kept["schema"] = {"extensions": [], **_object(kept["schema"])}
            kept["mappers"] = _each_shaped(kept["mappers"], SCHEMA_MAPPERS)
    return kept


def _grok(body: object) -> Json:
    grok = {"support_rules": ""} | _object(body)
    if not isinstance(grok.get("match_rules"), str):
        raise invalid("Invalid parser")
    return grok


def _each_shaped(bodies: object, shapes: Mapping[str, Shape]) -> list[Json]:
    # that it is a list was required by its own shape
    return [_shaped(body, shapes) for body in bodies] if isinstance(bodies, list) else []


def _shaped(body: object, shapes: Mapping[str, Shape]) -> Json:
    """Give a body of one of the types, with what the server adds."""
    kept = _object(body)
    kind = kept.get("type")
    shape = shapes.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise invalid("Invalid parser")
    for name, wanted in shape.required.items():
        if not isinstance(kept.get(name), wanted):
            raise invalid("Invalid parser")
    return {**shape.added, **kept}


def _object(body: object) -> Json:
    if not isinstance(body, dict):
        raise invalid("Invalid parser")
    return body
