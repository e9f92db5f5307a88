"""Warnings about how declared resources of several kinds go together."""

import re
from collections import defaultdict
from collections.abc import Iterator

from datadog_assets.resource import Declared, Finding, Resource

_GROUPS = re.compile(r"\bby\s*(?:\(\s*\"([^\"]*)\"\s*\)|\{([^}]*)\})")
"""The groups of a query: .by("a,b") of logs and events, by {a,b} of metrics."""

_TERM = re.compile(r"[\w.\-/@]+:[\w.\-/@]+")


def rules_without_monitor(declared: Declared) -> Iterator[Finding]:
    """Find notification rules whose tags no declared monitor can have."""
    tagged: dict[str, set[str]] = defaultdict(set)
    grouped: dict[str, set[str]] = defaultdict(set)
    for name, monitor in declared.get("monitors", {}).items():
        if not monitor.absent:
            for tag in _tags(monitor):
                tagged[tag].add(name)
            for group in _groups(monitor):
                grouped[group].add(name)
    for rule in declared.get("notification_rules", {}).values():
        wanted = [] if rule.absent else _wanted(rule)
        can_have = [tagged.get(tag, set()) | grouped.get(tag.partition(":")[0], set()) for tag in wanted]
        if can_have and not set.intersection(*can_have):
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


def _tags(monitor: Resource) -> Iterator[str]:
    """Give the tags that a monitor has by itself."""
    tags = monitor.body.get("tags")
    return map(str, tags) if isinstance(tags, list) else iter(())


def _groups(monitor: Resource) -> Iterator[str]:
    """Give the keys of the tags that its groups bring."""
    for found in _GROUPS.finditer(str(monitor.body.get("query"))):
        for name in (found[1] or found[2] or "").split(","):
            yield name.strip().removeprefix("@")
