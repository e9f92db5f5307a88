"""The whole relay, as a process: what is answered 202 arrives, whatever happens in between."""

import asyncio
import signal
from collections import Counter
from itertools import islice
from pathlib import Path

import orjson
import pytest
from load import post_all
from running import HEADERS, NOWHERE, relay_process, sandbox, until

from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox
from relay import okta_sample


def bodies(number: int) -> list[bytes]:
    return [orjson.dumps(event) for event in islice(okta_sample.events(seed=7), number)]


def arrived(datadog: Sandbox) -> Counter[bytes]:
    return Counter(log["message"].encode() for log in datadog.logs)


@pytest.mark.slow
def test_each_of_20000_events_over_64_connections_arrives_exactly_once_in_payloads_within_limits(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        datadog = sandbox()
        sent = bodies(20_000)
        async with run_sandbox(datadog) as logs_url, relay_process(tmp_path / "spool.db", logs_url) as relay:
            answers = await post_all(relay.url, sent, connections=64, headers=HEADERS)
            assert answers.statuses == {202: 20_000}
            await until(lambda: datadog.stats.logs_accepted >= 20_000)
            assert await relay.metric("relay_spool_waiting_records") == 0
        assert arrived(datadog) == Counter(sent)
        assert datadog.stats.most_entries <= 1_000
        assert datadog.stats.largest_payload_bytes <= 5_000_000
        assert not datadog.stats.refused
        assert datadog.stats.entries_cut == 0

    asyncio.run(main())


def test_what_was_accepted_before_a_kill_is_delivered_after_the_restart(tmp_path: Path) -> None:
    async def main() -> None:
        datadog = sandbox()
        sent = bodies(200)
        async with relay_process(tmp_path / "spool.db", NOWHERE) as relay:
            answers = await post_all(relay.url, sent, connections=8, headers=HEADERS)
            assert answers.statuses == {202: 200}
            assert await relay.end(signal.SIGKILL) == -signal.SIGKILL
        async with run_sandbox(datadog) as logs_url, relay_process(tmp_path / "spool.db", logs_url):
            await until(lambda: datadog.stats.logs_accepted >= 200)
        assert arrived(datadog) == Counter(sent)

    asyncio.run(main())


def test_a_repeat_is_answered_202_stored_once_and_counted(tmp_path: Path) -> None:
    async def main() -> None:
        datadog = sandbox()
        [event] = bodies(1)
        async with run_sandbox(datadog) as logs_url, relay_process(tmp_path / "spool.db", logs_url) as relay:
            assert (await relay.post(event)).status_code == 202
            assert (await relay.post(event)).status_code == 202
            assert await relay.metric("relay_events_repeated_total") == 1
            await until(lambda: datadog.stats.logs_accepted >= 1)
            assert await relay.metric("relay_spool_waiting_records") == 0
        assert arrived(datadog) == {event: 1}

    asyncio.run(main())
