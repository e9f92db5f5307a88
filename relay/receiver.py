"""The ASGI app: authenticate, read, put, answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from relay import okta
from relay.access import Access
from relay.batching import MAX_ENTRIES
from relay.body import (
    BODY_SECONDS,
    LARGE_AT_ONCE,
    LARGE_BODY,
    MAX_BODY_BYTES,
    Disconnected,
    discard_body,
    read_body,
)
from relay.envelope import Envelope, Record
from relay.errors import Refused, SpoolError
from relay.tally import Tally
from relay.timelimit import TimeLimit

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


class Puts(Protocol):
    """What the receiver needs of a spool."""

    def put(self, records: Sequence[Record]) -> Awaitable[int]:
        """See `relay.spool.Spool.put`."""
        ...


Taken: TypeAlias = tuple[Sequence[Record], bool, bool]
"""What a request brought: a record for each event or entry; whether the body had to be mended; whether it is
what Okta's test button may send."""


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
    """An endpoint that takes events.

    A plain ASGI app that answers its errors itself: Starlette's routing, Request, Response and error handling
    cost more than the rest of a request.
    """

    def __init__(
        self,
        read: Callable[[bytes, Scope, Envelope], Taken],
        policy: Callable[[], Policy],
        spool: Puts,
        tally: Tally,
        limit: TimeLimit,
        also_header: bytes | None = None,
    ) -> None:
        self._read = read
        self._policy = policy
        self._spool = spool
        self._tally = tally
        self._limit = limit
        self._also_header = also_header
        self._places = asyncio.Semaphore(LARGE_AT_ONCE)
        self._one_large = asyncio.Semaphore(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: 202 once all that it brought is on disk, else an error and nothing stored."""
        started = time.perf_counter()
        try:
            records, stored = await self._take(scope, receive)
        except Disconnected:
            return
        except Exception as error:
            await _refusal(error, self._tally)(scope, receive, send)
            if not isinstance(error, Refused | SpoolError):
                raise  # a fault of ours, which the server logs
            return
        self._tally.accepted(records, stored, time.perf_counter() - started)
        await send(_ACCEPTED_START)
        await send(_ACCEPTED_BODY)

    async def _take(self, scope: Scope, receive: Receive) -> tuple[Sequence[Record], int]:
        """Read a request and store what it brought; gives that, and how much of it was new.

        Large bodies are read one at a time, for they take many times their size, and in a thread, so that
        other requests need not wait for them.
        """
        headers = dict(scope["headers"])
        policy = self._policy()
        try:
            policy.access.check(scope, headers, self._also_header)
        except Refused:
            await discard_body(receive, self._limit)
            raise
        body, place = await read_body(receive, headers, self._limit, self._places)
        try:
            if len(body) < LARGE_BODY:
                records, recovered, is_test = self._read(body, scope, policy.envelope)
                del body  # the records are as long, and may wait
                stored = await self._spool.put(records) if records else 0
            else:
                async with self._one_large:
                    records, recovered, is_test = await asyncio.to_thread(
                        self._read, body, scope, policy.envelope
                    )
                    stored = await self._spool.put(records) if records else 0
        finally:
            if place:
                place.release()
        if recovered or is_test:
            self._tally.recovered += recovered
            self._tally.tests += is_test
        return records, stored


def create_app(
    spool: Puts,
    policy: Callable[[], Policy],
    tally: Tally,
    unready: Callable[[], Awaitable[list[str]]],
    render_metrics: Callable[[], Awaitable[bytes]],
    body_seconds: float = BODY_SECONDS,
) -> ASGIApp:
    """Make the app.

    Args:
        spool: keeps what is accepted.
        policy: is asked at each request.
        tally: counts what happens.
        unready: why the relay should get no traffic at present; empty if it should.
        render_metrics: gives all metrics in Prometheus' text format.
        body_seconds: how long a body may take.
    """

    async def livez(_: Request) -> Response:
        return Response('{"status":"alive"}', media_type="application/json")

    async def readyz(_: Request) -> Response:
        reasons = await unready()
        status = {"status": "not ready", "reasons": reasons} if reasons else {"status": "ready"}
        return Response(orjson.dumps(status), 503 if reasons else 200, media_type="application/json")

    async def show_metrics(_: Request) -> Response:
        return Response(await render_metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def refuse(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):  # nobody has read the body, and a sender may still be sending it
            with suppress(Disconnected):
                await discard_body(request.receive, limit)
        return _refusal(error, tally)

    limit = TimeLimit(body_seconds)
    ingests: dict[str, ASGIApp] = {
        okta.EVENTS_PATH: Ingest(_from_okta, policy, spool, tally, limit),
        "/api/v2/logs": Ingest(_from_shipper, policy, spool, tally, limit, _SHIPPERS_HEADER),
    }
    others = Starlette(
        routes=[
            *(Route(path, ingest, methods=["POST"]) for path, ingest in ingests.items()),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", show_metrics),
        ],
        exception_handlers=dict.fromkeys((HTTPException, Exception), refuse),
    )

    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass events by Starlette, whose way to a route costs as much as all that is done with them."""
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        chosen = ingests.get(scope["path"], others) if is_post else others
        return chosen(scope, receive, send)

    return app


def _refusal(error: Exception, tally: Tally) -> Response:
    """The answer to an error, counted."""
    refused = _as_refused(error)
    tally.refused[refused.code] += 1
    answer = {"error": {"code": refused.code, "message": str(refused)}}
    return Response(
        orjson.dumps(answer), refused.status, headers=refused.headers, media_type="application/json"
    )


def _from_okta(body: bytes, _: Scope, envelope: Envelope) -> Taken:
    events, recovered = okta.read(body)
    if len(events) == 1:
        return [envelope.wrap(events[0])], recovered, False
    return _bounded(map(envelope.wrap, events)), recovered, not events


def _from_shipper(body: bytes, scope: Scope, envelope: Envelope) -> Taken:
    entries = okta.read_objects(body)
    if len(entries) > MAX_ENTRIES:
        raise Refused(413, "too_many_entries", f"At most {MAX_ENTRIES:,} entries fit into one request.")
    shared = QueryParams(scope["query_string"]).get("ddtags", "")
    return _bounded(envelope.complete(entry, shared) for entry in entries), False, False


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
