"""The whole path (accept, sync to disk, deliver) beside a bare handler on the same server, in the same run.

One event of about 1 kB a POST over 64 keep-alive connections; the sandbox stands in for Datadog. CPU is
that of the server's process, user and system, until the sandbox has every event. Both are run in turn,
several times; medians are shown. Client and sandbox share the other core.

usage: python bench/throughput.py [EVENTS [ROUNDS]]
"""

import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice

import orjson
from load import post_all
from process import run_server

from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox
from relay import okta_sample

CONNECTIONS = 64
BARE = ["bench/bare.py"]
RELAY = ["-m", "relay", "serve", "--bind", "127.0.0.1:0"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run: answers a second, CPU seconds of the server per 1,000 events, and its peak memory in MB."""

    rate: float
    cpu: float
    memory: float


async def measure(command: list[str], bodies: list[bytes], *, delivers: bool) -> Figures:
    """Post every body to a new server, and wait until Datadog's place has them if it delivers."""
    datadog = Sandbox(api_keys={"key"}, app_keys=set(), keep=1)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        async with run_sandbox(datadog) as logs_url:
            env = {"DD_API_KEY": "key", "DD_LOGS_URL": logs_url, "RELAY_SPOOL": f"sqlite:{folder}/spool.db"}
            async with run_server(command, env) as server:
                began, cpu_before = time.perf_counter(), server.cpu_seconds()
                answers = await post_all(server.url, bodies, connections=CONNECTIONS, headers={})
                rate = len(bodies) / (time.perf_counter() - began)
                if answers.statuses != {202: len(bodies)}:
                    raise SystemExit(f"not all were accepted: {dict(answers.statuses)}")
                while delivers and datadog.stats.logs_accepted < len(bodies):  # noqa: ASYNC110  # another process
                    await asyncio.sleep(0.02)
                cpu = 1000 * (server.cpu_seconds() - cpu_before) / len(bodies)
                return Figures(rate, cpu, server.peak_megabytes())


async def main(events: int, rounds: int) -> None:
    """Run both in turn and print the medians."""
    bodies = [orjson.dumps(event) for event in islice(okta_sample.events(seed=1), events)]
    size = sum(map(len, bodies)) // events
    print(f"{events} events of {size} bytes, {CONNECTIONS} connections, {rounds} rounds")
    runs = [
        (await measure(BARE, bodies, delivers=False), await measure(RELAY, bodies, delivers=True))
        for _ in range(rounds)
    ]
    for name, figures in (
        ("bare handler", [bare for bare, _ in runs]),
        ("relay", [relay for _, relay in runs]),
    ):
        rate = statistics.median(one.rate for one in figures)
        cpu = statistics.median(one.cpu for one in figures)
        memory = max(one.memory for one in figures)
        print(f"{name:<13}{rate:8.0f} requests/s{cpu:8.3f} CPU s per 1,000 events{memory:8.0f} MB at most")
    rate = statistics.median(relay.rate / bare.rate for bare, relay in runs)
    cpu = statistics.median(relay.cpu / bare.cpu for bare, relay in runs)
    print(f"relay / bare {rate:8.2f} x the requests/s{cpu:6.2f} x the CPU")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(main(*(numbers + [20_000, 3][len(numbers) :])))
