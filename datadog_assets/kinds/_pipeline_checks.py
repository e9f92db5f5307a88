"""What Datadog refuses in pipelines, or would never do, although each field by itself is fine."""

from collections.abc import Iterable, Iterator, Sequence

from datadog_assets.kinds._pipeline_advice import advise
from datadog_assets.resource import Finding, Json, Path, Resource

MOST_LOOKUP_BYTES = 100_000
"""Of all lookup tables together.
https://docs.datadoghq.com/logs/log_configuration/processors/lookup_processor/"""

MOST_PROCESSORS = 20
MOST_GROK_RULES = 10
"""Recommended: https://docs.datadoghq.com/logs/log_configuration/pipelines/"""

RESERVED = frozenset({"host", "message", "service", "status", "date", "trace_id", "span_id"})
"""https://docs.datadoghq.com/logs/log_configuration/processors/remapper/"""


def check(declared: Sequence[Resource]) -> Iterator[Finding]:
    """Look at all pipelines."""
    lookup_bytes = 0
    for resource in declared:
        for path, processor in _processors(resource.body):
            yield from _one(resource, path, processor)
            lookup_bytes += _size(processor)
            if lookup_bytes > MOST_LOOKUP_BYTES:
                text = (
                    f"brings all lookup tables to {lookup_bytes:,} bytes; {MOST_LOOKUP_BYTES:,} fit together"
                )
                yield Finding(resource, (*path, "lookup_table"), text)
                lookup_bytes = 0  # told once
        number = sum(1 for _ in _processors(resource.body))
        if number > MOST_PROCESSORS:
            text = f"holds {number} processors; Datadog recommends {MOST_PROCESSORS} at most"
            yield Finding(resource, ("processors",), text, is_warning=True)
        yield from advise(resource)
    yield from _status_remappers(declared)


def _processors(body: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Give each processor with its place, those of nested pipelines too."""
    processors = body.get("processors")
    for position, one in enumerate(processors if isinstance(processors, list) else []):
        here = (*path, "processors", position)
        yield here, one
        if one.get("type") == "pipeline":
            yield from _processors(one, here)


def _one(resource: Resource, path: Path, processor: Json) -> Iterable[Finding]:
    target = processor.get("target")
    if processor["type"] == "attribute-remapper" and isinstance(target, str):
        if target in RESERVED and processor.get("target_type", "attribute") == "attribute":
            text = f"is {target!r}, which is reserved; use the remapper made for it, or another name"
            # the documentation forbids `host` too, but pipelines that Datadog ships have it
            yield Finding(resource, (*path, "target"), text, is_warning=target == "host")
        if ":" in target or "," in target:
            yield Finding(resource, (*path, "target"), f"is {target!r}; it can hold no colon and no comma")
    grok = processor.get("grok")
    if isinstance(grok, dict):
        rules = len([line for line in str(grok["match_rules"]).splitlines() if line.strip()])
        if rules > MOST_GROK_RULES:
            text = f"holds {rules} rules; Datadog recommends {MOST_GROK_RULES} at most"
            yield Finding(resource, (*path, "grok", "match_rules"), text, is_warning=True)


def _size(processor: Json) -> int:
    table = processor.get("lookup_table")
    return sum(len(str(line).encode()) for line in table) if isinstance(table, list) else 0


def _status_remappers(declared: Sequence[Resource]) -> Iterator[Finding]:
    """Warn of a status remapper behind one that takes every log that reaches it."""
    first: dict[tuple[str, str], str] = {}
    for resource in declared:
        for scope, path in _acting(resource.body):
            before = first.get((scope[0], "")) or first.get(scope)
            if before:
                text = f"never acts: a status remapper of {before} comes first, and only the first counts"
                yield Finding(resource, path, text, is_warning=True)
            first.setdefault(scope, repr(resource.name))


def _acting(body: Json, outer: str | None = None, path: Path = ()) -> Iterator[tuple[tuple[str, str], Path]]:
    """Give each enabled status remapper: the queries of its pipelines, outer and nested, and its place."""
    if body.get("is_enabled") is False:
        return
    query = _query(body)
    processors = body.get("processors")
    for position, one in enumerate(processors if isinstance(processors, list) else []):
        here = (*path, "processors", position)
        if one["type"] == "pipeline":
            yield from _acting(one, query, here)
        elif one["type"] == "status-remapper" and one.get("is_enabled") is not False:
            yield (query, "") if outer is None else (outer, query), here


def _query(body: Json) -> str:
    found = body.get("filter")
    query = str(found.get("query", "")).strip() if isinstance(found, dict) else ""
    return "" if query == "*" else query
