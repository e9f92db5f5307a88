"""The relay's memory with a long backlog: while it fills, after a restart on it, and while it drains.

Datadog is away while the events come, so that all of them wait in the spool. Then the relay starts anew on
that spool: once with Datadog still away, once with the sandbox in its place, which takes everything. Each is
a process of its own; its peak is the kernel's own figure (VmHWM). Ends with 1 if one is over the limit.

usage: python bench/memory.py [EVENTS]
"""

import asyncio
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from itertools import islice
from pathlib import Path

import httpx2
import orjson
from load import post_all
from process import Server, run_server

from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox
from relay import okta_sample

LIMIT = 150
AWAY = "http://127.0.0.1:1"
CONNECTIONS = 4
EVENTS_A_BODY = 500
BODIES_AT_ONCE = 100
LONGEST_DRAIN = 600.0


class Bench:
    """The measured processes of one spool, and what they came to."""

    def __init__(self, spool: Path) -> None:
        self.peaks: list[float] = []
        self._spool = spool

    def relay(self, logs_url: str) -> AbstractAsyncContextManager[Server]:
        """Run the relay on the spool."""
        env = {"DD_API_KEY": "key", "DD_LOGS_URL": logs_url, "RELAY_SPOOL": f"sqlite:{self._spool}"}
        return run_server(["-m", "relay", "serve", "--bind", "127.0.0.1:0"], env)

    def show(self, what: str, server: Server, note: str = "") -> None:
        """Print a process's memory now, and its peak so far."""
        self.peaks.append(server.peak_megabytes())
        print(
            f"{what:<32}{_resident_megabytes(server):7.0f} MB{self.peaks[-1]:10.0f} MB   {note}", flush=True
        )

    async def fill(self, events: int) -> None:
        """Let the relay take so many events while Datadog is away."""
        bodies = _bodies(events)
        async with self.relay(AWAY) as server:
            self.show("started, nothing waits", server)
            began = time.perf_counter()
            # the client keeps what it sent until all was answered: in parts, it stays small itself
            while part := list(islice(bodies, BODIES_AT_ONCE)):
                answers = await post_all(server.url, part, connections=CONNECTIONS, headers={})
                if answers.statuses != {202: len(part)}:
                    raise SystemExit(f"not all were accepted: {dict(answers.statuses)}")
            rate = events / (time.perf_counter() - began)
            self.show(f"{await _held(server):,} wait", server, f"taken at {rate:,.0f} records/s")

    async def restart(self, events: int) -> None:
        """Start on what waits: this must not read all of it."""
        began = time.perf_counter()
        async with self.relay(AWAY) as server:
            took = time.perf_counter() - began
            if (held := await _held(server)) != events:
                raise SystemExit(f"{held:,} records wait after the restart, not {events:,}")
            await asyncio.sleep(2)  # so that the forwarder holds as many batches as it ever does
            self.show(f"restarted, {held:,} wait", server, f"ready after {took:.1f} s")

    async def drain(self, events: int) -> None:
        """Let the sandbox take everything."""
        datadog = Sandbox(api_keys={"key"}, app_keys=set(), keep=1)
        async with run_sandbox(datadog) as logs_url, self.relay(logs_url) as server:
            began = time.perf_counter()
            async with asyncio.timeout(LONGEST_DRAIN):
                while datadog.stats.logs_accepted < events or await _held(server):  # noqa: ASYNC110  # another process
                    await asyncio.sleep(0.2)
            rate = events / (time.perf_counter() - began)
            self.show("drained", server, f"delivered at {rate:,.0f} records/s")


def _bodies(events: int) -> Iterator[bytes]:
    """Arrays of events, as many as fit under the limit of a body with room to spare."""
    source = islice(okta_sample.events(seed=1), events)
    while part := list(islice(source, EVENTS_A_BODY)):
        yield orjson.dumps(part)


def _resident_megabytes(server: Server) -> float:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def _held(server: Server) -> int:
    """The records in the spool, waiting or claimed, by the relay's own count."""
    async with httpx2.AsyncClient() as client:
        text = (await client.get(server.url.replace("/okta/events", "/metrics"))).text
    found = re.findall(r"^relay_spool_(?:waiting|claimed)_records (\S+)$", text, re.MULTILINE)
    return sum(int(float(value)) for value in found)


async def main(events: int) -> int:
    """Measure and print; 1 if a peak is over the limit."""
    print(f"{events:,} events in arrays of {EVENTS_A_BODY}, {CONNECTIONS} connections")
    print(f"{'':<32}{'now':>10}{'peak':>13}")
    with tempfile.TemporaryDirectory(dir=".") as folder:
        bench = Bench(Path(folder, "spool.db"))
        await bench.fill(events)
        await bench.restart(events)
        await bench.drain(events)
    verdict = "over" if max(bench.peaks) > LIMIT else "within"
    print(f"at most {max(bench.peaks):.0f} MB: {verdict} the limit of {LIMIT} MB")
    return 1 if verdict == "over" else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)))
