"""HTTP/2, which the relay does not need: spoken to it without TLS and without being asked.

That it refuses all of it is as good as that it bears it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import H2Error

from chaos.rows.strangers import all_at_once, besieged
from chaos.trial import Row, Trial

_GET = ((":method", "GET"), (":path", "/metrics"), (":scheme", "http"), (":authority", "relay"))

AT_ONCE = 50
"""So many streams, or frames, are written before the writer waits."""

Attack: TypeAlias = Callable[[H2Connection, int], None]
"""Adds one step to what a connection is about to send; the number counts the steps."""


def rapid_reset(connection: H2Connection, _: int) -> None:
    """Open a stream and reset it: https://nvd.nist.gov/vuln/detail/CVE-2023-44487."""
    stream = connection.get_next_available_stream_id()
    connection.send_headers(stream, _GET, end_stream=True)
    connection.reset_stream(stream)


def ping(connection: H2Connection, step: int) -> None:
    """Ask for an answer."""
    connection.ping(step.to_bytes(8, "big"))


def settings(connection: H2Connection, step: int) -> None:
    """Change settings, which wants an acknowledgement."""
    connection.update_settings({4: 65_535 + step % 1_000})


def stalled(connection: H2Connection, step: int) -> None:
    """Ask for a long answer, and take nothing of it."""
    if step == 0:
        connection.update_settings({4: 0})
    if step < 90:
        connection.send_headers(connection.get_next_available_stream_id(), _GET, end_stream=True)


Siege: TypeAlias = Callable[[Trial, str], Awaitable[None]]
"""Attacks the relay at a URL."""


def _attack(attack: Attack, quick: int, long: int, connections: tuple[int, int] = (4, 4)) -> Siege:
    """So many steps on so many connections, in the quick and in the long form."""

    async def run(trial: Trial, url: str) -> None:
        async def stranger(_: int) -> None:
            await _speak(url, attack, trial.size(quick, long))

        await all_at_once(trial.size(*connections), stranger)

    return run


async def _speak(url: str, attack: Attack, steps: int) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    connection = H2Connection(H2Configuration(client_side=True, validate_outbound_headers=False))
    connection.initiate_connection()
    reading = asyncio.create_task(_read(reader, connection))
    try:
        for step in range(steps):
            attack(connection, step)
            if step % AT_ONCE == 0:
                writer.write(connection.data_to_send())
                await writer.drain()
                await asyncio.sleep(0)
            if reading.done():
                return
        writer.write(connection.data_to_send())
        await writer.drain()
        await asyncio.wait({reading}, timeout=1)
    except H2Error:
        return  # the relay has ended the connection
    finally:
        reading.cancel()
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader, connection: H2Connection) -> None:
    with contextlib.suppress(H2Error, OSError):
        while data := await reader.read(65536):
            connection.receive_data(data)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


async def _endless_headers(trial: Trial, url: str) -> None:
    """One request's headers in frame after frame, which never end: https://kb.cert.org/vuls/id/421644."""
    frames = trial.size(500, 10_000)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b"") + _frame(1, 0, 1, b"\x82\x86")

    async def stranger(_number: int) -> None:
        parts = urlsplit(url)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            writer.write(preface)
            for _ in range(frames):
                writer.write(_frame(9, 0, 1, b"\x00\x05x-abc\x05value" * 1_000))
                await writer.drain()
        finally:
            writer.transport.abort()

    await all_at_once(4, stranger)


async def _noise(trial: Trial, url: str) -> None:
    """The preface, then bytes that are no frames."""

    async def stranger(_: int) -> None:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + trial.random.randbytes(10_000))
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(), 2)
        finally:
            writer.transport.abort()

    await all_at_once(trial.size(20, 500), stranger)


def _row(name: str, done: str, siege: Siege) -> Row:
    async def run(trial: Trial) -> None:
        async with besieged(trial) as relay:
            await siege(trial, relay.url)

    return Row(f"strangers-h2-{name}", f"HTTP/2 without TLS: {done}", run)


ROWS = (
    _row("reset", "streams opened and reset at once", _attack(rapid_reset, 3_000, 100_000)),
    _row("ping", "pings", _attack(ping, 10_000, 500_000)),
    _row("settings", "settings that want acknowledgement", _attack(settings, 5_000, 100_000)),
    _row("stalled", "answers that nobody takes", _attack(stalled, 91, 91, (20, 200))),
    _row("endless", "headers without end", _endless_headers),
    _row("noise", "the preface, then noise", _noise),
)
