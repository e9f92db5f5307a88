"""What main process and worker say to each other, and what a worker makes of it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from running import API_KEY, NOWHERE, environment, until

from relay import server, turns
from relay.connections import Connection, Connections
from relay.current import Current
from relay.envelope import Record
from relay.errors import SpoolDamaged, SpoolError, SpoolFull
from relay.limits import Limits
from relay.metrics import Metrics
from relay.settings import read
from relay.tally import Tally
from relay.turns import Turns
from relay.workers import worker_process
from relay.workers.channel import Channel, Message
from relay.workers.main_process import MainProcess, Orders
from relay.workers.pool import Workers
from relay.workers.worker_process import Behind, WorkerProcess


@dataclass(slots=True)
class End:
    """One end of a channel and what came to it, frame by frame."""

    frames: list[list[Message]] = field(default_factory=list)
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    channel: Channel | None = None

    async def open(self, end: socket.socket) -> Channel:
        end.setblocking(False)
        self.channel = channel = Channel(self.frames.append, self.lost.set)
        await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=end)
        return channel

    async def frame(self) -> list[Message]:
        await until(lambda: bool(self.frames))
        return self.frames.pop(0)


def test_messages_of_one_turn_of_the_event_loop_come_in_one_frame_in_their_order_whatever_their_size() -> (
    None
):
    async def main() -> None:
        ours, theirs = socket.socketpair()
        one, other = End(), End()
        sends = await one.open(ours)
        await other.open(theirs)
        large = bytes(40_000_000)
        sends.send("put", 1, [(b"data", b"key", True, 1_700_000_000_000), (b"", None, False, None)])
        sends.send("put", 2, large)
        sends.send("ready")
        assert await other.frame() == [
            ("put", 1, [(b"data", b"key", True, 1_700_000_000_000), (b"", None, False, None)]),
            ("put", 2, large),
            ("ready", 0, None),
        ]
        for number in range(3):
            sends.send("show", number)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert [await other.frame() for _ in range(3)] == [[("show", number, None)] for number in range(3)]
        sends.send("stop")
        sends.close()
        assert await other.frame() == [("stop", 0, None)]
        await other.lost.wait()
        await one.lost.wait()
        sends.send("stop")  # nobody is there: no matter

    asyncio.run(main())


def test_a_frame_may_come_in_pieces_and_several_at_once() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        one, other = End(), End()
        sends = await one.open(ours)
        for number in range(3):
            sends.send("show", number)
            await asyncio.sleep(0)
        theirs.setblocking(True)
        sent = theirs.recv(10_000)
        taking = Channel(other.frames.append, other.lost.set)
        for place in range(len(sent)):
            taking.data_received(sent[place : place + 1])
        taking.data_received(sent)
        assert other.frames == [[("show", number % 3, None)] for number in range(6)]
        theirs.close()
        await one.lost.wait()

    asyncio.run(main())


@dataclass(slots=True)
class SmallSpool:
    """Refuses what is longer than 10 bytes in sum, and is broken by the record `fault`."""

    puts: list[list[Record]] = field(default_factory=list)
    known: set[bytes] = field(default_factory=set)

    async def put(self, records: Sequence[Record]) -> int:
        self.puts.append([*records])
        if any(record.data == b"fault" for record in records):
            raise KeyError("a fault")
        if any(record.data == b"damaged" for record in records):
            raise SpoolDamaged("It is damaged.")
        if sum(len(record.data) for record in records) > 10:
            raise SpoolFull("There is no room.")
        new = {record.data for record in records} - self.known
        self.known |= new
        return len(new)


@asynccontextmanager
async def talking(spool: SmallSpool, tally: Tally | None = None) -> AsyncIterator[MainProcess]:
    """A worker's view of a main process, without a process between them."""

    async def unready() -> list[str]:
        return ["It rests."]

    async def show() -> bytes:
        return b"metrics"

    def never() -> None:
        raise AssertionError("it did not end")

    behind = Behind(spool, tally or Tally(), unready, show)
    seen = WorkerProcess(behind, lambda _: show(), lambda: None)
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    worker = MainProcess(lambda _: None, never, never)
    await asyncio.get_running_loop().create_unix_connection(lambda: seen._channel, sock=ours)
    await worker.connect(theirs)
    async with asyncio.timeout(30):
        yield worker
        await worker.close()
    await seen._ended.wait()


