"""The cheapest stand-in for Datadog's intake: it unpacks and counts what comes, and keeps nothing.

It is a process of its own, and gives way to the client on whose core it runs, so that a client's times are
not those of the sink. It says where it takes requests; then, after each, how many entries there were so far;
and when it found a name that matches a regular expression, unless that is empty.

usage: python bench/sink.py REGEX
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import orjson
from packing import unpack
from process import run_server

LONGEST_WAIT = 300.0
"""Seconds after which entries that have not come do not come."""

_NICENESS = 10
"""A tenth of a core is enough for what one core delivers, if a client keeps the rest busy."""

_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass(slots=True)
class Sink:
    """What a sink says.

    Attributes:
        url: where it takes requests.
        entries: in all requests so far.
        requests: how many.
        found: when it found each name, by `time.perf_counter`, which on Linux all processes share.
    """

    url: str = ""
    entries: int = 0
    requests: int = 0
    found: dict[str, float] = field(default_factory=dict)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, line: str) -> None:
        """Take in a line that it says."""
        match line.split():
            case [number, "entries"]:
                self.entries = int(number)
                self.requests += 1
                self._more.set()
            case [name, "at", moment]:
                self.found[name] = float(moment)

    async def has(self, entries: int) -> None:
        """Wait until so many entries have come.

        Raises:
            TimeoutError: they do not.
        """
        async with asyncio.timeout(LONGEST_WAIT):
            while self.entries < entries:
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def run_sink(names: str = "", core: int | None = None) -> AsyncIterator[Sink]:
    """Run a sink for as long as a block runs; it looks for names that match a regular expression, if any."""
    sink = Sink()
    async with run_server([__file__, names], {}, core, sink.hear) as server:
        sink.url = server.url
        yield sink


class _Connection(asyncio.Protocol):
    """Takes one request after the other, with a Content-Length, as the relay sends them."""

    entries = 0
    """Of all connections."""

    def __init__(self, names: re.Pattern[bytes] | None) -> None:
        self._names = names
        self._read = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, for the answers."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Once a request is whole, count its entries and answer."""
        self._read += data
        head_ends = self._read.find(b"\r\n\r\n") + 4
        if head_ends < 4:
            return
        _, _, after = self._read[:head_ends].lower().partition(b"\r\ncontent-length:")
        ends = head_ends + int(after.partition(b"\r\n")[0])
        if len(self._read) < ends:
            return
        payload = unpack(self._read[head_ends:ends])
        del self._read[:ends]
        self._transport.write(_ACCEPTED)
        self._tell(payload)

    def _tell(self, payload: bytes) -> None:
        now = time.perf_counter()
        for name in self._names.findall(payload) if self._names else ():
            print(name.decode(), "at", now)
        _Connection.entries += len(orjson.loads(payload))  # a microsecond each, and right whatever they hold
        print(_Connection.entries, "entries", flush=True)


async def main(names: bytes) -> None:
    """Take requests until this process is ended."""
    pattern = re.compile(names) if names else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(pattern), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"Taking events on http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    os.nice(_NICENESS)
    asyncio.run(main(sys.argv[1].encode()))
