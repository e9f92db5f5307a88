"""Reads a request's body within bounds of size and time, and unpacks it."""

import asyncio
import contextlib
import zlib
from collections.abc import Mapping
from typing import TypeAlias

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


Place: TypeAlias = asyncio.Semaphore
"""A place among the large bodies: taken by `read_body`, to be released once the body is no longer needed."""


async def read_body(
    receive: Receive, headers: Mapping[bytes, bytes], limit: TimeLimit, places: asyncio.Semaphore | None
) -> tuple[bytes, Place | None]:
    """Read and unpack a body.

    Args:
        receive: of the ASGI request.
        headers: of the request, names in lower case.
        limit: of how long the body may take, the wait for a place included.
        places: of which a large body takes one; None if nothing of the body is to be kept.

    Returns:
        The body, and the place that it has, if it is a large one.

    Raises:
        Refused: 408 too slow, 413 too long, 415 packed in an unknown way, 400 not packed as it says.
        Disconnected: the sender went away.
    """
    keep = MAX_BODY_BYTES if places else 0
    parts: list[bytes] = []
    size = 0
    place = None
    is_whole = False
    task = limit.begin()
    try:
        while size <= _READ_AT_MOST and not is_whole:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            part = message.get("body", b"")
            size += len(part)
            if size <= keep:
                parts.append(part)
            if size >= LARGE_BODY and places and not place:
                await places.acquire()
                place = places
            is_whole = not message.get("more_body", False)
    except asyncio.CancelledError:
        if limit.is_over(task):
            late = f"The body did not arrive within {limit.seconds:g} s."
            raise Refused(408, "body_too_slow", late) from None
        raise
    finally:
        limit.end(task)
        if place and (size > keep or not is_whole):
            place.release()
    if size > keep:
        raise _too_large()
    body = b"".join(parts)
    if places and b"content-encoding" in headers:
        return await _unpacked(body, headers, place, places)
    return body, place


async def discard_body(receive: Receive, limit: TimeLimit) -> None:
    """Read what a sender who is about to be refused still sends, within the same bounds, keeping nothing."""
    with contextlib.suppress(Refused):
        await read_body(receive, {}, limit, None)


async def _unpacked(
    body: bytes, headers: Mapping[bytes, bytes], place: Place | None, places: asyncio.Semaphore
) -> tuple[bytes, Place | None]:
    """What a body holds that was read, and the place that it has then."""
    try:
        if (coding := _coding(headers)) and body:
            if not place:
                await places.acquire()
                place = places
            body = _unpack(body, coding)
    except BaseException:
        if place:
            place.release()
        raise
    return body, place


def _coding(headers: Mapping[bytes, bytes]) -> str | None:
    """How a body is packed; None if it is not."""
    coding = headers[b"content-encoding"].decode("latin-1").strip().lower()
    if coding in {"", "identity"}:
        return None
    if coding not in _FORMATS:
        message = "Content-Encoding must be gzip, deflate or identity."
        raise Refused(415, "unknown_encoding", message, {"Accept-Encoding": "gzip, deflate"})
    return coding


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
