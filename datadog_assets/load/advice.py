"""Warnings about how declared resources of several kinds go together."""

import re
from collections.abc import Iterator

from datadog_assets.resource import Declared, Finding, Resource

_GROUPS = re.compile(r"\bby\s*(?:\(\s*\"([^\"]*)\"\s*\)|\{([^}]*)\})")
"""The groups of a query: .by("a,b") of logs and events, by {a,b} of metrics."""

_TERM = re.compile(r"[\w.\-/@]+:[\w.\-/@]+")


def rules_without_monitor(declared: Declared) -> Iterator[Finding]:
    """Find notification rules whose tags no declared monitor can have."""
    monitors = [one for one in declared.get("monitors", {}).values() if not one.absent]
    for rule in declared.get("notification_rules", {}).values():
        wanted = [] if rule.absent else _wanted(rule)
        if wanted and not any(_can_have(monitor, wanted) for monitor in monitors):
            text = f"matches no declared monitor: none has {' and '.join(wanted)}"
            yield Finding(rule, ("filter",), text, is_warning=True)


def _wanted(rule: Resource) -> list[str]:
    """Give the tags that a monitor must have; none if the scope says more than a list of them."""
    found = rule.body.get("filter")
    tags, scope = (found.get("tags"), found.get("scope")) if isinstance(found, dict) else (None, None)
    if isinstance(tags, list):
        return [str(tag) for tag in tags]
    terms = re.split(r"\s+(?:AND\s+)?", str(scope or "").strip())
    return terms if all(_TERM.fullmatch(term) for term in terms) else []


def _can_have(monitor: Resource, wanted: list[str]) -> bool:
    tags = monitor.body.get("tags")
    has = set(map(str, tags)) if isinstance(tags, list) else set()
    groups = {
        name.strip().removeprefix("@")
        for found in _GROUPS.finditer(str(monitor.body.get("query")))
        for name in (found[1] or found[2] or "").split(",")
    }
    return all(tag in has or tag.partition(":")[0] in groups for tag in wanted)
