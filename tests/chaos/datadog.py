"""What stands in Datadog's place on loopback: a logs intake that keeps count, and lies as it is told.

How it answers is its `behaviour`, a function that gets each request as an `Exchange`. The ones that rows use
are at the end of this file. Unlike the sandbox of `datadog_assets`, this one speaks HTTP by hand, for much of
what it does is no HTTP.
"""

import asyncio
import contextlib
import email.utils
import socket
import ssl
import struct
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import orjson

from datadog_assets.dates import epoch_ms
from relay.jsontext import JsonObject

MAX_ENTRIES = 1_000
MAX_BYTES = 5_000_000
"""Of one payload, unpacked: https://docs.datadoghq.com/api/latest/logs/#send-logs"""

OLDEST_MS = 18 * 3_600_000
NEWEST_MS = 2 * 3_600_000
"""An entry's date may be so far away, in the past and in the future, in ms; else it is dropped in silence."""

DATE_ATTRIBUTES = (
    "@timestamp",
    "timestamp",
    "_timestamp",
    "Timestamp",
    "eventTime",
    "date",
    "published_date",
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One payload that was kept, as the ids of its events; `life` counts the relay's processes."""

    life: int
    ids: frozenset[str]


@dataclass(slots=True)
class Seen:
    """What came so far.

    Attributes:
        requests: whose headers came.
        copies: of each event that was kept, by id.
        arrivals: the payloads that were kept.
        entries: each entry that was kept, if the row asked for that.
        dropped: ids of events that Datadog would have dropped for their date, though it answers 202.
        faults: what Datadog would refuse, and a relay must never send.
        keys: the API keys that came.
    """

    requests: int = 0
    copies: Counter[str] = field(default_factory=Counter)
    arrivals: list[Arrival] = field(default_factory=list)
    entries: list[JsonObject] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)


