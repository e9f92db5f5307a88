"""Kinds that are just enough to plan with: what is equal is equal as it is, but for the tag."""

from collections.abc import Iterable, Sequence
from typing import Any

from datadog_assets.kind import Kind
from datadog_assets.model import Entry
from datadog_assets.resource import MANAGED_TAG, Declared, Finding, Json, Live, Mark, Place, Resource


class SmallKind(Kind):
    model = Entry

    def body(self, entry: Entry) -> Json:
        raise NotImplementedError

    def check(self, declared: Sequence[Resource]) -> Iterable[Finding]:
        raise NotImplementedError

    def canonical(self, body: Json) -> Json:
        kept = {key: value for key, value in body.items() if key not in {"id", "modified"}}
        tags: Any = kept.pop("tags", [])
        tags = sorted(tag for tag in tags if tag != MANAGED_TAG)
        return kept | ({"tags": tags} if tags else {})

    def entry(self, body: Json) -> Json:
        raise NotImplementedError

    def list(self, api: object) -> list[Live]:
        raise NotImplementedError

    def validate(self, api: object, body: Json, live_id: str | None) -> None:
        raise NotImplementedError

    def create(self, api: object, body: Json) -> Live:
        raise NotImplementedError

    def update(self, api: object, live_id: str, body: Json) -> None:
        raise NotImplementedError

    def delete(self, api: object, live_id: str) -> None:
        raise NotImplementedError


class Pipelines(SmallKind):
    key, word, rank, has_tags = "pipelines", "pipeline", 1, True


class Monitors(SmallKind):
    key, word, rank, has_tags = "monitors", "monitor", 2, True


class Rules(SmallKind):
    key, word, rank, has_tags = "notification_rules", "notification rule", 3, False


SMALL_KINDS: dict[str, Kind] = {kind.key: kind for kind in (Pipelines(), Monitors(), Rules())}


def resource(
    name: str, kind: str = "monitors", *, pin: str | None = None, absent: bool = False,
    place: Place | None = None, line: int = 1, **fields: object,
) -> Resource:  # fmt: skip
    return Resource(kind, name, {"name": name, **fields}, Mark("a.yaml", line), pin, absent, place)


def live(
    live_id: str, name: str, kind: str = "monitors", *, managed: bool = True, read_only: bool = False,
    **fields: object,
) -> Live:  # fmt: skip
    body: Json = {"id": live_id, "name": name, "modified": live_id * 3, **fields}
    if managed and SMALL_KINDS[kind].has_tags:
        tags: Any = fields.get("tags", [])
        body["tags"] = [MANAGED_TAG, *tags]
    return Live(kind, live_id, name, body, read_only)


def declared(*resources: Resource) -> Declared:
    found: dict[str, dict[str, Resource]] = {}
    for one in resources:
        found.setdefault(one.kind, {})[one.name] = one
    return found


def by_kind(*lives: Live) -> dict[str, list[Live]]:
    found: dict[str, list[Live]] = {}
    for one in lives:
        found.setdefault(one.kind, []).append(one)
    return found
