"""The ASGI app: authenticate, read, put, answer."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from relay import okta
from relay.access import Access
from relay.batching import MAX_ENTRIES
from relay.body import (
    BODY_SECONDS,
    LARGE_AT_ONCE,
    LARGE_BODY,
    MAX_BODY_BYTES,
    Disconnected,
    Place,
    discard_body,
    read_body,
)
from relay.envelope import Envelope, Record
from relay.errors import Refused, SpoolError
from relay.metrics import Metrics
from relay.spool import Spool

_RETRY_AFTER = {"Retry-After": "10"}
"""With a 503: a full spool empties as fast as Datadog takes it, so a sender may try again soon. Seconds."""

_ACCEPTED_START = {
    "type": "http.response.start",
    "status": 202,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
}
_ACCEPTED_BODY = {"type": "http.response.body", "body": b"{}"}


_LONGEST_RECORDS = 8 * MAX_BODY_BYTES
"""The records of one request, in bytes: escaping makes an event up to twice as long, tags add to each."""

_SHIPPERS_HEADER = b"dd-api-key"
"""A log shipper may put its token where it has Datadog's key."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a request brought.

    Attributes:
        records: one for each event or entry.
        kinds: of each record, for the metric.
        recovered: whether the body had to be mended.
        is_test: whether it is what Okta's test button may send.
    """

    records: Sequence[Record]
    kinds: Sequence[str]
    recovered: bool = False
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """What may change while the relay runs.

    Attributes:
        access: who may bring events.
        envelope: makes records of them.
    """

    access: Access
    envelope: Envelope


class Ingest:
    """An endpoint that takes events: a plain ASGI app, for Request and Response cost more than the rest."""

    def __init__(
        self,
        read: Callable[[bytes, Scope, Envelope], Taken],
        policy: Callable[[], Policy],
        spool: Spool,
        metrics: Metrics,
        body_seconds: float,
        also_header: bytes | None = None,
    ) -> None:
        self._read = read
        self._policy = policy
        self._spool = spool
        self._metrics = metrics
        self._body_seconds = body_seconds
        self._also_header = also_header
        self._places = asyncio.Semaphore(LARGE_AT_ONCE)
        self._one_large = asyncio.Semaphore(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: 202 once all that it brought is on disk, else an error and nothing stored."""
        started = time.perf_counter()
        headers = dict(scope["headers"])
        policy = self._policy()
        place = Place(self._places)
        try:
            await self._check(policy.access, scope, headers, receive)
            body = await read_body(receive, headers, self._body_seconds, place)
            taken = await self._take(body, scope, policy.envelope)
        except Disconnected:
            return
        finally:
            place.free()
        self._metrics.tests.inc(taken.is_test)
        self._metrics.requests.inc()
        self._metrics.accept_seconds.observe(time.perf_counter() - started)
        await send(_ACCEPTED_START)
        await send(_ACCEPTED_BODY)

    async def _check(
        self, access: Access, scope: Scope, headers: dict[bytes, bytes], receive: Receive
    ) -> None:
        try:
            access.check(scope, headers, self._also_header)
        except Refused:
            await discard_body(receive, self._body_seconds)
            raise

    async def _take(self, body: bytes, scope: Scope, envelope: Envelope) -> Taken:
        """Read a body, large ones one at a time, for they take many times their size; store what it brought.

        They are read in a thread, so that other requests need not wait for them.
        """
        if len(body) < LARGE_BODY:
            return await self._store(self._read(body, scope, envelope))
        async with self._one_large:
            return await self._store(await asyncio.to_thread(self._read, body, scope, envelope))

    async def _store(self, taken: Taken) -> Taken:
        if not taken.records:
            return taken
        stored = await self._spool.put(taken.records)
        for kind, number in Counter(taken.kinds).items():
            self._metrics.events.labels(kind).inc(number)
        self._metrics.repeats.inc(len(taken.records) - stored)
        self._metrics.truncated.inc(sum(record.truncated for record in taken.records))
        self._metrics.recovered.inc(taken.recovered)
        return taken


def create_app(
    spool: Spool,
    policy: Callable[[], Policy],
    metrics: Metrics,
    unready: Callable[[], Awaitable[list[str]]],
    body_seconds: float = BODY_SECONDS,
) -> Starlette:
    """Make the app.

    Args:
        spool: keeps what is accepted.
        policy: is asked at each request.
        metrics: counts what happens.
        unready: why the relay should get no traffic at present; empty if it should.
        body_seconds: how long a body may take.
    """

    async def livez(_: Request) -> Response:
        return Response('{"status":"alive"}', media_type="application/json")

    async def readyz(_: Request) -> Response:
        reasons = await unready()
        status = {"status": "not ready", "reasons": reasons} if reasons else {"status": "ready"}
        return Response(orjson.dumps(status), 503 if reasons else 200, media_type="application/json")

    async def show_metrics(_: Request) -> Response:
        return Response(metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def refuse(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):  # nobody has read the body, and a sender may still be sending it
            with suppress(Disconnected):
                await discard_body(request.receive, body_seconds)
        refused = _as_refused(error)
        metrics.refused.labels(refused.code).inc()
        answer = {"error": {"code": refused.code, "message": str(refused)}}
        return Response(
            orjson.dumps(answer), refused.status, headers=refused.headers, media_type="application/json"
        )

    return Starlette(
        routes=[
            Route(
                okta.EVENTS_PATH, Ingest(_from_okta, policy, spool, metrics, body_seconds), methods=["POST"]
            ),
            Route(
                "/api/v2/logs",
                Ingest(_from_shipper, policy, spool, metrics, body_seconds, _SHIPPERS_HEADER),
                methods=["POST"],
            ),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", show_metrics),
        ],
        exception_handlers=dict.fromkeys((Refused, SpoolError, HTTPException, Exception), refuse),
    )


def _from_okta(body: bytes, _: Scope, envelope: Envelope) -> Taken:
    found = okta.read(body)
    records = _bounded(envelope.wrap(event) for event in found.events)
    kinds = [event.event_type or "other" for event in found.events]
    return Taken(records, kinds, found.recovered, is_test=not records)


def _from_shipper(body: bytes, scope: Scope, envelope: Envelope) -> Taken:
    entries = okta.read_objects(body)
    if len(entries) > MAX_ENTRIES:
        raise Refused(413, "too_many_entries", f"At most {MAX_ENTRIES:,} entries fit into one request.")
    shared = QueryParams(scope["query_string"]).get("ddtags", "")
    return Taken(_bounded(envelope.complete(entry, shared) for entry in entries), ["entry"] * len(entries))


def _bounded(records: Iterable[Record]) -> list[Record]:
    """The records of one request, unless what goes with each makes them many times as long as it was."""
    taken: list[Record] = []
    size = 0
    for record in records:
        size += len(record.data)
        if size > _LONGEST_RECORDS:
            raise Refused(413, "body_too_large", f"The records come to more than {_LONGEST_RECORDS:,} bytes.")
        taken.append(record)
    return taken


def _as_refused(error: Exception) -> Refused:
    """The answer to an error, whatever raised it; the cause of a 500 is logged by the server."""
    match error:
        case Refused():
            return error
        case SpoolError():
            return Refused(503, error.code, str(error), _RETRY_AFTER)
        case HTTPException(status_code=404):
            return Refused(404, "not_found", "There is no such path.")
        case HTTPException(status_code=405):
            return Refused(
                405, "method_not_allowed", "This path takes another method.", dict(error.headers or {})
            )
        case _:
            return Refused(500, "internal_error", "The relay has a fault; nothing of the request was stored.")