def on(spool: SmallSpool, ask: Callable[[MainProcess], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        async with talking(spool) as worker:
            await ask(worker)

    asyncio.run(main())


def test_puts_of_one_turn_are_stored_as_one_and_their_repeats_are_counted() -> None:
    spool = SmallSpool()

    async def ask(worker: MainProcess) -> None:
        a, b = Record(b"a", b"k", truncated=True, date=7), Record(b"b")
        stored = await asyncio.gather(worker.put([a]), worker.put([a, b, a]), worker.put([b]))
        assert sum(stored) == 2
        assert all(0 <= number <= most for number, most in zip(stored, (1, 3, 1), strict=True))
        assert spool.puts == [[a, a, b, a, b]]
        assert type(spool.puts[0][0]) is Record
        assert await worker.put([a]) == 0

    on(spool, ask)


def test_of_puts_that_do_not_fit_together_those_are_stored_that_fit() -> None:
    spool = SmallSpool()

    async def ask(worker: MainProcess) -> None:
        found = await asyncio.gather(
            worker.put([Record(b"a" * 8)]),
            worker.put([Record(b"b" * 11)]),
            worker.put([Record(b"damaged")]),
            worker.put([Record(b"c" * 8)]),
            return_exceptions=True,
        )
        assert [type(each) for each in found] == [int, SpoolFull, SpoolDamaged, int]
        assert [str(each) for each in found if isinstance(each, SpoolError)] == [
            "There is no room.",
            "It is damaged.",
        ]

    on(spool, ask)


def test_a_fault_in_the_main_process_fails_that_request_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def ask(worker: MainProcess) -> None:
        with pytest.raises(RuntimeError, match="The main process met a fault: KeyError: 'a fault'"):
            await worker.put([Record(b"fault")])
        assert await worker.put([Record(b"a")]) == 1

    on(SmallSpool(), ask)
    assert caplog.messages == ["A worker's request met a fault."]


def test_who_does_not_wait_for_his_put_any_more_does_not_disturb_the_others() -> None:
    async def ask(worker: MainProcess) -> None:
        gone = [asyncio.create_task(worker.put([Record(data)])) for data in (b"a", b"b" * 11)]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        assert await worker.put([Record(b"c")]) == 1
        assert await worker.unready() == ["It rests."]
        assert await worker.show() == b"metrics"

    on(SmallSpool(), ask)


def test_each_count_of_a_worker_reaches_the_relays_own_once() -> None:
    tally = Tally()

    async def main() -> None:
        async with talking(SmallSpool(), tally) as worker:
            worker.ready()
            worker.tally.accepted([], 0, 0.004)
            await worker.show()
            assert tally.requests == 1
            worker.tally.accepted([], 0, 0.004)
            worker.tally.events["FLOW_FAIL"] += 2
            await until(lambda: tally.requests == 2)  # it comes by itself
            worker.tally.refused["token_wrong"] += 1
        assert (tally.requests, tally.took[2], tally.refused) == (2, 2, {"token_wrong": 1})
        assert tally.events == {"FLOW_FAIL": 2}

    asyncio.run(main())


def test_who_has_not_begun_or_has_ended_is_not_asked_for_counts() -> None:
    async def main() -> None:
        async with talking(SmallSpool()):
            pass
        seen = WorkerProcess(
            Behind(SmallSpool(), Tally(), _none, _nothing), lambda _: _nothing(), lambda: None
        )
        assert seen.count().cancelled()

    asyncio.run(main())


async def _none() -> list[str]:
    return []


async def _nothing() -> bytes:
    return b""


def test_a_worker_does_not_get_the_api_key(tmp_path: Path) -> None:
    settings = read({**environment(tmp_path / "spool.db", NOWHERE), "RELAY_WORKERS": "2"})

    async def main() -> None:
        with server.bind("127.0.0.1", 0) as listening:
            behind = Behind(SmallSpool(), Tally(), _none, _nothing)
            pool = Workers(settings, server.Listening(listening), behind)
            given: list[Orders] = [pool._orders]
            pool.follow(settings)
            given.append(pool._orders)
        assert settings.api_key == API_KEY
        assert [orders.settings.api_key for orders in given] == ["", ""]
        assert [orders.settings.tokens for orders in given] == [settings.tokens] * 2

    asyncio.run(main())


def test_another_number_of_workers_takes_a_restart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = read(environment(tmp_path / "spool.db", NOWHERE))
    current = Current(first, lambda: replace(first, workers=3), Metrics())
    assert not asyncio.run(current.reload())
    assert current.settings.workers == 1
    assert caplog.messages == ["A change of RELAY_WORKERS takes a restart."]


def test_several_processes_share_what_connections_may_hold() -> None:
    def connections(listening: socket.socket, turns: Turns | None) -> Connections:
        return Connections(listening, None, Limits(turns=turns), Connection)

    async def main() -> None:
        with memory(4) as file, server.bind("127.0.0.1", 0) as one, server.bind("127.0.0.1", 0) as other:
            alone, one_of_four = connections(one, None), connections(other, Turns(file, 1))
            assert one_of_four._most_requests == alone._most_requests // 4
            assert one_of_four._most <= alone._most
            for each in (alone, one_of_four):
                each.refuse()
                await each.end(0)

    asyncio.run(main())


@contextmanager
def memory(processes: int) -> Iterator[int]:
    file = turns.shared(processes)
    yield file
    os.close(file)


@pytest.mark.parametrize("is_named", [True, False])
def test_it_is_the_turn_of_those_that_have_the_fewest_connections_of_all_that_accept(
    is_named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_named:  # as on a system that has no such files
        monkeypatch.delattr(os, "memfd_create", raising=False)
    with memory(3) as file:
        first, second, third = (Turns(file, place) for place in (1, 2, 3))
        first.have(1)
        assert [each.is_mine for each in (first,)] == [True]  # the others do not accept yet
        second.have(0)
        assert [each.is_mine for each in (first, second)] == [False, True]
        second.have(1)
        third.have(7)
        assert [each.is_mine for each in (first, second, third)] == [True, True, False]
        first.leave()
        second.leave()
        assert [each.is_mine for each in (third,)] == [True]


def test_connections_that_come_one_after_the_other_are_shared_evenly() -> None:
    accepted: list[list[Connection]] = [[], []]

    async def main() -> None:
        with memory(2) as file, server.bind("127.0.0.1", 0) as listening:
            for place, mine in enumerate(accepted, 1):

                def make(mine: list[Connection] = mine) -> Connection:
                    mine.append(Connection())
                    return mine[-1]

                shared = listening if place == 1 else listening.dup()
                sides.append(Connections(shared, None, Limits(turns=Turns(file, place)), make))
            for _ in range(10):
                clients.append(await asyncio.open_connection(*listening.getsockname()))
                await until(lambda: sum(map(len, accepted)) == len(clients))
            assert [*map(len, accepted)] == [5, 5]
            for side in sides:
                side.refuse()
                await side.end(5)
            for _, writer in clients:
                writer.close()

    sides: list[Connections] = []
    clients: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    asyncio.run(main())


def test_a_worker_imports_from_the_working_directory_only_if_the_relay_itself_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert worker_process._command()[1:] == ["-P", "-m", "relay.workers"]
    monkeypatch.chdir(Path(__file__).parents[2])
    assert worker_process._command()[1:] == ["-m", "relay.workers"]
