"""The routes of the sandbox, and who may use them."""

import time
from collections.abc import AsyncIterator, Callable, Collection
from typing import cast

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from datadog_assets.errors import UnsupportedSearch
from datadog_assets.sandbox import events, intake
from datadog_assets.sandbox.intake import Refusal
from datadog_assets.sandbox.log import StoredLog
from datadog_assets.sandbox.preprocess import split_tags
from datadog_assets.sandbox.store import Stats, Store


class Sandbox:
    """Datadog, as far as a log relay needs it, for one test or one session. All state is here, in memory.

    Args:
        api_keys: keys that the intake and everything else take.
        app_keys: application keys that reading logs takes, besides an API key.
        keep: how many logs are kept; the oldest are forgotten, and counted.
        clock: the time in epoch seconds.
    """

    def __init__(
        self,
        *,
        api_keys: Collection[str],
        app_keys: Collection[str],
        keep: int = 100_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api_keys = frozenset(api_keys)
        self._app_keys = frozenset(app_keys)
        self._clock = clock
        self._store = Store(keep)
        self.app = Starlette(
            routes=[
                Route("/api/v2/logs", self._submit, methods=["POST"]),
                Route("/api/v1/validate", self._validate),
                Route("/api/v2/logs/events/search", self._search, methods=["POST"]),
                Route("/api/v2/logs/events", self._list),
                Route("/sandbox/stats", self._show_stats),
            ],
            exception_handlers={HTTPException: _http_error, ClientDisconnect: _nobody_reads},
        )

    @property
    def logs(self) -> list[StoredLog]:
        """The logs kept, in the order of arrival."""
        return list(self._store.logs)

    @property
    def stats(self) -> Stats:
        """What was counted so far; goes on counting."""
        return self._store.stats

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
            return _json(refusal.status, {"errors": [refusal.as_json()]})
        return _json(202, {})

    async def _take(self, request: Request, chunks: AsyncIterator[bytes]) -> None:
        key = request.headers.get("dd-api-key") or request.query_params.get("dd-api-key")
        if not key:
            raise Refusal(401, "API key required")
        if key not in self._api_keys:
            raise Refusal(403, "API key invalid")
        payload = await intake.read_payload(chunks, request.headers.get("content-encoding", ""))
        entries = intake.read_entries(payload)
        tags = split_tags(request.query_params.get("ddtags", ""))
        now_ms = self._now_ms()
        # every entry is read before one is kept: a refused request leaves nothing behind
        read = [intake.read_entry(entry, tags, now_ms) for entry in entries]

        stats = self.stats
        stats.most_entries = max(stats.most_entries, len(entries))
        stats.largest_payload_bytes = max(stats.largest_payload_bytes, len(payload))
        for log, was_cut in read:
            stats.entries_cut += was_cut
            if intake.is_dated_within(log["timestamp"], now_ms):
                self._store.add(log, cut=was_cut)
            else:
                stats.logs_dropped_by_date += 1

    async def _validate(self, request: Request) -> Response:
        key = request.headers.get("dd-api-key")
        if key not in self._api_keys:
            raise HTTPException(403, "Forbidden" if key else "API key required")
        return _json(200, {"valid": True})

    async def _search(self, request: Request) -> Response:
        self._check_keys(request)
        return self._answer(request, await request.body())

    async def _list(self, request: Request) -> Response:
        self._check_keys(request)
        return self._answer(request, orjson.dumps(events.nested(request.query_params.items())))

    def _check_keys(self, request: Request) -> None:
        key, app_key = request.headers.get("dd-api-key"), request.headers.get("dd-application-key")
        if not key or not app_key:
            raise HTTPException(401, "Unauthorized")
        if key not in self._api_keys or app_key not in self._app_keys:
            raise HTTPException(403, "Forbidden")

    def _answer(self, request: Request, body: bytes) -> Response:
        try:
            search = events.read(body)
            found = events.find(search, self._store.logs, self._now_ms())
        except (events.InvalidSearch, UnsupportedSearch) as error:
            raise HTTPException(400, str(error)) from error
        answer: dict[str, object] = {"data": [events.shown(log) for log in found.logs]}
        if found.cursor is not None:
            query = events.as_query(search, found.cursor)
            answer["meta"] = {"page": {"after": found.cursor}}
            answer["links"] = {"next": f"{request.base_url}api/v2/logs/events?{query}"}
        return _json(200, answer)

    async def _show_stats(self, _request: Request) -> Response:
        return _json(200, self.stats)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _json(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


async def _http_error(_request: Request, error: Exception) -> Response:
    error = cast("HTTPException", error)  # Starlette's type for every handler is wider
    return _json(error.status_code, {"errors": [error.detail]})


async def _nobody_reads(_request: Request, _error: Exception) -> Response:
    """The client went away while sending: no fault of the sandbox, and nobody to answer."""
    return Response(status_code=400)
