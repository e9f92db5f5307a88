"""A small, fast HTTP/1.1 client for load: keep-alive connections, one request after the other on each."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(slots=True)
class Answers:
    """How a server answered.

    Attributes:
        statuses: with their number.
        accepted: the bodies that were answered 202.
        latencies: seconds from the first byte written to the answer read.
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
) -> Answers:
    """Post each body over one of so many connections.

    Args:
        url: of the endpoint.
        bodies: are taken as they are needed.
        connections: how many.
        headers: of each request.
        answers: is filled as they come, for who wants to look on; returned in any case.

    Raises:
        ExceptionGroup: of `ConnectionError`, if the server closed a connection.
    """
    answers = answers or Answers()
    waiting = iter(bodies)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(connections):
            tasks.create_task(_one_connection(url, waiting, headers, answers))
    return answers


async def _one_connection(
    url: str, bodies: Iterator[bytes], headers: dict[str, str], answers: Answers
) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "Content-Length: "]).encode()
    try:
        for body in bodies:
            started = time.perf_counter()
            writer.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
            status = await _read_answer(reader)
            answers.statuses[status] += 1
            if status == 202:
                answers.accepted.append(body)
            answers.latencies.append(time.perf_counter() - started)
    finally:
        writer.close()
        await writer.wait_closed()


async def _read_answer(reader: asyncio.StreamReader) -> int:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise ConnectionError("the server closed the connection") from error
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    await reader.readexactly(length)
    return int(head[9:12])
