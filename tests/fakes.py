"""Readable fakes: a clock set by hand, events and records in few words, a Datadog that follows a script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from starlette.types import Message, Receive

from relay.envelope import Record
from relay.intake import Delivered, Verdict

unhurried = settings(deadline=None)
"""For a property: how long an example takes says nothing."""

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(st.text(), json_values, max_size=5)


class Clock:
    """Epoch seconds that pass only when told to."""

    def __init__(self, now: float = 1_772_600_767.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def event(**fields: object) -> dict[str, object]:
    """A small event of a failed flow, with further or other fields."""
    return {
        "event_type": "FLOW_FAIL",
        "execution_id": "3f0c8a52-9e0b-4a55-8f6e-0d6f3f0c8a52",
        "idempotency_key": "once",
        "org_hostname": "acme.workflows.okta.com",
        "timestamp": "2026-03-04T05:06:07.000Z",
        **fields,
    }


def json_of(value: object) -> str:
    return orjson.dumps(value).decode()


def record(data: str = "x", key: str | None = None) -> Record:
    return Record(data.encode(), key.encode() if key else None)


def records(number: int, size: int = 1) -> list[Record]:
    """Numbered records of `size` bytes each."""
    return [record(f"{count:0{size}d}") for count in range(number)]


def arriving(*parts: bytes) -> Receive:
    """An ASGI request's body in parts; after the last one nothing more ever comes."""
    messages: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages[-1]["more_body"] = False
    return receiving(*messages)


def receiving(*messages: Message) -> Receive:
    """An ASGI `receive` that gives these messages and then waits for ever."""
    left = list(messages)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    return receive


class Datadog:
    """What the forwarder sends to: answers by a script, then by a rule.

    Attributes:
        sent: the entries of each request, in the order in which requests began.
        under_way: requests that have no answer yet; `most` is the greatest number there was.
        open: answers are given only while it is set.
        rule: what is answered once the script is at its end.
    """

    def __init__(
        self, *script: Verdict, rule: Callable[[Sequence[bytes]], Verdict] = lambda _: Delivered()
    ) -> None:
        self.sent: list[list[bytes]] = []
        self.under_way = 0
        self.most = 0
        self.open = asyncio.Event()
        self.open.set()
        self._script = list(script)
        self.rule = rule

    async def send(self, entries: Sequence[bytes]) -> Verdict:
        """As `Intake.send`."""
        self.sent.append(list(entries))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.open.wait()
        finally:
            self.under_way -= 1
        return self._script.pop(0) if self._script else self.rule(entries)


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Let others run until something that must happen has happened; the bound only ends a failed test."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what happens may happen in another thread
            await asyncio.sleep(0)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[str]:
    """A raw TCP server that does as `talk` says with each connection; gives its URL."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
