"""Strangers at the door who only waste time and room; a normal sender must not notice them."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from chaos.datadog import run_datadog
from chaos.relays import Relay
from chaos.sending import TOKEN, load, post, read_answer
from chaos.trial import Row, RowSkipped, Trial

SERVED = 100
"""So many requests of the normal sender must be answered while the strangers are there."""

SPARE_FILES = 500
"""Open files that this process and the relay need beside the strangers' connections."""

ATTACK_SECONDS = 60.0
"""A stranger who is not let go by then gives up."""

GONE_SECONDS = 30.0
"""A connection that its client has closed is closed here by then; else anybody uses up the open files."""

BODY_SECONDS = 45.0
"""A body that does not come must be answered by then; the relay promises 10 s."""


@asynccontextmanager
async def besieged(trial: Trial) -> AsyncIterator[Relay]:
    """A relay that strangers come to while the block runs, and a normal sender who must be served."""
    async with run_datadog() as stub, trial.relay(stub) as relay:
        quiet = len(relay.log())
        async with _served(trial, relay):
            yield relay
            await trial.more_accepted(SERVED)
        live = await relay.status("/livez")
        trial.expect(live == 200, f"/livez is answered {live}")
        await trial.settle(relay)
        if lines := len(relay.log()) - quiet:
            trial.note += f"; {lines} lines logged"


@asynccontextmanager
async def _served(trial: Trial, relay: Relay) -> AsyncIterator[None]:
    """Post on connections that stay and on new ones; each request must be answered 202."""
    strange: list[str] = []
    stop = asyncio.Event()

    async def on_new_connections() -> None:
        while not stop.is_set():
            try:
                answer = await post(relay.url, trial.ledger, trial.ledger.events(1))
                if answer.status != 202:
                    strange.append(f"status {answer.status}")
            except (OSError, TimeoutError) as error:
                strange.append(repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.05)

    async with (
        asyncio.TaskGroup() as tasks,
        load(relay.url, trial.ledger, connections=2, pause=0.02) as state,
    ):
        tasks.create_task(on_new_connections())
        try:
            yield
        finally:
            stop.set()
    trial.expect(not state.cut, f"{state.cut} connections of the normal sender were closed")
    trial.expect(set(state.statuses) == {202}, f"the normal sender is answered {dict(state.statuses)}")
    trial.expect(not strange, f"on new connections: {strange[:1]}, {len(strange)} times")


async def all_at_once(number: int, stranger: Callable[[int], Awaitable[None]]) -> None:
    """So many strangers; what ends one of them is nobody's fault."""

    async def bounded(which: int) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            async with asyncio.timeout(ATTACK_SECONDS):
                await stranger(which)

    await asyncio.gather(*(bounded(which) for which in range(number)))


async def idle(trial: Trial) -> None:
    """Connections that never say anything."""
    wanted = trial.size(500, 10_000)
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    number = min(wanted, allowed - SPARE_FILES)
    if number < 100:
        raise RowSkipped(f"only {allowed} open files are allowed")
    trial.note = f"{number} idle connections"
    if number < wanted:
        trial.note += f", not {wanted}, for only {allowed} open files are allowed"
    async with besieged(trial) as relay, _opened(relay, number):
        await trial.more_accepted(SERVED)


async def no_files(trial: Trial) -> None:
    """More connections than the relay may have files open: who comes now is served, and so is the spool."""
    allowed, number = 256, 400
    trial.note = f"{number} connections to a relay that may have {allowed} files open"
    async with run_datadog() as stub, trial.relay(stub) as relay, _opened(relay, 0) as open_ones:
        resource.prlimit(relay.pid, resource.RLIMIT_NOFILE, (allowed, allowed))
        for _ in range(number):
            # those for which there is no room wait in the kernel
            open_ones.append(await _open(relay))
        for _ in range(trial.size(20, 500)):
            answer = await post(relay.url, trial.ledger, trial.ledger.events(1))
            trial.expect(answer.status == 202, f"POST is answered {answer.status}")
        await trial.settle(relay)
        trial.note += f"; {len(relay.log()) - 1} lines logged"


async def gone(trial: Trial) -> None:
    """Connections that the other side has closed, with and without a request: the relay closes them too."""
    number = trial.size(300, 5_000)
    trial.note = f"{number} connections closed after a request, as many without one"
    async with besieged(trial) as relay:
        before = relay.open_files()
        for _ in range(number):
            answer = await post(relay.url, trial.ledger, trial.ledger.events(1))
            trial.expect(answer.status == 202, f"POST is answered {answer.status}")
            (await _open(relay)).close()
        closed = await trial.happens(lambda: relay.open_files() < before + number / 10, GONE_SECONDS)
        left = relay.open_files() - before
        trial.expect(closed, f"{left} more files are open {GONE_SECONDS:g} s later")


