"""Requests that two servers may read in two ways, and such as are none at all.

Behind a proxy, what the proxy takes for the body of one request must not be a second request for the relay:
each shape that could hide one hides an event of its own, which must never arrive.
"""

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from chaos.rows.strangers import besieged
from chaos.sending import TOKEN
from chaos.trial import Row, Trial

SILENCE = 2.0
"""A connection on which nothing came for so many seconds has nothing more to say."""

_HEAD = f"POST /okta/events HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {TOKEN}\r\n".encode()


@dataclass(frozen=True, slots=True)
class Shape:
    """A request.

    Attributes:
        name: for people.
        data: its bytes.
        hides: whether `data` ends with a request that must not be taken for one.
    """

    name: str
    data: bytes
    hides: bool = False


def _hidden(trial: Trial, name: str) -> bytes:
    """A whole request with an event that must not arrive."""
    event = orjson.dumps(trial.ledger.event(execution_id=f"hidden in {name}"))
    return _HEAD + b"Content-Length: %d\r\n\r\n" % len(event) + event


def _hiding(trial: Trial) -> list[Shape]:
    """Shapes in which a proxy may see one request, and a careless server two."""

    def shape(name: str, headers: bytes, before: bytes = b"0\r\n\r\n") -> Shape:
        rest = before + _hidden(trial, name)
        return Shape(name, _HEAD + headers.replace(b"ALL", b"%d" % len(rest)) + b"\r\n" + rest, hides=True)

    both = b"Content-Length: ALL\r\nTransfer-Encoding: chunked\r\n"
    return [
        shape("Content-Length and Transfer-Encoding", both),
        shape(
            "Transfer-Encoding and Content-Length", b"Transfer-Encoding: chunked\r\nContent-Length: ALL\r\n"
        ),
        shape("two Content-Length", b"Content-Length: 5\r\nContent-Length: ALL\r\n"),
        shape("two Content-Length, the other way", b"Content-Length: ALL\r\nContent-Length: 5\r\n"),
        shape("a list as Content-Length", b"Content-Length: 5, ALL\r\n"),
        shape(
            "Transfer-Encoding in a folded line", b"Content-Length: ALL\r\nTransfer-Encoding:\r\n chunked\r\n"
        ),
        shape(
            "Content-Length folded into another", b"X-A: b\r\n Content-Length: 5\r\nContent-Length: ALL\r\n"
        ),
        shape("a space before the colon", b"Content-Length: ALL\r\nTransfer-Encoding : chunked\r\n"),
        shape("xchunked", b"Content-Length: ALL\r\nTransfer-Encoding: xchunked\r\n"),
        shape("chunked and identity", b"Content-Length: ALL\r\nTransfer-Encoding: chunked, identity\r\n"),
        shape("two Transfer-Encoding", both + b"Transfer-Encoding: identity\r\n"),
        shape(
            "a bare LF before Transfer-Encoding",
            b"Content-Length: ALL\r\nX-A: b\nTransfer-Encoding: chunked\r\n",
        ),
        shape(
            "a bare CR before Transfer-Encoding",
            b"Content-Length: ALL\r\nX-A: b\rTransfer-Encoding: chunked\r\n",
        ),
        shape("a signed Content-Length", b"Content-Length: +5\r\nContent-Length: ALL\r\n"),
        shape("a chunk size with 0x", b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n"),
        shape("a negative chunk size", b"Transfer-Encoding: chunked\r\n", b"-1\r\n\r\n"),
        shape("a chunk size over 64 bits", b"Transfer-Encoding: chunked\r\n", b"10000000000000000\r\n\r\n"),
        shape("a bare LF after the chunk size", b"Transfer-Encoding: chunked\r\n", b"0\n\n"),
        shape("a chunk longer than it says", b"Transfer-Encoding: chunked\r\n", b"1\r\n  \r\n0\r\n\r\n"),
    ]


def _plain() -> list[Shape]:
    """Shapes that are only wrong, or rare."""
    chunked = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    upgrade = b"GET /okta/events HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade"
    return [
        Shape("chunk extensions", chunked + b'2;a="b";c\r\n  \r\n0;d\r\n\r\n'),
        Shape("a chunk extension of 1 MB", chunked + b"2;a=" + b"x" * 1_000_000 + b"\r\n  \r\n0\r\n\r\n"),
        Shape("a trailer", chunked + b"2\r\n  \r\n0\r\nContent-Length: 100\r\n\r\n"),
        Shape("trailers of 1 MB", chunked + b"2\r\n  \r\n0\r\n" + b"X-A: b\r\n" * 130_000 + b"\r\n"),
        Shape("100,000 chunks of a byte", chunked + b"1\r\n \r\n" * 100_000 + b"0\r\n\r\n"),
        Shape("bare LF throughout", b"GET /livez HTTP/1.1\nHost: relay\n\n"),
        Shape("no request line", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500),
        Shape("HTTP/0.9", b"GET /livez\r\n\r\n"),
        Shape("HTTP/1.0", b"GET /livez HTTP/1.0\r\n\r\n"),
        Shape("HTTP/9.9", b"GET /livez HTTP/9.9\r\nHost: relay\r\n\r\n"),
        Shape("no Host", b"GET /livez HTTP/1.1\r\n\r\n"),
        Shape("two Hosts", b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        Shape("NUL in a header", _HEAD + b"X-A: \x00\r\nContent-Length: 0\r\n\r\n"),
        Shape(
            "bytes over 127 in path and header", b"GET /\xff\xfe HTTP/1.1\r\nHost: \xff\r\nX: \xff\r\n\r\n"
        ),
        Shape("a path of 1 MB", b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: relay\r\n\r\n"),
        Shape("broken percent signs", b"GET /%zz%%%00 HTTP/1.1\r\nHost: relay\r\n\r\n"),
        Shape("10,000 headers", _HEAD + b"X-A: b\r\n" * 10_000 + b"Content-Length: 0\r\n\r\n"),
        Shape("Expect: 100-continue", _HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"),
        Shape("an unknown method", b"BREW /okta/events HTTP/1.1\r\nHost: relay\r\n\r\n"),
        Shape("CONNECT", b"CONNECT relay:443 HTTP/1.1\r\nHost: relay\r\n\r\n"),
        Shape("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: relay\r\n\r\n"),
        Shape(
            "a websocket",
            upgrade + b"\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        ),
        Shape(
            "an upgrade to HTTP/2",
            upgrade + b", HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        ),
        Shape("a Content-Length of 100 digits", _HEAD + b"Content-Length: " + b"9" * 100 + b"\r\n\r\n"),
        Shape("a Content-Length of 5,000 digits", _HEAD + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n"),
        Shape("gzip that is none", _HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
        Shape("100 requests at once, and gone", (_HEAD + b"Content-Length: 0\r\n\r\n") * 100),
    ]


async def malformed(trial: Trial) -> None:
    """Each shape on a connection of its own, a few at once."""
    async with besieged(trial) as relay:
        shapes = [*_hiding(trial), *_plain()] * trial.size(1, 20)
        trial.note = f"{len(shapes)} requests with two meanings or none"
        slots = asyncio.Semaphore(8)

        async def send(shape: Shape) -> None:
            async with slots:
                statuses = await _statuses(relay.url, shape.data)
            trial.expect(500 not in statuses, f"{shape.name}: answered 500")
            # one for the request that is seen, which may well be harmless; a second one is the hidden request's
            if shape.hides:
                trial.expect(statuses.count(202) < 2, f"{shape.name}: a hidden request was answered 202")

        await asyncio.gather(*(send(shape) for shape in shapes))


async def _statuses(url: str, data: bytes) -> Sequence[int]:
    """Send bytes; gives the statuses of all answers until the connection ends or falls silent."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    answer = b""
    try:
        writer.write(data)
        with contextlib.suppress(TimeoutError, OSError):
            while part := await asyncio.wait_for(reader.read(65536), SILENCE):
                answer += part
    finally:
        writer.transport.abort()
    return [int(status) for status in re.findall(rb"HTTP/1.1 (\d{3})", answer)]


ROWS = (Row("strangers-malformed", "requests with two meanings or none", malformed),)
