"""Reads a request's body within bounds of size and time, and unpacks it."""

import asyncio
import zlib
from collections.abc import Mapping

from starlette.types import Receive

from relay.errors import Refused
from relay.timelimit import TimeLimit

MAX_BODY_BYTES = 5 * 1024 * 1024
"""The longest body, packed and unpacked. Okta publishes no size of its own; Datadog's shippers keep to the
5 MB of its intake, and some read MB as 2^20. https://docs.datadoghq.com/api/latest/logs/#send-logs"""

BODY_SECONDS = 10.0
"""A body has to be here after so many seconds."""

_READ_AT_MOST = 4 * MAX_BODY_BYTES
"""So much of a refused body is read, and thrown away: a sender that is cut off in the middle of its writing
does not see the answer."""

LARGE_BODY = 256 * 1024
"""Bodies from this size on, in bytes, and all that are packed, need a place; real ones have a few kB."""

LARGE_AT_ONCE = 8
"""So many places are there: thousands of connections may each bring a body of the greatest length."""

_FORMATS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""The codings and zlib's numbers for them; `deflate` is sent with and without zlib's header."""


class Disconnected(Exception):
    """The sender is gone; there is nobody to answer."""


class Place:
    """A request's place among those with a large body, taken once its body turns out to be one."""

    __slots__ = ("_is_taken", "_places")

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._is_taken = False

    async def take(self) -> None:
        """Wait for a place, unless it is taken already."""
        if not self._is_taken:
            await self._places.acquire()
            self._is_taken = True

    def free(self) -> None:
        """Let the next one have it."""
        if self._is_taken:
            self._places.release()
            self._is_taken = False


async def read_body(
    receive: Receive, headers: Mapping[bytes, bytes], limit: TimeLimit, place: Place
) -> bytes:
    """Read and unpack a body.

    Args:
        receive: of the ASGI request.
        headers: of the request, names in lower case.
        limit: of how long the body may take, the wait for a place included.
        place: is taken for a large body; to be freed once the body is no longer needed.

    Raises:
        Refused: 408 too slow, 413 too long, 415 packed in an unknown way, 400 not packed as it says.
        Disconnected: the sender went away.
    """
    body = await _read(receive, limit, place)
    if b"content-encoding" not in headers:
        return body
    coding = headers[b"content-encoding"].decode("latin-1").strip().lower()
    if coding not in {"", "identity", *_FORMATS}:
        message = "Content-Encoding must be gzip, deflate or identity."
        raise Refused(415, "unknown_encoding", message, {"Accept-Encoding": "gzip, deflate"})
    if not body or coding not in _FORMATS:
        return body
    await place.take()
    return _unpack(body, coding)


async def discard_body(receive: Receive, limit: TimeLimit) -> None:
    """Read what a sender who is about to be refused still sends, within the same bounds, keeping nothing."""
    try:
        await _read(receive, limit)
    except Refused:
        return


async def _read(receive: Receive, limit: TimeLimit, place: Place | None = None) -> bytes:
    """Read a body; without a place, nothing of it is kept."""
    keep = MAX_BODY_BYTES if place else 0
    parts: list[bytes] = []
    size = 0
    task = limit.begin()
    try:
        while size <= _READ_AT_MOST:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            part = message.get("body", b"")
            size += len(part)
            if size <= keep:
                parts.append(part)
            if place and size >= LARGE_BODY:
                await place.take()
            if not message.get("more_body", False):
                break
    except asyncio.CancelledError:
        if limit.is_over(task):
            late = f"The body did not arrive within {limit.seconds:g} s."
            raise Refused(408, "body_too_slow", late) from None
        raise
    finally:
        limit.end(task)
    if size > keep:
        raise _too_large()
    return b"".join(parts)


def _unpack(body: bytes, coding: str) -> bytes:
    for number in _FORMATS[coding]:
        inflate = zlib.decompressobj(number)
        try:
            unpacked = inflate.decompress(body, MAX_BODY_BYTES + 1)
        except zlib.error:
            continue
        if len(unpacked) > MAX_BODY_BYTES:
            raise _too_large()
        if inflate.eof and not inflate.unused_data:
            return unpacked
    raise Refused(400, "bad_encoding", f"The body is not one complete {coding} stream.")


def _too_large() -> Refused:
    return Refused(413, "body_too_large", f"The body is longer than {MAX_BODY_BYTES:,} bytes.")