@asynccontextmanager
async def _opened(relay: Relay, number: int) -> AsyncIterator[list[socket.socket]]:
    """So many connections that say nothing, and more if the block adds some; closed after it."""
    open_ones: list[socket.socket] = []
    try:
        while len(open_ones) < number:
            open_ones.append(await _open(relay))
        yield open_ones
    finally:
        for connection in open_ones:
            connection.close()


async def _open(relay: Relay) -> socket.socket:
    parts = urlsplit(relay.url)
    connection = socket.socket()
    connection.setblocking(False)
    address = (parts.hostname, parts.port)
    await asyncio.wait_for(asyncio.get_running_loop().sock_connect(connection, address), 30)
    return connection


async def slow_headers(trial: Trial) -> None:
    """Requests whose headers come line by line, and never end."""
    number = trial.size(100, 1_000)
    trial.note = f"{number} connections whose headers come line by line, without end"
    async with besieged(trial) as relay:
        parts = urlsplit(relay.url)

        async def stranger(which: int) -> None:
            _reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                writer.write(b"POST /okta/events?%d HTTP/1.1\r\n" % which)
                for line in range(trial.size(30, 300)):
                    writer.write(b"X-%d: slow\r\n" % line)
                    await writer.drain()
                    await asyncio.sleep(0.1)
            finally:
                writer.close()

        await all_at_once(number, stranger)


async def large_headers(trial: Trial) -> None:
    """Headers of megabytes: each is refused, not gathered."""
    number, megabytes = trial.size(20, 200), trial.size(4, 20)
    trial.note = f"{number} requests with a header of {megabytes} MB"
    waited_for: list[int] = []
    async with besieged(trial) as relay:
        parts = urlsplit(relay.url)

        async def stranger(which: int) -> None:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            answer = asyncio.create_task(reader.read(1_000))
            try:
                writer.write(b"POST /okta/events HTTP/1.1\r\nX-Long: ")
                for _ in range(megabytes):
                    writer.write(b"x" * 1_000_000)
                    await writer.drain()
                # an answer, or the end of the connection; the header has none yet
                await asyncio.wait({answer}, timeout=ATTACK_SECONDS / 2)
                if not answer.done():
                    waited_for.append(which)
            finally:
                answer.cancel()
                writer.transport.abort()

        await all_at_once(number, stranger)
        trial.expect(
            not waited_for, f"for the end of {len(waited_for)} of {number} such headers the relay still waits"
        )


async def slow_bodies(trial: Trial) -> None:
    """Bodies that do not come: answered 408; without a token nothing of a long one is kept."""
    number = trial.size(40, 400)
    trial.note = f"{number} bodies that do not come to their end, half of them 4 MB long and without token"
    statuses: list[int] = []
    async with besieged(trial) as relay:
        parts = urlsplit(relay.url)

        async def stranger(which: int) -> None:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            answer = asyncio.create_task(read_answer(reader))
            try:
                head = "POST /okta/events HTTP/1.1\r\nHost: relay\r\nContent-Length: 4000001\r\n"
                if which % 2:
                    writer.write(f"{head}Authorization: Bearer {TOKEN}\r\n\r\n".encode())
                else:
                    writer.write(f"{head}\r\n".encode() + b" " * 4_000_000)
                while not answer.done():
                    if which % 2:
                        writer.write(b" ")
                    await asyncio.wait({answer}, timeout=0.5)
                statuses.append(answer.result().status)
            finally:
                answer.cancel()
                writer.transport.abort()

        await asyncio.wait_for(all_at_once(number, stranger), ATTACK_SECONDS + BODY_SECONDS)
        trial.expect(len(statuses) == number, f"{len(statuses)} of {number} were answered")
        trial.expect(set(statuses) <= {401, 408}, f"answered {sorted(set(statuses))}")


ROWS = (
    Row("strangers-idle", "idle connections", idle),
    Row("strangers-gone", "connections that were closed", gone),
    Row("strangers-files", "more connections than open files are allowed", no_files),
    Row("strangers-headers", "headers that come line by line, without end", slow_headers),
    Row("strangers-long", "headers of megabytes", large_headers),
    Row("strangers-bodies", "bodies that do not come", slow_bodies),
)
