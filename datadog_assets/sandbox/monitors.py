"""The routes of monitors, and the monitors themselves."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from datadog_assets.sandbox.access import Access
from datadog_assets.sandbox.alerts import Alerts, State
from datadog_assets.sandbox.answers import Json, answer, read_json, read_number, refused
from datadog_assets.sandbox.monitor_bodies import Kept, read_monitor, same
from datadog_assets.sandbox.monitor_queries import is_grouped, monitor_ids, scopes

ORG_ID = 1
CREATOR = {"name": "A User", "handle": "user@example.com", "email": "user@example.com", "id": 1}

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000

_PATH = "/api/v1/monitor"
_MALFORMED = refused(400, "The body is not JSON")


@dataclass(slots=True)
class Monitor:
    """One monitor: what a person wrote, and what the server adds to it."""

    id: int
    kept: Kept
    created: datetime
    modified: datetime
    key: bytes
    """What a duplicate would have alike."""

    def shown(self, state: State) -> Json:
        """Give the monitor as a read by its id shows it, with everything that can be asked for."""
        return {
            **self.kept,
            "multi": is_grouped(self.kept["query"]),
            "id": self.id,
            "org_id": ORG_ID,
            "creator": CREATOR,
            "created": _iso(self.created),
            "created_at": int(self.created.timestamp()) * 1000,
            "modified": _iso(self.modified),
            "deleted": None,
            "overall_state": state.overall,
            "overall_state_modified": _changed(state),
            "matching_downtimes": [],
        }

    def written(self) -> Json:
        """Give the monitor as the answer to a write shows it: not evaluated since."""
        assets = [{**asset, "monitor_id": self.id} for asset in self.kept["assets"]]
        shown = _without(self.shown(State()), "matching_downtimes")
        return shown | {"assets": assets, "restriction_policy": None}


class Monitors:
    """All monitors of the organisation.

    Those that are not rehearsed stay in the state "No Data", as does any until its first evaluation.
    """

    def __init__(self, access: Access, clock: Callable[[], float], alerts: Alerts) -> None:
        self._access = access
        self._clock = clock
        self._alerts = alerts
        self._ids = count(10_000_001)
        self._by_id: dict[str, Monitor] = {}
        read, write = "monitors_read", "monitors_write"
        needs = access.needs
        self.routes = [
            Route(_PATH, needs(read, self._list), methods=["GET"]),
            Route(_PATH, needs(write, self._create), methods=["POST"]),
            Route(_PATH + "/can_delete", needs(read, self._can_delete), methods=["GET"]),
            Route(_PATH + "/validate", needs(write, self._validate), methods=["POST"]),
            Route(_PATH + "/{id}/validate", needs(write, self._validate_existing), methods=["POST"]),
            Route(_PATH + "/{id}", needs(read, self._show), methods=["GET"]),
            Route(_PATH + "/{id}", needs(write, self._update), methods=["PUT"]),
            Route(_PATH + "/{id}", needs(write, self._delete), methods=["DELETE"]),
        ]

    @property
    def bodies(self) -> list[Json]:
        """The monitors as the API lists them, oldest first."""
        return self._listed(self._by_id.values())

    def _found(self, request: Request) -> Monitor:
        found = self._by_id.get(request.path_params["id"])
        if found is None:
            raise refused(404, "Monitor not found")
        return found

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    async def _create(self, request: Request) -> Response:
        kept = read_monitor(await read_json(request, _MALFORMED), self._by_id)
        key = same(kept)
        for other in self._by_id.values():
            if other.key == key:
                raise refused(400, f"Duplicate of an existing monitor_id:{other.id} org_id:{ORG_ID}")
        now = self._now()
        monitor = Monitor(next(self._ids), kept, now, now, key)
        self._by_id[str(monitor.id)] = monitor
        self._alerts.start(monitor.id, {**kept})
        return answer(monitor.written())

    async def _update(self, request: Request) -> Response:
        self._found(request)
        body = await read_json(request, _MALFORMED)
        monitor = self._found(request)  # again: it may have gone while the body was read
        monitor.kept = read_monitor(body, self._by_id, monitor.kept)
        monitor.modified, monitor.key = self._now(), same(monitor.kept)
        self._alerts.start(monitor.id, {**monitor.kept})
        return answer(_without(monitor.written(), "creator"))

    async def _delete(self, request: Request) -> Response:
        monitor = self._found(request)
        if request.query_params.get("force") != "true" and (used := self._used_by(monitor)):
            raise refused(400, used)
        del self._by_id[str(monitor.id)]
        self._alerts.stop(monitor.id)
        return answer({"deleted_monitor_id": monitor.id})

    async def _can_delete(self, request: Request) -> Response:
        keys = request.query_params.get("monitor_ids", "").split(",")
        if any(key not in self._by_id for key in keys):
            raise refused(404, "Monitor not found")
        conflicts = {key: [used] for key in keys if (used := self._used_by(self._by_id[key]))}
        free = [self._by_id[key].id for key in keys if key not in conflicts]
        return answer({"data": {"ok": free}, "errors": conflicts or None}, 409 if conflicts else 200)

    def _used_by(self, monitor: Monitor) -> str:
        """Say which composite monitors need a monitor, in the sandbox's own words; "" if none does."""
        using = [
            _named(other)
            for other in self._by_id.values()
            if other.kept["type"] == "composite" and str(monitor.id) in monitor_ids(other.kept["query"])
        ]
        if not using:
            return ""
        return f"monitor [{_named(monitor)}] is referenced in composite monitors: [{'; '.join(using)}]"

    async def _validate(self, request: Request) -> Response:
        return self._validated(request, await read_json(request, _MALFORMED))

    async def _validate_existing(self, request: Request) -> Response:
        before = self._found(request).kept
        return self._validated(request, await read_json(request, _MALFORMED), before)

    def _validated(self, request: Request, body: object, before: Kept | None = None) -> Response:
        if read_monitor(body, self._by_id, before)["type"] == "log alert":
            self._access.check(request, "logs_read_data")
        return answer({})

    async def _show(self, request: Request) -> Response:
        monitor, asked = self._found(request), request.query_params
        state = self._alerts.states().get(monitor.id, State())
        shown = monitor.shown(state) | _groups(state, request)
        left_out = {
            "assets": asked.get("with_assets") != "true",
            "restricted_roles": asked.get("with_restricted_roles") == "false",
            "matching_downtimes": asked.get("with_downtimes") != "true",
        }
        return answer(_without(shown, *(name for name, out in left_out.items() if out)))

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        tags, monitor_tags = _split(asked.get("tags", "")), _split(asked.get("monitor_tags", ""))
        found = [
            monitor
            for monitor in self._by_id.values()
            if asked.get("name", "") in monitor.kept["name"]
            and tags <= scopes(monitor.kept["query"])
            and monitor_tags <= set(monitor.kept["tags"])
        ]
        return answer(self._listed(_page(found, request), request))

    def _listed(self, monitors: Iterable[Monitor], request: Request | None = None) -> list[Json]:
        states = self._alerts.states()
        return [
            _without(monitor.shown(state), "assets") | (_groups(state, request) if request else {})
            for monitor in monitors
            for state in [states.get(monitor.id, State())]
        ]


