"""The sender in Okta's place: keep-alive connections that note what was answered."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from chaos.ledger import Ledger, body
from relay.jsontext import JsonObject

TOKEN = "chaos-token"

ANSWER_SECONDS = 60.0
"""An answer that takes longer ends the row as failed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the relay said; header names are in lower case."""

    status: int
    headers: Mapping[str, str]


class Connection:
    """One HTTP/1.1 connection, one request after the other."""

    def __init__(self, url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._parts = urlsplit(url)
        self._reader = reader
        self._writer = writer

    async def post(self, content: bytes, token: str = TOKEN) -> Answer:
        """Post one body.

        Raises:
            ConnectionError: the connection was closed before the answer was here.
            TimeoutError: there was no answer for very long.
        """
        head = (
            f"POST {self._parts.path} HTTP/1.1\r\nHost: {self._parts.netloc}\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._writer.write(head.encode() + content)
                return await read_answer(self._reader)
        except EOFError as error:
            raise ConnectionError("the relay closed the connection") from error

    def close(self) -> None:
        """Close it."""
        self._writer.close()


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Connection]:
    """A connection while the block runs."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    connection = Connection(url, reader, writer)
    try:
        yield connection
    finally:
        connection.close()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Read one answer, its body too.

    Raises:
        EOFError: the connection ended before.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    pairs = [line.partition(":") for line in lines if line]
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(first.split()[1]), headers)


@dataclass(slots=True)
class Load:
    """A load that runs beside the row.

    Attributes:
        statuses: how it was answered, with their number.
        cut: connections that the relay closed under it, or did not take.
        stop: set it to let each connection end after its answer.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    cut: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)


async def post(url: str, ledger: Ledger, events: list[JsonObject]) -> Answer:
    """Post events in one request on a connection of its own, and note them if they were accepted."""
    async with connect(url) as connection:
        answer = await connection.post(body(events))
    if answer.status // 100 == 2:
        ledger.accept(events)
    return answer


async def post_many(url: str, ledger: Ledger, events: list[JsonObject], at_once: int = 100) -> Counter[int]:
    """Post events in arrays, on one connection; gives the statuses."""
    statuses: Counter[int] = Counter()
    async with connect(url) as connection:
        for start in range(0, len(events), at_once):
            part = events[start : start + at_once]
            answer = await connection.post(body(part))
            statuses[answer.status] += 1
            if answer.status // 100 == 2:
                ledger.accept(part)
    return statuses


@asynccontextmanager
async def load(
    url: str, ledger: Ledger, *, connections: int = 8, pause: float = 0.0, at_once: int = 1
) -> AsyncIterator[Load]:
    """Post new events all the time while the block runs; each connection ends with the first fault.

    Args:
        url: of the relay.
        ledger: makes the events.
        connections: how many, each with one request under way.
        pause: between the requests of a connection, in seconds.
        at_once: events of one request.
    """
    state = Load()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(connections):
            tasks.create_task(_post_until_stopped(url, ledger, state, pause, at_once))
        try:
            yield state
        finally:
            state.stop.set()


async def _post_until_stopped(url: str, ledger: Ledger, state: Load, pause: float, at_once: int) -> None:
    try:
        async with connect(url) as connection:
            while not state.stop.is_set():
                events = ledger.events(at_once)
                answer = await connection.post(body(events))
                state.statuses[answer.status] += 1
                if answer.status // 100 == 2:
                    ledger.accept(events)
                if pause:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(state.stop.wait(), pause)
    except (OSError, TimeoutError):
        state.cut += 1
