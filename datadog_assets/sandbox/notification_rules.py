"""The routes of monitor notification rules, and the rules themselves."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from datadog_assets.sandbox.access import Access
from datadog_assets.sandbox.answers import Json, answer, read_json, read_number, refused
from datadog_assets.sandbox.rule_bodies import RULE_TYPE, read_rule

MAX_RULES = 1000
DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000

_PATH = "/api/v2/monitor/notification_rule"
_MALFORMED = refused(400, "The body is not JSON")
_NEVER = datetime.fromtimestamp(0, UTC)

_USER_ID = "00000000-0000-4000-8000-000000000001"
_USER: Json = {
    "type": "users",
    "id": _USER_ID,
    "attributes": {
        "name": "A User",
        "handle": "user@example.com",
        "email": "user@example.com",
        "created_at": _NEVER.isoformat(),
        "modified_at": _NEVER.isoformat(),
        "icon": "",
        "title": None,
        "verified": True,
        "service_account": False,
        "disabled": False,
        "allowed_login_methods": [],
        "status": "Active",
        "last_login_time": None,
    },
}
_CREATED_BY: Json = {"created_by": {"data": {"type": "users", "id": _USER_ID}}}


@dataclass(slots=True)
class Rule:
    """One rule; until its first update it was modified in 1970."""

    id: str
    attributes: Json
    created: datetime
    modified: datetime = _NEVER

    def shown(self) -> Json:
        """Give the rule as a read shows it."""
        times = {"created_at": self.created.isoformat(), "modified_at": self.modified.isoformat()}
        return {"type": RULE_TYPE, "id": self.id, "attributes": self.attributes | times}


class NotificationRules:
    """All monitor notification rules of the organisation. Names need not be unique.

    Args:
        access: the keys.
        clock: the time in epoch seconds.
        changed: gets the attributes of all rules whenever one changes.
    """

    def __init__(
        self, access: Access, clock: Callable[[], float], changed: Callable[[list[Json]], None]
    ) -> None:
        self._clock = clock
        self._changed = changed
        self._by_id: dict[str, Rule] = {}
        read, write = "monitors_read", "monitor_config_policy_write"
        needs = access.needs
        self.routes = [
            Route(_PATH, needs(read, self._list), methods=["GET"]),
            Route(_PATH, needs(write, self._create), methods=["POST"]),
            Route(_PATH + "/{id}", needs(read, self._show), methods=["GET"]),
            Route(_PATH + "/{id}", needs(write, self._update), methods=["PATCH"]),
            Route(_PATH + "/{id}", needs(write, self._delete), methods=["DELETE"]),
        ]

    @property
    def bodies(self) -> list[Json]:
        """The rules as the API lists them, oldest first."""
        return [rule.shown() for rule in self._by_id.values()]

    def _found(self, request: Request) -> Rule:
        found = self._by_id.get(request.path_params["id"])
        if found is None:
            raise refused(404, "Monitor Notification Rule not found")
        return found

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _tell(self) -> None:
        self._changed([rule.attributes for rule in self._by_id.values()])

    async def _create(self, request: Request) -> Response:
        attributes = read_rule(await read_json(request, _MALFORMED))
        if len(self._by_id) >= MAX_RULES:
            # the limit is Datadog's, its answer is unknown
            raise refused(400, f"An organization has at most {MAX_RULES} monitor notification rules")
        rule = Rule(str(uuid.uuid4()), attributes, self._now())
        self._by_id[rule.id] = rule
        self._tell()
        return answer(_written(rule))

    async def _update(self, request: Request) -> Response:
        self._found(request)
        body = await read_json(request, _MALFORMED)
        rule = self._found(request)  # again: it may have gone while the body was read
        rule.attributes = read_rule(body, rule.id)
        rule.modified = self._now()
        self._tell()
        return answer(_written(rule))

    async def _delete(self, request: Request) -> Response:
        del self._by_id[self._found(request).id]
        self._tell()
        return Response(status_code=204)

    async def _show(self, request: Request) -> Response:
        rule = self._found(request)
        return answer(_written(rule) if _wants_users(request) else {"data": rule.shown()})

    async def _list(self, request: Request) -> Response:
        rules = _sorted(list(self._by_id.values()), request.query_params.get("sort", "created_at:asc"))
        page = read_number(request, "page") or 0
        size = min(read_number(request, "per_page") or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
        found = _filtered(rules, request)[page * size : (page + 1) * size]
        if _wants_users(request):
            shown = [rule.shown() | {"relationships": _CREATED_BY} for rule in found]
            return answer({"data": shown, "included": [_USER]})
        return answer({"data": [rule.shown() for rule in found]})


def _written(rule: Rule) -> Json:
    return {"data": rule.shown() | {"relationships": _CREATED_BY}, "included": [_USER]}


def _wants_users(request: Request) -> bool:
    return "created_by" in request.query_params.get("include", "").split(",")


def _sorted(rules: list[Rule], by: str) -> list[Rule]:
    field, _, direction = by.partition(":")
    if field not in {"name", "created_at"} or direction not in {"", "asc", "desc"}:
        raise refused(400, f"Invalid sort: {by}")
    # rules are kept in the order of their creation, and sorting is stable
    if field == "name":
        rules = sorted(rules, key=lambda rule: str(rule.attributes["name"]))
    return rules[::-1] if direction == "desc" else rules


def _filtered(rules: list[Rule], request: Request) -> list[Rule]:
    """Apply `filters`: a text found anywhere, and tags and recipients of which one must be there."""
    try:
        filters = orjson.loads(request.query_params.get("filters", "{}"))
    except orjson.JSONDecodeError as error:
        raise refused(400, "Invalid filters: must be JSON") from error
    if not isinstance(filters, dict):
        raise refused(400, "Invalid filters: must be an object")
    wanted = [filters[name] for name in ("tags", "recipients") if name in filters]
    if not all(isinstance(any_of, list) for any_of in wanted):
        raise refused(400, "Invalid filters: tags and recipients must be lists")
    text = str(filters.get("text", ""))
    return [
        rule
        for rule in rules
        if any(text in own for own in _texts(rule.attributes))
        and all(any(one in _texts(rule.attributes) for one in any_of) for any_of in wanted)
    ]


def _texts(value: object) -> list[str]:
    """Give every text within a rule's attributes."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []
