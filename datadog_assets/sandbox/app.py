"""The sandbox: the routes of logs, and those of every other area put together.

A log that arrives goes through the pipelines that were applied, is stored, and is given to the monitors.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import cast

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from datadog_assets.dates import is_dated_within
from datadog_assets.log import Log
from datadog_assets.preprocess import split_tags
from datadog_assets.sandbox import events, intake
from datadog_assets.sandbox.access import Access, AppKeys
from datadog_assets.sandbox.alerts import Alerts, Notified
from datadog_assets.sandbox.answers import Json, Refused, answer
from datadog_assets.sandbox.faults import Call, Traffic
from datadog_assets.sandbox.intake import Refusal
from datadog_assets.sandbox.log import StoredLog
from datadog_assets.sandbox.monitors import Monitors
from datadog_assets.sandbox.notification_rules import NotificationRules
from datadog_assets.sandbox.pipelines import Pipelines
from datadog_assets.sandbox.processing import Processing
from datadog_assets.sandbox.store import Stats, Store


class Sandbox:
    """Datadog, as far as this product needs it, for one test or one session. All state is here, in memory.

    Args:
        api_keys: keys that the intake and everything else take.
        app_keys: application keys that everything but the intake takes, besides an API key. A mapping
            gives the permissions of each (`access.PERMISSIONS`); otherwise every key has all of them.
        keep: how many logs are kept; the oldest are forgotten, and counted.
        clock: the time in epoch seconds; monitors are evaluated by it.
        sleep: waits so many seconds, where a fault says so.
    """

    def __init__(
        self,
        *,
        api_keys: Collection[str],
        app_keys: AppKeys,
        keep: int = 100_000,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._access = Access(api_keys, app_keys)
        self._clock = clock
        self._store = Store(keep)
        self._traffic = Traffic(clock, sleep)
        self._processing = Processing()
        self._alerts = Alerts(clock)
        self._pipelines = Pipelines(self._access, self._processing.use)
        self._monitors = Monitors(self._access, clock, self._alerts)
        self._rules = NotificationRules(self._access, clock, self._alerts.follow)
        read_logs = "logs_read_data"
        self.app = Starlette(
            routes=[
                Route("/api/v2/logs", self._submit, methods=["POST"]),
                Route("/api/v1/validate", self._validate),
                Route("/api/v2/validate_keys", self._validate_keys),
                Route(
                    "/api/v2/logs/events/search",
                    self._access.needs(read_logs, self._search),
                    methods=["POST"],
                ),
                Route("/api/v2/logs/events", self._access.needs(read_logs, self._list), methods=["GET"]),
                Route("/sandbox/stats", self._show_stats),
                *self._traffic.routes,
                *self._pipelines.routes,
                *self._monitors.routes,
                *self._rules.routes,
                *self._alerts.routes,
            ],
            middleware=[Middleware(self._traffic.around)],
            exception_handlers={
                HTTPException: _http_error,
                Refused: _refused,
                ClientDisconnect: _nobody_reads,
            },
        )

    @property
    def logs(self) -> list[StoredLog]:
        """The logs kept, as the pipelines left them, in the order of arrival."""
        return list(self._store.logs)

    @property
    def stats(self) -> Stats:
        """What was counted so far; goes on counting."""
        return self._store.stats

    @property
    def calls(self) -> list[Call]:
        """The calls that were received, oldest first, but for those to `/sandbox/...`."""
        return list(self._traffic.calls)

    @property
    def pipelines(self) -> list[Json]:
        """The pipelines as the API shows them, in their order."""
        return self._pipelines.bodies

    @property
    def monitors(self) -> list[Json]:
        """The monitors as the API lists them, oldest first."""
        return self._monitors.bodies

    @property
    def notification_rules(self) -> list[Json]:
        """The monitor notification rules as the API lists them, oldest first."""
        return self._rules.bodies

    @property
    def notifications(self) -> list[Notified]:
        """What monitors notified of, oldest first, as `GET /sandbox/notifications` lists it."""
        return self._alerts.notifications

    async def _submit(self, request: Request) -> Response:
        self.stats.requests += 1
        chunks = request.stream()
        try:
            await self._take(request, chunks)
        except Refusal as refusal:
            self.stats.refused[str(refusal.status)] += 1
            # a client that is still sending would meet a reset connection instead of the answer
            async for _ in chunks:
                pass
            return answer({"errors": [refusal.as_json()]}, refusal.status)
        return answer({}, 202)

    async def _take(self, request: Request, chunks: AsyncIterator[bytes]) -> None:
        key = request.headers.get("dd-api-key") or request.query_params.get("dd-api-key")
        if not key:
            raise Refusal(401, "API key required")
        if key not in self._access.api_keys:
            raise Refusal(403, "API key invalid")
        payload = await intake.read_payload(chunks, request.headers.get("content-encoding", ""))
        entries = intake.read_entries(payload)
        tags = split_tags(request.query_params.get("ddtags", ""))
        now_ms = self._now_ms()
        # every entry is read before one is kept: a refused request leaves nothing behind
        read = [intake.read_entry(entry, tags, now_ms) for entry in entries]
        processed = [(self._process(log, now_ms), was_cut) for log, was_cut in read]

        stats = self.stats
        stats.most_entries = max(stats.most_entries, len(entries))
        stats.largest_payload_bytes = max(stats.largest_payload_bytes, len(payload))
        stats.entries_cut += sum(was_cut for _, was_cut in processed)
        kept = [(log, was_cut) for log, was_cut in processed if is_dated_within(log["timestamp"], now_ms)]
        stats.logs_dropped_by_date += len(processed) - len(kept)
        for log, was_cut in kept:
            self._store.add(log, cut=was_cut)
            # the pipeline that comes with a source acts on the logs of the next requests
            self._pipelines.notice(log["source"])
        self._alerts.take([log for log, _ in kept])

    def _process(self, log: Log, now_ms: int) -> Log:
        """Send a log through the pipelines, unless its date lets it be dropped before."""
        return self._processing.process(log, now_ms) if is_dated_within(log["timestamp"], now_ms) else log

    async def _validate(self, request: Request) -> Response:
        key = request.headers.get("dd-api-key")
        if key not in self._access.api_keys:
            raise HTTPException(403, "Forbidden" if key else "API key required")
        return answer({"valid": True})

    async def _validate_keys(self, request: Request) -> Response:
        self._access.check(request)
        return answer({"status": "ok"})

    async def _search(self, request: Request) -> Response:
        return self._answer(request, await request.body())

    async def _list(self, request: Request) -> Response:
        return self._answer(request, orjson.dumps(events.nested(request.query_params.items())))

    def _answer(self, request: Request, body: bytes) -> Response:
        try:
            search = events.read(body)
            found = events.find(search, self._store.logs, self._now_ms())
        except events.InvalidSearch as error:
            raise HTTPException(400, str(error)) from error
        page: Json = {"data": [events.shown(log) for log in found.logs]}
        if found.cursor is not None:
            query = events.as_query(search, found.cursor)
            page["meta"] = {"page": {"after": found.cursor}}
            page["links"] = {"next": f"{request.base_url}api/v2/logs/events?{query}"}
        return answer(page)

    async def _show_stats(self, _request: Request) -> Response:
        return answer(self.stats)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


async def _http_error(_request: Request, error: Exception) -> Response:
    error = cast("HTTPException", error)  # Starlette's type for every handler is wider
    return answer({"errors": [error.detail]}, error.status_code)


async def _refused(_request: Request, error: Exception) -> Response:
    error = cast("Refused", error)  # as above
    return answer(error.body, error.status)


async def _nobody_reads(_request: Request, _error: Exception) -> Response:
    """The client went away while sending: no fault of the sandbox, and nobody to answer."""
    return Response(status_code=400)