class Exchange:
    """One request, from its headers on, and what to do with it.

    Attributes:
        datadog: whose it is.
        headers: names in lower case.
    """

    def __init__(
        self, datadog: "Datadog", reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        self.datadog = datadog
        lines = head.decode("latin-1").split("\r\n")[1:]
        pairs = [line.partition(":") for line in lines if line]
        self.headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        self._reader = reader
        self._writer = writer

    async def payload(self) -> list[JsonObject]:
        """Read the entries; what breaks Datadog's limits is noted as a fault."""
        packed = await self._reader.readexactly(int(self.headers.get("content-length", "0")))
        text = zlib.decompress(packed, 31) if self.headers.get("content-encoding") == "gzip" else packed
        entries: list[JsonObject] = orjson.loads(text)
        if len(entries) > MAX_ENTRIES or len(text) > MAX_BYTES:
            self.datadog.seen.faults.append(f"{len(entries)} entries, {len(text)} bytes in one payload")
        return entries

    async def answer(
        self, status: int, body: bytes = b"{}", headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer with the true time, and keep the connection open."""
        fields = {"Date": email.utils.formatdate(usegmt=True), "Content-Type": "application/json"}
        fields |= headers or {}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        await self.write(
            f"HTTP/1.1 {status} Status\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )

    async def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        """Close the connection as one that is done with."""
        self._writer.close()

    def reset(self) -> None:
        """Close the connection with a TCP reset."""
        connection = self._writer.get_extra_info("socket")
        # linger for no time at all: the kernel sends RST, not FIN
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Behaviour: TypeAlias = Callable[[Exchange], Awaitable[None]]


class Datadog:
    """The intake.

    Attributes:
        seen: what came.
        keys: the API keys that are good; a wrong one is answered with `refusal`.
        refusal: 403 or 401.
        keep_entries: whether to keep the entries themselves.
        life: see `Arrival`; the row counts it up.
        changed: is set, and made anew, when the behaviour changes.
    """

    def __init__(self, *, keys: Sequence[str] = (), certificate: ssl.SSLContext | None = None) -> None:
        self.seen = Seen()
        self.keys = set(keys)
        self.refusal = 403
        self.keep_entries = False
        self.life = 0
        self.changed = asyncio.Event()
        self._behaviour: Behaviour = take
        self._certificate = certificate
        self._server: asyncio.Server | None = None
        self._port = 0
        self._connections: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is, for DD_LOGS_URL."""
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """Where it listens; the same after `leave` and `come`."""
        return self._port

    def become(self, behaviour: Behaviour) -> None:
        """Behave so from now on; what hangs in the old behaviour is let go."""
        self._behaviour = behaviour
        self.changed.set()
        self.changed = asyncio.Event()

    async def come(self, *, tls: bool = True) -> None:
        """Listen, at the same port as before; without TLS, although its URL says otherwise, on request."""
        context = self._certificate if tls else None
        serve = self._serve if tls else _answer_400
        self._server = await asyncio.start_server(
            serve, "127.0.0.1", self._port, ssl=context, limit=2**20, backlog=512
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def leave(self) -> None:
        """Refuse connections from now on, and close the open ones."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in list(self._connections):
            writer.transport.abort()
        for task in list(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(set(self._serving), timeout=5)

    def keep(self, entries: Sequence[JsonObject]) -> None:
        """Keep what Datadog would keep: all but what its date rules out."""
        now_ms = int(time.time() * 1000)
        kept = set()
        for entry in entries:
            message = _message(entry)
            id_ = str(message.get("execution_id"))
            if _is_datable(entry, message, now_ms):
                self.seen.copies[id_] += 1
                kept.add(id_)
                if self.keep_entries:
                    self.seen.entries.append(entry)
            else:
                self.seen.dropped.add(id_)
        self.seen.arrivals.append(Arrival(self.life, frozenset(kept)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        self._connections.add(writer)
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                self.seen.requests += 1
                exchange = Exchange(self, reader, writer, head)
                self.seen.keys[exchange.headers.get("dd-api-key", "")] += 1
                await self._behaviour(exchange)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # the relay ended the connection, or the row did
        except (ValueError, KeyError, TypeError, zlib.error, asyncio.LimitOverrunError) as error:
            self.seen.faults.append(f"a request that is none: {error!r}")
        finally:
            self._connections.discard(writer)
            self._serving.discard(task)
            writer.transport.abort()


@asynccontextmanager
async def run_datadog(
    *, keys: Sequence[str] = (), certificate: ssl.SSLContext | None = None
) -> AsyncIterator[Datadog]:
    """A Datadog that takes everything, while the block runs."""
    datadog = Datadog(keys=keys, certificate=certificate)
    await datadog.come()
    try:
        yield datadog
    finally:
        datadog.become(take)
        await datadog.leave()


async def _answer_400(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What a server without TLS says to the beginning of a TLS connection."""
    with contextlib.suppress(OSError):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
    writer.close()


def _message(entry: JsonObject) -> JsonObject:
    """The entry's message as attributes, if it is the text of an object."""
    text = entry.get("message")
    with contextlib.suppress(orjson.JSONDecodeError):
        if isinstance(text, str) and isinstance(found := orjson.loads(text), dict):
            return found
    return text if isinstance(text, dict) else {}


def _is_datable(entry: JsonObject, message: JsonObject, now_ms: int) -> bool:
    """Whether Datadog keeps the entry: its date is near, or it has none and gets the time of arrival.

    Which wins, where entry and message both have one, is not documented: here both must do.
    """
    for holder in (entry, message):
        value = next((holder[name] for name in DATE_ATTRIBUTES if holder.get(name) is not None), None)
        date = None if value is None else epoch_ms(value, now_ms)
        if date is not None and not now_ms - OLDEST_MS <= date <= now_ms + NEWEST_MS:
            return False
    return True


# What it may do with a request.


async def take(exchange: Exchange) -> None:
    """Keep the payload and answer 202; a wrong key is refused."""
    entries = await exchange.payload()
    datadog = exchange.datadog
    if datadog.keys and exchange.headers.get("dd-api-key") not in datadog.keys:
        await exchange.answer(datadog.refusal, b'{"errors":[{"status":"403","title":"Forbidden"}]}')
        return
    datadog.keep(entries)
    await exchange.answer(202)


def refuse(status: int, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with a status, and keep nothing."""

    async def behaviour(exchange: Exchange) -> None:
        await exchange.payload()
        await exchange.answer(status, body, headers)

    return behaviour


def refuse_longer(than: int) -> Behaviour:
    """Take payloads of up to so many bytes; answer longer ones 413."""

    async def behaviour(exchange: Exchange) -> None:
        entries = await exchange.payload()
        if len(orjson.dumps(entries)) > than:
            await exchange.answer(413, b'{"errors":[{"status":"413","title":"Request Entity Too Large"}]}')
            return
        exchange.datadog.keep(entries)
        await exchange.answer(202)

    return behaviour


def refuse_marked(mark: str) -> Behaviour:
    """Answer 400 to a payload in which any entry holds the mark; take the others."""

    async def behaviour(exchange: Exchange) -> None:
        entries = await exchange.payload()
        if any(mark in str(entry.get("message")) for entry in entries):
            await exchange.answer(400, b'{"errors":[{"status":"400","title":"Bad Request"}]}')
            return
        exchange.datadog.keep(entries)
        await exchange.answer(202)

    return behaviour


async def reset_request(exchange: Exchange) -> None:
    """Reset the connection while the body comes."""
    exchange.reset()


async def reset_answer(exchange: Exchange) -> None:
    """Reset the connection while the answer goes out, before it says anything."""
    await exchange.payload()
    await exchange.write(b"HTTP/1.1 20")
    exchange.reset()


async def black_hole(exchange: Exchange) -> None:
    """Take the request and say nothing."""
    await exchange.payload()
    await exchange.datadog.changed.wait()
    exchange.close()


async def drip(exchange: Exchange) -> None:
    """Send an answer at one byte a second: its headers never end."""
    await exchange.payload()
    changed = exchange.datadog.changed
    text = b"HTTP/1.1 500 Slow\r\n" + b"X-Slow: 1\r\n" * 1_000
    for position in range(len(text)):
        await exchange.write(text[position : position + 1])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), 1)
            break
    exchange.close()


async def keep_and_hang_up(exchange: Exchange) -> None:
    """Keep the payload, and close the connection without an answer."""
    exchange.datadog.keep(await exchange.payload())
    exchange.close()


def one_after_the_other(*behaviours: Behaviour) -> Behaviour:
    """Do with each request what comes next, round and round."""
    number = 0

    async def behaviour(exchange: Exchange) -> None:
        nonlocal number
        chosen = behaviours[number % len(behaviours)]
        number += 1
        await chosen(exchange)

    return behaviour


def raw(answer: bytes) -> Behaviour:
    """Answer with bytes that may be no HTTP at all, and close the connection."""

    async def behaviour(exchange: Exchange) -> None:
        await exchange.payload()
        await exchange.write(answer)
        exchange.close()

    return behaviour
