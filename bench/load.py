"""A small, fast HTTP/1.1 client for load: keep-alive connections, one request after the other on each.

It does as little as it can for a request, so that it can keep a fast server busy from one core.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit


@dataclass(slots=True)
class Answers:
    """How a server answered.

    Attributes:
        statuses: with their number.
        accepted: the bodies that were answered 202.
        latencies: seconds until the answer was read: from the first byte written, or, at a given rate, from
            the moment at which the request was due, so that a wait for a free connection counts too.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    accepted: list[bytes] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)


async def post_all(
    url: str,
    bodies: Iterable[bytes],
    *,
    connections: int,
    headers: dict[str, str],
    answers: Answers | None = None,
    rate: float | None = None,
) -> Answers:
    """Post each body over one of so many connections.

    Args:
        url: of the endpoint.
        bodies: are taken as they are needed.
        connections: how many.
        headers: of each request.
        answers: is filled as they come, for who wants to look on; returned in any case.
        rate: requests a second; None sends as fast as the answers come.

    Raises:
        ConnectionError: the server closed a connection.
    """
    answers = answers or Answers()
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    load = _Load(bodies, "\r\n".join([*lines, "Content-Length: "]).encode(), answers, rate)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(load), str(parts.hostname), parts.port or 80)
        for _ in range(connections)
    ]
    try:
        if rate:
            await load.pace()
        await asyncio.gather(*(connection.ended for _, connection in opened))
    finally:
        for transport, _ in opened:
            transport.abort()
    return answers


class _Load:
    """What is to be sent, and by whom next.

    At a given rate requests become due one after the other; an idle connection takes the one that is due
    longest.
    """

    def __init__(self, bodies: Iterable[bytes], head: bytes, answers: Answers, rate: float | None) -> None:
        self.answers = answers
        self._bodies = iter(bodies)
        self._head = head
        self._rate = rate
        self._due: deque[tuple[float, bytes]] = deque()
        self._idle: deque[_Connection] = deque()
        self._is_over = False

    def take(self, connection: "_Connection") -> None:
        """Give a connection that is free its next request, or its end."""
        if self._rate is None:
            body = next(self._bodies, None)
            if body is None:
                connection.end()
            else:
                connection.post(self._head, body, time.perf_counter())
        elif self._due:
            due, body = self._due.popleft()
            connection.post(self._head, body, due)
        elif self._is_over:
            connection.end()
        else:
            self._idle.append(connection)

    async def pace(self) -> None:
        """Let requests become due at the rate, until there are no more."""
        assert self._rate
        due = time.perf_counter()
        for body in self._bodies:
            due += 1 / self._rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            self._due.append((due, body))
            if self._idle:
                self.take(self._idle.popleft())
        self._is_over = True
        while self._idle:
            self._idle.popleft().end()


class _Connection(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: _Load) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        self._load = load
        self._body = b""
        self._began = 0.0
        self._read = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._load.take(self)

    def post(self, head: bytes, body: bytes, began: float) -> None:
        """Send a body; `began` is from when its time counts."""
        self._body, self._began = body, began
        self._transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))

    def end(self) -> None:
        """Nothing is left to be sent."""
        self.ended.set_result(None)
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Once the answer is whole, send the next request."""
        self._read += data
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if not end or len(rest) < _length(head):
            return
        self._read = b""
        status = int(head[9:12])
        answers = self._load.answers
        answers.latencies.append(time.perf_counter() - self._began)
        answers.statuses[status] += 1
        if status == 202:
            answers.accepted.append(self._body)
        self._load.take(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Without being asked to, this is an error."""
        if not self.ended.done():
            fault = ConnectionError("the server closed the connection")
            fault.__cause__ = exc
            self.ended.set_exception(fault)


def _length(head: bytes) -> int:
    _, name, value = head.lower().partition(b"\r\ncontent-length:")
    return int(value.partition(b"\r\n")[0]) if name else 0
