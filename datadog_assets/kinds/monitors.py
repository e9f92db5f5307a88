"""Monitors: https://docs.datadoghq.com/api/latest/monitors/."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import ClassVar

from pydantic import ValidationError

from datadog_assets.api import Api
from datadog_assets.kind import Kind
from datadog_assets.kinds import _monitor_checks
from datadog_assets.kinds._answers import identified, objects
from datadog_assets.kinds._monitor_models import Monitor, Options
from datadog_assets.model import OWN, Entry
from datadog_assets.resource import MANAGED_TAG, Finding, Json, Live, Resource

_PATH = "/api/v1/monitor"
_READ, _WRITE = "monitors_read", "monitors_write"
_PAGE = 1000

_DEFAULTS: Json = {"message": "", "tags": [], "options": {}, "priority": None, "restricted_roles": None}
"""What an update sends for what is not declared: a field that is not sent stays as it is."""

_SERVER_DEFAULTS: Json = {"include_tags": True, "new_host_delay": 300, "on_missing_data": "default"}
"""Options that Datadog fills in; all others that say yes or no are "no" when they are not there."""


class Monitors(Kind):
    """Monitors of any type; those over logs are looked at closely."""

    key: ClassVar[str] = "monitors"
    word: ClassVar[str] = "monitor"
    rank: ClassVar[int] = 2  # after the rules: Datadog routes what is made once a rule is there
    has_tags: ClassVar[bool] = True
    model: ClassVar[type[Entry]] = Monitor

    def body(self, entry: Entry) -> Json:
        """Give what is declared, and the default of whatever an update would else leave as it is."""
        declared = entry.model_dump(exclude_unset=True, exclude=OWN)
        return {**_DEFAULTS, **declared}

    def check(self, declared: Sequence[Resource]) -> Iterable[Finding]:
        """Find what Datadog refuses, and warn of what is likely not meant."""
        for resource in declared:
            if not resource.absent:
                for path, text, is_warning in _monitor_checks.check(resource.body):
                    yield Finding(resource, path, text, is_warning)

    def canonical(self, body: Json) -> Json:
        """Drop what the server adds, and its defaults; undo what it rewrites."""
        found = {name: body[name] for name in Monitor.model_fields if _says_something(body.get(name))}
        for name in ("query", "message"):
            if isinstance(text := found.get(name), str):
                found[name] = text.rstrip("\n")
        if found.get("type") == "metric alert":
            found["type"] = "query alert"  # two names of one type: the server picks
        found["options"] = _canonical_options(found.get("options"))
        found["tags"] = _canonical_tags(found.get("tags"))
        found["assets"] = _canonical_assets(found.get("assets"))
        for name, default in {"priority": 0, "draft_status": "published"}.items():
            if found.get(name) == default:
                del found[name]
        found.pop("id", None)
        # without any option it stays, so that one more shows as that one and not as all of them
        return {name: value for name, value in found.items() if _says_something(value) or name == "options"}

    def entry(self, body: Json) -> Json:
        """Give the fields that say something, under the type that Datadog shows."""
        canonical = {name: value for name, value in self.canonical(body).items() if _says_something(value)}
        first = {name: canonical[name] for name in ("name", "type", "query") if name in canonical}
        return {"query": "", **first, **canonical, "type": body["type"]}

    def list(self, api: Api) -> list[Live]:
        """Read all, a thousand a page."""
        found = api.pages(
            _PATH,
            permission=_READ,
            size=("page_size", _PAGE),
            pick=lambda page: objects(page, f"GET {_PATH}"),
        )
        return [_live(one) for one in found]

    def validate(self, api: Api, body: Json, live_id: str | None) -> None:
        """Let Datadog look at it."""
        path = f"{_PATH}/{live_id}/validate" if live_id else f"{_PATH}/validate"
        api.post(path, body, permission=_validating(body), lookup=None)

    def create(self, api: Api, body: Json) -> Live:
        """Make it; Datadog refuses a second one that is the same in everything."""

        def lookup() -> Json | None:
            wanted = self.canonical(body)
            same = [one for one in self.list(api) if one.name == body["name"]]
            return next((one.body for one in same if self.canonical(one.body) == wanted), None)

        answer = api.post(_PATH, body, permission=_WRITE, lookup=lookup)
        return _live(identified(answer, f"POST {_PATH}"))

    def update(self, api: Api, live_id: str, body: Json) -> None:
        """Send every field: what is not sent stays as it is."""
        sent = {"draft_status": "published", "assets": [], **body}
        api.put(f"{_PATH}/{live_id}", sent, permission=_WRITE)

    def delete(self, api: Api, live_id: str) -> None:
        """Delete it, unless something else refers to it."""
        api.delete(f"{_PATH}/{live_id}", permission=_WRITE, gone=lambda error: error.status == 404)


KIND = Monitors()


def _live(body: Json) -> Live:
    return Live("monitors", str(body.get("id")), str(body.get("name")), body)


def _validating(body: Json) -> str:
    return f"{_WRITE} and logs_read_data" if body.get("type") == "log alert" else _WRITE


def _says_something(value: object) -> bool:
    return value is not None and value not in ({}, [])


def _canonical_tags(tags: object) -> list[str]:
    return sorted({str(tag) for tag in tags} - {MANAGED_TAG}) if isinstance(tags, list) else []


def _canonical_assets(assets: object) -> list[Json]:
    """Keep what a person wrote: the server adds ids."""
    wanted = ("category", "name", "url", "resource_key", "resource_type")
    found = assets if isinstance(assets, list) else []
    return [{name: one[name] for name in wanted if one.get(name)} for one in found if isinstance(one, dict)]


def _canonical_options(options: object) -> Json:
    if not isinstance(options, dict):
        return {}
    with suppress(ValidationError):  # what does not fit is compared as it is
        options = Options.model_validate(options, extra="ignore").model_dump()
    found = {name: _without_nothing(options.get(name)) for name in Options.model_fields if name != "silenced"}
    if isinstance(text := found.get("escalation_message"), str):
        found["escalation_message"] = text.rstrip("\n") or None
    kept = {name: value for name, value in found.items() if _says_something(value)}
    return {
        name: value
        for name, value in kept.items()
        if value != _SERVER_DEFAULTS.get(name, False) or (value == 0 and not isinstance(value, bool))
    }


def _without_nothing(value: object) -> object:
    """Drop nulls and empty objects, however deep; 5.0 becomes 5."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        found = {name: _without_nothing(inner) for name, inner in value.items()}
        return {name: inner for name, inner in found.items() if _says_something(inner)}
    return value
