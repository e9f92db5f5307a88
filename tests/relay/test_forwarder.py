"""Each record that was put ends delivered, dead or waiting, whatever Datadog and the spool do."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import orjson
import pytest
from fakes import Clock, Datadog, json_of, records, until
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.batching import MAX_ENTRIES
from relay.delivery import State
from relay.envelope import Record
from relay.errors import SpoolUnwritable
from relay.forwarder import IN_FLIGHT, LONG_BACKLOG, Forwarder, Pace, pause_after
from relay.intake import Delivered, Held, Rejected, Retry, Split, Verdict
from relay.metrics import Metrics
from relay.spool import Claimed
from relay.spool.memory import MemorySpool, open_engine

LONG = 3_600.0
"""A wait that no test would live to see the end of."""


EAGER = Pace(batch_wait=0.0)


class FlakySpool(MemorySpool):
    """Fails once for each of the verbs that it is given."""

    def __init__(self, *failures: str) -> None:
        super().__init__(max_bytes=10**9, clock=lambda: 0.0)
        self._failures = list(failures)

    async def ack(self, batch: Sequence[Claimed]) -> None:
        self._fail("ack")
        await super().ack(batch)

    async def bury(self, batch: Sequence[Claimed], reason: str, answer: str) -> None:
        self._fail("bury")
        await super().bury(batch, reason, answer)

    async def claim(
        self, max_records: int, max_bytes: int, wait: float, *, newest: bool = False
    ) -> list[Claimed]:
        self._fail("claim")
        return await super().claim(max_records, max_bytes, wait, newest=newest)

    def _fail(self, verb: str) -> None:
        if verb in self._failures:
            self._failures.remove(verb)
            raise SpoolUnwritable("The disk is full.")


class Running:
    """A forwarder at work between a spool and a Datadog."""

    def __init__(self, spool: MemorySpool, datadog: Datadog, pace: Pace, clock: Clock | None) -> None:
        self.spool = spool
        self.datadog = datadog
        self.metrics = Metrics()
        self.stop = asyncio.Event()
        self.forwarder = Forwarder(
            spool, datadog.send, self.metrics, pace, jitter=lambda: 0.0, clock=clock or (lambda: 0.0)
        )

    @property
    def is_empty(self) -> bool:
        depth = self.spool.depth()
        return depth.waiting + depth.claimed == 0

    async def empty(self) -> None:
        await until(lambda: self.is_empty)


def forward(
    datadog: Datadog,
    story: Callable[[Running], Coroutine[Any, Any, None]],
    *,
    spool: MemorySpool | None = None,
    pace: Pace = EAGER,
    clock: Clock | None = None,
    drain: float = 30.0,
) -> MemorySpool:
    """Run a forwarder beside a story, then stop it in order; gives the spool as it was left."""

    async def main() -> MemorySpool:
        kept = spool or await open_engine("", max_bytes=10**9, clock=clock or (lambda: 0.0))
        running = Running(kept, datadog, pace, clock)
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(running.forwarder.run(running.stop, drain))
            await story(running)
            running.stop.set()
            await work
        assert not running.forwarder.running
        return kept

    return asyncio.run(main())


def put(
    number: int, then: Callable[[Running], bool] | None = None
) -> Callable[[Running], Coroutine[Any, Any, None]]:
    """The story of some records that are put, until something holds or all of them are gone."""

    async def story(running: Running) -> None:
        await running.spool.put(records(number))
        await until(lambda: then(running) if then else running.is_empty)

    return story


def numbers(entries: Sequence[bytes]) -> list[int]:
    return [int(entry) for entry in entries]


def refuses(*bad: int, verdict: Verdict) -> Callable[[Sequence[bytes]], Verdict]:
    """A rule: this verdict on any request with one of these records in it, else delivered."""
    return lambda entries: verdict if set(bad) & set(numbers(entries)) else Delivered()


# --- when a batch goes


def test_a_full_batch_goes_at_once() -> None:
    datadog = Datadog()
    forward(datadog, put(MAX_ENTRIES), pace=Pace(LONG))
    assert [numbers(entries) for entries in datadog.sent] == [list(range(MAX_ENTRIES))]


def test_a_batch_that_is_not_full_waits_for_others() -> None:
    async def story(running: Running) -> None:
        await running.spool.put(records(MAX_ENTRIES - 1))
        for _ in range(100):
            await asyncio.sleep(0)
        assert datadog.sent == []
        await running.spool.put(records(1))
        await running.empty()

    datadog = Datadog()
    forward(datadog, story, pace=Pace(LONG))
    assert [len(entries) for entries in datadog.sent] == [MAX_ENTRIES]


def test_a_lonely_record_goes_once_it_has_waited() -> None:
    datadog = Datadog()
    forward(datadog, put(1), pace=Pace(0.01))
    assert datadog.sent == [[b"0"]]


def test_records_go_in_the_order_in_which_they_were_put() -> None:
    datadog = Datadog()
    forward(datadog, put(5_500))
    assert [number for entries in datadog.sent for number in numbers(entries)] == list(range(5_500))
    assert [len(entries) for entries in datadog.sent] == [1_000] * 5 + [500]


def test_no_more_requests_are_under_way_than_allowed() -> None:
    async def story(running: Running) -> None:
        datadog.open.clear()
        await running.spool.put(records(20 * MAX_ENTRIES))
        await until(lambda: datadog.under_way == IN_FLIGHT)
        for _ in range(100):
            await asyncio.sleep(0)
        assert running.spool.depth().claimed == IN_FLIGHT * MAX_ENTRIES
        datadog.open.set()
        await running.empty()

    datadog = Datadog()
    forward(datadog, story)
    assert datadog.most == IN_FLIGHT
    assert len(datadog.sent) == 20


# --- what a verdict does


def test_a_record_is_acked_only_after_its_202() -> None:
    async def story(running: Running) -> None:
        datadog.open.clear()
        await running.spool.put(records(3))
        await until(lambda: datadog.under_way == 1)
        assert running.spool.depth().claimed == 3
        datadog.open.set()
        await running.empty()
        assert running.metrics.value("relay_records_delivered_total") == 3
        assert running.spool.depth().bytes == 0

    datadog = Datadog()
    forward(datadog, story)


@pytest.mark.parametrize("verdict", [Retry("HTTP 503"), Held("HTTP 403")])
def test_what_datadog_does_not_take_now_is_sent_again_whole(verdict: Verdict) -> None:
    datadog = Datadog(verdict, verdict, verdict)
    spool = forward(datadog, put(3))
    assert datadog.sent == [[b"0", b"1", b"2"]] * 4
    assert not spool.dead


def test_trouble_is_known_while_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    async def story(running: Running) -> None:
        await running.spool.put(records(1))
        await until(lambda: running.forwarder.delivery.state is State.KEY_REFUSED)
        assert running.forwarder.delivery.reason == "HTTP 403"
        assert running.metrics.value("relay_delivery_state") == 1
        assert running.forwarder.running
        datadog.rule = lambda _: Delivered()
        await running.empty()
        await until(lambda: running.forwarder.delivery.state is State.DELIVERING)
        assert running.metrics.value("relay_intake_requests_total") == len(datadog.sent)

    caplog.set_level("INFO")
    datadog = Datadog(rule=lambda _: Held("HTTP 403"))
    forward(datadog, story)
    assert [record.message for record in caplog.records] == [
        "Datadog refuses the API key: HTTP 403. Records wait; it is read again before each try.",
        "Datadog takes records again.",
    ]


def test_a_batch_that_is_too_large_is_halved_until_it_fits_and_stays_in_order() -> None:
    def rule(entries: Sequence[bytes]) -> Verdict:
        return Split("HTTP 413", "too large") if len(entries) > 2 else Delivered()

    datadog = Datadog(rule=rule)
    spool = forward(datadog, put(8))
    taken = [numbers(entries) for entries in datadog.sent if len(entries) <= 2]
    assert taken == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert [len(entries) for entries in datadog.sent] == [8, 4, 2, 2, 4, 2, 2]
    assert not spool.dead


@pytest.mark.parametrize("verdict", [Split("HTTP 413", "the answer"), Rejected("HTTP 400", "the answer")])
def test_a_single_record_that_datadog_refuses_is_a_dead_letter_with_its_answer(
    verdict: Split | Rejected,
) -> None:
    datadog = Datadog(verdict)
    spool = forward(datadog, put(1))
    ((claimed, reason, answer),) = spool.dead.values()
    assert (claimed.data, reason, answer) == (b"0", verdict.reason, "the answer")
    assert spool.depth().dead == 1


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.sets(st.integers(0, 39)))
def test_bad_records_are_found_among_good_ones_and_only_they_are_dead(number: int, bad: set[int]) -> None:
    datadog = Datadog(rule=refuses(*bad, verdict=Rejected("HTTP 400", "bad")))
    spool = forward(datadog, put(number))
    dead = {int(claimed.data) for claimed, _, _ in spool.dead.values()}
    delivered = [
        one for entries in datadog.sent if not bad & set(numbers(entries)) for one in numbers(entries)
    ]
    assert dead == bad & set(range(number))
    assert sorted([*dead, *delivered]) == list(range(number))


def test_a_part_that_is_tried_again_goes_before_the_parts_after_it() -> None:
    datadog = Datadog(Split("HTTP 413", ""), Retry("HTTP 503"), Retry("HTTP 503"))
    forward(datadog, put(4))
    assert [numbers(entries) for entries in datadog.sent] == [[0, 1, 2, 3], [0, 1], [0, 1], [0, 1], [2, 3]]


# --- refusals without end


def test_when_one_record_after_the_other_is_refused_the_rest_is_held_and_delivered_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(running: Running) -> None:
        await running.spool.put(records(50))
        await until(lambda: running.forwarder.delivery.state is State.HOLDING)
        for _ in range(100):
            await asyncio.sleep(0)
        assert running.spool.depth().dead == 7
        datadog.rule = lambda _: Delivered()
        await running.empty()
        await until(lambda: running.forwarder.delivery.state is State.DELIVERING)
        assert running.metrics.value("relay_records_delivered_total") == 43

    caplog.set_level("INFO")
    datadog = Datadog(rule=lambda _: Rejected("HTTP 400", "bad"))
    spool = forward(datadog, story, pace=Pace(0.0, bury_limit=7))
    assert sorted(int(claimed.data) for claimed, _, _ in spool.dead.values()) == list(range(7))
    told = [record.message for record in caplog.records if "dead letter" not in record.message]
    assert told == [
        "Datadog refuses one record after the other: HTTP 400. No more are buried; they wait.",
        "Datadog takes records again.",
    ]


def test_with_good_records_between_them_any_number_of_bad_ones_is_buried() -> None:
    bad = set(range(0, 60, 2))
    datadog = Datadog(rule=refuses(*bad, verdict=Rejected("HTTP 400", "bad")))
    spool = forward(datadog, put(60), pace=Pace(0.0, bury_limit=2))
    assert {int(claimed.data) for claimed, _, _ in spool.dead.values()} == bad


# --- possible repeats


@pytest.mark.parametrize(("verdict", "number"), [(Retry("reset", is_unanswered=True), 3), (Retry("503"), 0)])
def test_what_was_sent_without_an_answer_is_counted_as_possibly_repeated(verdict: Retry, number: int) -> None:
    async def story(running: Running) -> None:
        await put(3)(running)
        assert running.metrics.value("relay_records_possibly_repeated_total") == number

    forward(Datadog(verdict), story)


# --- dates

DAY = 86_400


def dated(clock: Clock, age: float, number: int = 0) -> Record:
    """A numbered record whose date is so many seconds ago."""
    date = int((clock.now - age) * 1000)
    return Record(orjson.dumps({"message": json_of({"timestamp": date, "number": number})}), date=date)


def test_what_datadog_would_drop_for_its_date_is_sent_without_it_and_counted() -> None:
    async def story(running: Running) -> None:
        await running.spool.put([dated(clock, 0), dated(clock, DAY), dated(clock, -DAY / 2)])
        await running.empty()
        assert running.metrics.value("relay_records_redated_total") == 2

    clock = Clock()
    datadog = Datadog()
    forward(datadog, story, clock=clock)
    ((young, *others),) = datadog.sent
    assert b"relay.redated" not in young
    assert all(b"relay.redated:true" in other and b"relay.original.timestamp" in other for other in others)


def test_a_record_that_grows_too_old_while_it_is_tried_is_dated_anew_at_the_next_try() -> None:
    async def story(running: Running) -> None:
        await running.spool.put([dated(clock, 0)])
        await until(lambda: len(datadog.sent) > 1)
        clock.now += DAY
        datadog.rule = lambda _: Delivered()
        await running.empty()

    clock = Clock()
    datadog = Datadog(rule=lambda _: Retry("HTTP 503"))
    forward(datadog, story, clock=clock)
    assert b"relay.redated" not in datadog.sent[0][0]
    assert b"relay.redated" in datadog.sent[-1][0]


def test_a_record_whose_date_could_not_be_read_is_as_old_as_its_time_in_the_spool() -> None:
    async def story(running: Running) -> None:
        await running.spool.put([Record(b'{"message":"{\\"timestamp\\":\\"Mar  4 05:06:07\\"}"}')])
        await running.spool.put([Record(b'{"message":"text"}')])
        clock.now += DAY
        await running.empty()

    clock = Clock()
    datadog = Datadog()
    forward(datadog, story, clock=clock, pace=Pace(0.01))
    syslog, text = (entry for entries in datadog.sent for entry in entries)
    assert b"relay.redated" in syslog
    assert text == b'{"message":"text"}'


def test_a_payload_that_new_dates_make_too_long_is_split_and_never_sent() -> None:
    async def story(running: Running) -> None:
        long = b'{"message":"{\\"timestamp\\":1,\\"text\\":\\"%s\\"}"}' % (b"x" * 4_940)
        await running.spool.put([Record(long, date=1) for _ in range(MAX_ENTRIES)])
        await running.empty()

    datadog = Datadog()
    forward(datadog, story, clock=Clock())
    assert [len(entries) for entries in datadog.sent] == [500, 500]


# --- old and new


def test_with_a_long_backlog_one_batch_in_four_is_of_the_newest_records() -> None:
    async def story(running: Running) -> None:
        await until(lambda: len(datadog.sent) == IN_FLIGHT)
        firsts = sorted(numbers(entries)[0] for entries in datadog.sent)
        assert firsts == [0, 1_000, 2_000, LONG_BACKLOG + 4_000]
        assert all(numbers(entries) == sorted(numbers(entries)) for entries in datadog.sent)
        datadog.open.set()
        await running.empty()

    datadog = Datadog()
    datadog.open.clear()
    spool = MemorySpool(max_bytes=10**9, clock=lambda: 0.0)
    asyncio.run(fill(spool, LONG_BACKLOG + 5_000))
    forward(datadog, story, spool=spool)
    assert sorted(one for entries in datadog.sent for one in numbers(entries)) == list(
        range(LONG_BACKLOG + 5_000)
    )


async def fill(spool: MemorySpool, number: int) -> None:
    await spool.put(records(number))


# --- pauses


BOUNDS = [1, 2, 4, 8, 16, 30, 30, 30]


@given(st.floats(0, 1), st.sampled_from([Retry("HTTP 503"), Held("HTTP 403")]))
def test_the_pause_is_a_random_part_of_a_bound_that_doubles_up_to_30_seconds(
    jitter: float, verdict: Retry | Held
) -> None:
    assert [pause_after(verdict, tries, jitter) for tries in range(8)] == [jitter * bound for bound in BOUNDS]


def test_after_a_million_tries_the_pause_is_still_a_number() -> None:
    assert pause_after(Retry("HTTP 503"), 1_000_000, 1.0) == 30


def test_a_wait_that_datadog_asks_for_is_kept_up_to_5_minutes() -> None:
    assert pause_after(Retry("HTTP 429", 7.0), 0, 0.5) == 7
    assert pause_after(Retry("HTTP 429", 1e9), 0, 0.5) == 300


# --- stopping


def test_a_stop_during_a_pause_leaves_the_records_waiting_in_their_order() -> None:
    async def story(running: Running) -> None:
        await running.spool.put(records(3))
        await until(lambda: len(datadog.sent) == 1 and datadog.under_way == 0)

    datadog = Datadog(rule=lambda _: Retry("HTTP 429", LONG))
    spool = forward(datadog, story)
    assert len(datadog.sent) == 1
    depth = spool.depth()
    assert (depth.waiting, depth.claimed, depth.dead) == (3, 0, 0)
    assert [found.data for found in asyncio.run(spool.claim(9, 99, 0))] == [b"0", b"1", b"2"]


def test_a_stop_while_nothing_waits_ends_at_once() -> None:
    async def story(running: Running) -> None:
        await until(lambda: running.forwarder.running)

    assert forward(Datadog(), story, pace=Pace(LONG)).depth().waiting == 0


def test_a_request_under_way_at_the_stop_may_end_within_the_bound() -> None:
    async def story(running: Running) -> None:
        datadog.open.clear()
        await running.spool.put(records(3))
        await until(lambda: datadog.under_way == 1)
        asyncio.get_running_loop().call_later(0.01, datadog.open.set)

    datadog = Datadog()
    depth = forward(datadog, story).depth()
    assert (depth.waiting, depth.claimed, depth.bytes) == (0, 0, 0)


def test_a_request_that_takes_longer_is_given_up_and_its_records_wait(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(running: Running) -> None:
        datadog.open.clear()
        await running.spool.put(records(3))
        await until(lambda: datadog.under_way == 1)

    datadog = Datadog()
    depth = forward(datadog, story, drain=0.01).depth()
    assert (depth.waiting, depth.claimed, datadog.under_way) == (3, 0, 0)
    assert [record.message for record in caplog.records] == [
        "Requests to Datadog were given up after 0.01 s; their records wait in the spool."
    ]


# --- when the spool or we ourselves fail


@pytest.mark.parametrize("verdict", [Delivered(), Rejected("HTTP 400", "")])
def test_what_datadog_has_judged_is_not_sent_again_while_the_spool_fails(verdict: Verdict) -> None:
    async def story(running: Running) -> None:
        await put(1)(running)
        assert running.metrics.value("relay_spool_faults_total") == 6

    datadog = Datadog(verdict)
    spool = FlakySpool("ack", "ack", "ack", "bury", "bury", "bury", "claim", "claim", "claim")
    forward(datadog, story, spool=spool)
    assert datadog.sent == [[b"0"]]
    assert spool.depth().dead == isinstance(verdict, Rejected)


def test_a_spool_that_fails_until_the_stop_keeps_the_records() -> None:
    async def story(running: Running) -> None:
        await running.spool.put(records(1))
        await until(lambda: running.metrics.value("relay_spool_faults_total") > 10)

    spool = FlakySpool(*["ack"] * 1_000_000)
    forward(Datadog(), story, spool=spool, drain=0.01)
    assert spool.depth().waiting == 1


class BrokenSpool(MemorySpool):
    async def claim(
        self, max_records: int, max_bytes: int, wait: float, *, newest: bool = False
    ) -> list[Claimed]:
        raise RuntimeError("a fault of ours")


async def never(_: Running) -> None:
    await asyncio.Event().wait()


def test_a_fault_of_ours_in_claiming_ends_the_run_with_it() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        forward(Datadog(), never, spool=BrokenSpool(max_bytes=1, clock=lambda: 0.0))
    assert caught.group_contains(RuntimeError, match="a fault of ours")


def test_a_fault_of_ours_in_sending_ends_the_run_and_loses_nothing() -> None:
    def rule(_: Sequence[bytes]) -> Verdict:
        raise RuntimeError("a fault of ours")

    async def story(running: Running) -> None:
        await running.spool.put(records(3))
        await never(running)

    spool = MemorySpool(max_bytes=1_000, clock=lambda: 0.0)
    with pytest.raises(ExceptionGroup) as caught:
        forward(Datadog(rule=rule), story, spool=spool)
    assert caught.group_contains(RuntimeError, match="a fault of ours")
    assert spool.depth().waiting + spool.depth().claimed == 3