def _page(monitors: list[Monitor], request: Request) -> list[Monitor]:
    page, offset = read_number(request, "page"), read_number(request, "id_offset")
    size = min(read_number(request, "page_size") or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    if offset is not None:
        return [monitor for monitor in monitors if monitor.id > offset][:size]
    return monitors if page is None else monitors[page * size : (page + 1) * size]


def _groups(state: State, request: Request) -> Json:
    """Give the states of the groups, if they are asked for; their times are not known here."""
    asked = {one.strip().lower() for one in request.query_params.get("group_states", "").split(",")} - {""}
    if not asked:
        return {}
    groups = {
        name: {"name": name, "status": status}
        for name, status in state.groups.items()
        if asked & {"all", status.lower()}
    }
    return {"state": {"groups": groups}}


def _changed(state: State) -> str | None:
    """Write when a state changed last, as Datadog does: to the second."""
    if state.since is None:
        return None
    return datetime.fromtimestamp(state.since // 1000, UTC).isoformat()


def _without(shown: Json, *names: str) -> Json:
    return {name: value for name, value in shown.items() if name not in names}


def _named(monitor: Monitor) -> str:
    return f"{monitor.id},{monitor.kept['name']}"


def _split(tags: str) -> set[str]:
    return {tag.strip() for tag in tags.split(",") if tag.strip()}


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="microseconds")
