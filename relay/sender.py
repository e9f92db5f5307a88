"""Posts events to a relay over several connections, and sums up how it answered."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import httpx2
import orjson

from relay import outbound
from relay.jsontext import JsonObject

CONNECTIONS = 8
_TIMEOUT = 30.0


@dataclass(slots=True)
class Summary:
    """How a relay answered.

    Attributes:
        types: events that were accepted, by type.
        faults: answers other than 2xx, and requests without one, with their number.
        latencies: seconds from each request to its answer.
        seconds: how long it took in all.
    """

    types: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def percentile(self, percent: int) -> float:
        """A percentile of the latencies, in seconds; 0 without any."""
        if len(self.latencies) < 2:
            return self.latencies[0] if self.latencies else 0.0
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


async def send(
    url: str,
    events: Iterable[JsonObject],
    *,
    headers: dict[str, str],
    rate: float | None = None,
    progress: Callable[[], None] = lambda: None,
    summary: Summary | None = None,
) -> Summary:
    """Post each event by itself, as Okta does.

    Args:
        url: of the relay's endpoint.
        events: are taken one after the other, as they are needed.
        headers: of each request: the token.
        rate: events a second at most; None sends as fast as the answers come.
        progress: is called after each event.
        summary: is filled while events are sent, for who wants to look on; returned in any case.
    """
    summary = summary or Summary()
    started = time.perf_counter()
    waiting = iter(events)
    due = _times(started, rate)
    limits = httpx2.Limits(max_connections=CONNECTIONS)
    async with outbound.client(headers=headers, limits=limits, timeout=_TIMEOUT) as client:

        async def one_connection() -> None:
            for event in waiting:
                await asyncio.sleep(max(0.0, next(due) - time.perf_counter()))
                await _post(client, url, event, summary)
                progress()

        async with asyncio.TaskGroup() as connections:
            for _ in range(CONNECTIONS):
                connections.create_task(one_connection())
    summary.seconds = time.perf_counter() - started
    return summary


def _times(start: float, rate: float | None) -> Iterator[float]:
    """When each event is due."""
    while True:
        yield start
        start += 1 / rate if rate else 0.0


def _told(answer: httpx2.Response) -> str:
    """The relay's own reason; whoever else answered may have echoed the token."""
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return "that is no answer of a relay"


async def _post(client: httpx2.AsyncClient, url: str, event: JsonObject, summary: Summary) -> None:
    started = time.perf_counter()
    try:
        answer = await client.post(url, content=orjson.dumps(event))
    except httpx2.HTTPError as error:
        summary.faults[outbound.why(error)] += 1
        return
    summary.latencies.append(time.perf_counter() - started)
    if answer.is_success:
        summary.types[str(event["event_type"])] += 1
    else:
        summary.faults[f"HTTP {answer.status_code}: {_told(answer)}"] += 1
