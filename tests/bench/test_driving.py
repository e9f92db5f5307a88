"""What drives a measurement counts rightly: the client, the sink, and the look at a process."""

import asyncio
import os
import time
from itertools import pairwise

import cores
import orjson
import pytest
from load import post_all
from packing import pack
from process import run_server
from samples import arrays, records, singles
from sink import run_sink


@pytest.mark.parametrize("rate", [None, 5_000.0])
def test_the_sink_counts_each_entry_that_the_client_posts_once(rate: float | None) -> None:
    async def main() -> None:
        bodies = [
            pack(orjson.dumps([{"message": '[{},{"ddsource":1}]'}] * number)) for number in range(1, 101)
        ]
        async with run_sink() as sink:
            answers = await post_all(f"{sink.url}/", bodies, connections=7, headers={}, rate=rate)
            await sink.has(5_050)
            assert (sink.entries, sink.requests) == (5_050, 100)
        assert answers.statuses == {202: 100}
        assert len(answers.latencies) == 100
        assert sorted(answers.accepted) == sorted(bodies)

    asyncio.run(main())


def test_the_sink_tells_when_it_found_a_name() -> None:
    async def main() -> None:
        async with run_sink(r"new-\d") as sink:
            began = time.perf_counter()
            body = pack(b'[{"message":"new-1 and new-2"},{"message":"old-3"}]')
            await post_all(f"{sink.url}/", [body], connections=1, headers={})
            await sink.has(2)
            assert sink.found.keys() == {"new-1", "new-2"}
            assert all(began <= moment <= time.perf_counter() for moment in sink.found.values())

    asyncio.run(main())


def test_a_request_that_comes_in_many_pieces_is_one_request() -> None:
    async def main() -> None:
        async with run_sink() as sink:
            _, port = sink.url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            body = pack(b"[1,2,3]")
            whole = b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
            for start in range(len(whole)):
                writer.write(whole[start : start + 1])
                await writer.drain()
            assert (await reader.readuntil(b"\r\n\r\n{}")).startswith(b"HTTP/1.1 202 ")
            await sink.has(3)
            assert (sink.entries, sink.requests) == (3, 1)
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())


TWO_PROCESSES = """
import signal, subprocess, sys
holding = "import sys; held = b'x' * 80_000_000; print('ready', flush=True); sys.stdin.read()"
child = subprocess.Popen([sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print("Taking events on http://127.0.0.1:1", flush=True)
signal.pause()
"""


def test_a_servers_memory_is_the_most_that_one_of_its_processes_has_and_its_cpu_that_of_all() -> None:
    async def main() -> None:
        async with run_server(["-c", TWO_PROCESSES], {}) as server:
            assert server.peak_megabytes() > 80
            assert server.cpu_seconds() > 0

    asyncio.run(main())


def test_what_runs_on_a_core_is_free_again_afterwards() -> None:
    before = os.sched_getaffinity(0)
    with cores.on(max(before)):
        assert os.sched_getaffinity(0) == {max(before)}
    assert os.sched_getaffinity(0) == before
    with cores.on(None):
        assert os.sched_getaffinity(0) == before


def test_no_two_sample_events_are_repeats_however_many_there_are() -> None:
    keys = [record.key for record in records(5_000)]
    assert None not in keys
    assert len(set(keys)) == 5_000
    assert all(
        first is not None and next_ is not None and first[:24] <= next_[:24]
        for first, next_ in pairwise(keys)
    )


def test_arrays_hold_as_many_events_as_were_asked_for() -> None:
    assert [len(orjson.loads(body)) for body in arrays(250)] == [100, 100, 50]
    assert len(list(singles(3))) == 3
