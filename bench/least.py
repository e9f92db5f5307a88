"""The least relay: what it costs to answer an event once it is on disk, and to deliver it.

It parses a body once, puts an envelope around each event, commits what has gathered with SQLite, synced,
answers, sends a thousand events at a time and deletes them. It knows no tokens, repeats, dates, counts and
limits, tries nothing again, and reads nothing back: what the relay costs beyond this is for those. Its server
and its way to Datadog are the relay's own.

usage: python bench/least.py hypercorn|uvicorn SPOOL INTAKE
"""

import asyncio
import signal
import sqlite3
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import TypeAlias

import orjson
from bare import BODY, START, read
from starlette.types import Receive, Scope, Send

from relay import server
from relay.intake import Intake

_AT_ONCE, _SECONDS = 1_000, 1.0
"""Events of one request to Datadog, and how long they wait for each other."""

_HEAD = b'{"ddtags":"","ddsource":"okta-workflows-els","hostname":"acme.okta.com","service":"okta","message":'

_Put: TypeAlias = tuple[list[bytes], "asyncio.Future[None]"]
"""The entries of a request, and who waits until they are on disk."""


class Least:
    """The app, the thread that writes, and the task that sends."""

    def __init__(self, spool: str) -> None:
        self._connection = sqlite3.connect(spool, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE run (id INTEGER PRIMARY KEY, data BLOB NOT NULL)")
        self._loop = asyncio.get_running_loop()
        self._gathered: list[_Put] = []
        self._handed_over: SimpleQueue[list[_Put]] = SimpleQueue()
        self._waiting: list[bytes] = []
        self._enough = asyncio.Event()
        self._sent = 0
        threading.Thread(target=self._write, daemon=True).start()

    async def app(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer a request once what it brought is on disk."""
        put = entries(await read(receive)), self._loop.create_future()
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append(put)
        await put[1]
        await send(START)
        await send(BODY)

    async def send_all(self, intake: Intake) -> None:
        """Send what was stored, in its order, and let it be deleted."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), _SECONDS)
            batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            if len(self._waiting) < _AT_ONCE:
                self._enough.clear()
            if batch:
                await intake.send(batch)
                self._sent += len(batch)
                self._handed_over.put([])

    def _hand_over(self) -> None:
        self._handed_over.put(self._gathered)
        self._gathered = []

    def _write(self) -> None:
        last = deleted = 0
        while True:
            puts = self._handed_over.get()
            while not self._handed_over.empty():
                puts += self._handed_over.get()
            records = [record for put, _ in puts for record in put]
            self._connection.execute("BEGIN IMMEDIATE")
            if records:
                last += len(records)  # the row's id: it may go once all of it is sent
                row = (last, b",".join(records))
                self._connection.execute("INSERT INTO run VALUES (?, ?)", row)
            if self._sent > deleted:
                deleted = self._sent
                self._connection.execute("DELETE FROM run WHERE id <= ?", (deleted,))
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(self._tell, puts, records)

    def _tell(self, puts: list[_Put], records: list[bytes]) -> None:
        for _, stored in puts:
            stored.set_result(None)
        self._waiting += records
        if len(self._waiting) >= _AT_ONCE:
            self._enough.set()


def entries(body: bytes) -> list[bytes]:
    """Each event of a body in its envelope."""
    value = orjson.loads(body)
    texts = [orjson.dumps(item).decode() for item in value] if isinstance(value, list) else [body.decode()]
    return [_HEAD + orjson.dumps(text) + b"}" for text in texts]


async def serve(name: str, spool: str, url: str) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    listening = server.Listening(server.bind("127.0.0.1", 0))
    least = Least(spool)
    async with Intake(url, lambda: "key", 1) as intake:
        sending = asyncio.create_task(least.send_all(intake))
        print(f"Taking events on {listening.url}/okta/events", flush=True)
        await server.run(name, least.app, listening, stop)
        sending.cancel()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=server.loop_factory()) as runner:
        runner.run(serve(*sys.argv[1:]))
