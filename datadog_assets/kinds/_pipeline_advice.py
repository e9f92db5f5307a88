"""What Datadog takes in a pipeline, and an expert would not write."""

from collections.abc import Iterator

from datadog_assets import search
from datadog_assets.grok import GrokSyntaxError, compile_rules
from datadog_assets.resource import Finding, Json, Path, Resource
from datadog_assets.search import QuerySyntaxError


def advise(resource: Resource) -> Iterator[Finding]:
    """Give what is probably not meant in one pipeline; each is a warning."""
    for path, text in _texts(resource.body, ()):
        yield Finding(resource, path, text, is_warning=True)


def _texts(body: Json, path: Path) -> Iterator[tuple[Path, str]]:
    """Look at a pipeline, and at those in it."""
    processors = [one for one in _list(body.get("processors")) if isinstance(one, dict)]
    targets = {str(one.get("target")) for one in processors if one.get("target_type") != "tag"}
    yield from _query(body, path, targets)
    for position, one in enumerate(processors):
        here = (*path, "processors", position)
        if one.get("type") == "pipeline":
            yield from _texts(one, here)
        for number, category in enumerate(_list(one.get("categories"))):
            yield from _query(category, (*here, "categories", number), set())
        yield from _grok(one.get("grok"), here)


def _query(holder: object, path: Path, made: set[str]) -> Iterator[tuple[Path, str]]:
    """Look at the filter of a pipeline or category; `made` is what the pipeline's own processors write."""
    found = holder.get("filter") if isinstance(holder, dict) else None
    query = found.get("query") if isinstance(found, dict) else found
    if not isinstance(query, str):
        return
    try:
        parsed = search.parse(query)
    except QuerySyntaxError as error:
        yield (*path, "filter"), f"cannot be read: {error.reason}, at character {error.position + 1}"
        return
    for attribute in sorted(parsed.attributes & made):
        yield (
            (*path, "filter"),
            f"reads @{attribute}, which this pipeline's own processors write; it is tested before them",
        )


def _grok(grok: object, path: Path) -> Iterator[tuple[Path, str]]:
    if not isinstance(grok, dict):
        return
    try:
        compile_rules(str(grok.get("match_rules", "")), str(grok.get("support_rules", "")))
    except GrokSyntaxError as error:
        yield (*path, "grok"), f"cannot be read: rule {error.rule}: {error.reason}"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
