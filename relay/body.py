"""Reads a request's body within bounds of size and time, and unpacks it."""

import asyncio
import zlib
from collections.abc import Mapping

from starlette.types import Receive

from relay.errors import Refused

MAX_BODY_BYTES = 5 * 1024 * 1024
"""The longest body, packed and unpacked. Okta publishes no size of its own; Datadog's shippers keep to the
5 MB of its intake, and some read MB as 2^20. https://docs.datadoghq.com/api/latest/logs/#send-logs"""

BODY_SECONDS = 10.0
"""A body has to be here after so many seconds."""

_READ_AT_MOST = 4 * MAX_BODY_BYTES
"""So much of a refused body is read, and thrown away: a sender that is cut off in the middle of its writing
does not see the answer."""

_FORMATS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""The codings and zlib's numbers for them; `deflate` is sent with and without zlib's header."""


class Disconnected(Exception):
    """The sender is gone; there is nobody to answer."""


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], seconds: float) -> bytes:
    """Read and unpack a body.

    Args:
        receive: of the ASGI request.
        headers: of the request, names in lower case.
        seconds: how long the body may take.

    Raises:
        Refused: 408 too slow, 413 too long, 415 packed in an unknown way, 400 not packed as it says.
        Disconnected: the sender went away.
    """
    coding = headers.get(b"content-encoding", b"identity").decode("latin-1").strip().lower()
    body = await _read(receive, seconds)
    if coding not in {"", "identity", *_FORMATS}:
        message = "Content-Encoding must be gzip, deflate or identity."
        raise Refused(415, "unknown_encoding", message, {"Accept-Encoding": "gzip, deflate"})
    return _unpack(body, coding) if body and coding in _FORMATS else body


async def discard_body(receive: Receive, seconds: float) -> None:
    """Read what a sender who is about to be refused still sends, within the same bounds, keeping nothing."""
    try:
        await _read(receive, seconds, keep=0)
    except Refused:
        return


async def _read(receive: Receive, seconds: float, keep: int = MAX_BODY_BYTES) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while size <= _READ_AT_MOST:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                part = message.get("body", b"")
                size += len(part)
                if size <= keep:
                    parts.append(part)
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise Refused(408, "body_too_slow", f"The body did not arrive within {seconds:g} s.") from None
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
