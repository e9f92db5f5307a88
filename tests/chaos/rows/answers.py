"""Answers of Datadog that say something of the key or of the records, and an answer that is lost."""

from chaos import datadog
from chaos.datadog import run_datadog
from chaos.relays import Relay
from chaos.sending import load, post_many
from chaos.trial import KEY, Row, Trial

MARK = "chaos-bad-record"

MOST_DEAD_IN_A_ROW = 100
"""The relay buries so many in a row without one that is taken between them; then it holds the rest."""


async def key(trial: Trial) -> None:
    """The key is refused with 403, then with 401; then its file has a good one."""
    file = trial.folder / "key"
    file.write_text("old-key")
    async with run_datadog(keys=[KEY]) as stub, trial.relay(stub, DD_API_KEY_FILE=str(file)) as relay:
        await post_many(relay.url, trial.ledger, trial.ledger.events(200))
        for stub.refusal in (403, 401):
            before = stub.seen.requests
            await trial.until(
                lambda before=before: stub.seen.requests > before + 1,  # type: ignore[misc]
                "it is tried again with the refused key",
            )
            await _becomes_unready(trial, relay)
        state = await relay.metric("relay_delivery_state", state="key_refused")
        trial.expect(state == 1, f'relay_delivery_state{{state="key_refused"}} is {state:g}')
        dead = await relay.dead()
        trial.expect(not dead, f"{dead} records were buried for the key")
        file.write_text(KEY)
        await trial.settle(relay)

        async def is_ready() -> bool:
            return await relay.status("/readyz") == 200

        await trial.until(is_ready, "/readyz is 200 again")
        state = await relay.metric("relay_delivery_state", state="key_refused")
        trial.expect(state == 0, f'relay_delivery_state{{state="key_refused"}} is {state:g} at the end')


async def _becomes_unready(trial: Trial, relay: Relay) -> None:
    async def is_unready() -> bool:
        return await relay.status("/readyz") == 503

    await trial.until(is_unready, "/readyz is 503 while the key is refused")


async def too_large(trial: Trial) -> None:
    """413 for what is over a small limit: split until it fits; what never fits is buried alone."""
    limit, large = 20_000, 3
    async with run_datadog() as stub, trial.relay(stub) as relay:
        stub.become(datadog.refuse_longer(limit))
        events = trial.ledger.events(trial.size(300, 10_000))
        long_ones = [trial.ledger.event(blob="x" * limit) for _ in range(large)]
        events[100:100] = long_ones
        await post_many(relay.url, trial.ledger, events)
        await trial.settle(relay)
        trial.expect(trial.dead == large, f"{trial.dead} dead letters, not {large}")
        wrong = {str(event["execution_id"]) for event in long_ones} & stub.seen.copies.keys()
        trial.expect(not wrong, "one that is too large was taken")


async def bad_record(trial: Trial) -> None:
    """400 wherever a marked record is in the payload: the marked ones are buried, their neighbours not."""
    async with run_datadog() as stub, trial.relay(stub) as relay:
        stub.become(datadog.refuse_marked(MARK))
        marked = []
        for _ in range(trial.size(5, 100)):
            events = trial.ledger.events(100)
            place = trial.random.randrange(100)
            events[place] |= {"note": MARK}
            marked.append(str(events[place]["execution_id"]))
            await post_many(relay.url, trial.ledger, events)
        await trial.settle(relay)
        missing = trial.ledger.accepted - stub.seen.copies.keys()
        trial.expect(missing == set(marked), f"{len(missing)} buried, {len(marked)} were marked")
        trial.expect(trial.dead == len(marked), f"{trial.dead} dead letters, not {len(marked)}")


async def all_bad(trial: Trial) -> None:
    """400 for everything: it stops burying, waits, and delivers the rest once Datadog takes things again."""
    async with run_datadog() as stub, trial.relay(stub) as relay:
        stub.become(datadog.refuse(400, b'{"errors":[{"status":"400","title":"Bad Request"}]}'))
        await post_many(relay.url, trial.ledger, trial.ledger.events(trial.size(600, 20_000)))

        async def holds() -> bool:
            return await relay.metric("relay_delivery_state", state="holding") == 1

        async def all_buried() -> bool:
            return await relay.held() == 0

        async def either() -> bool:
            return await holds() or await all_buried()

        await trial.until(either, "it holds")
        dead, held = await relay.dead(), await relay.held()
        trial.note = f"400 for everything: {dead} dead letters, then {held} records held"
        trial.expect(await holds(), 'relay_delivery_state{state="holding"} is not 1')
        trial.expect(dead >= MOST_DEAD_IN_A_ROW // 2, f"it held after {dead} dead letters")
        trial.expect(dead <= MOST_DEAD_IN_A_ROW + 4, f"{dead} dead letters in a row, at most 100 are allowed")
        stub.become(datadog.take)
        await trial.settle(relay)
        state = await relay.metric("relay_delivery_state", state="holding")
        trial.expect(state == 0, f'relay_delivery_state{{state="holding"}} is {state:g} at the end')


async def answer_lost(trial: Trial) -> None:
    """Datadog keeps the payload and hangs up: sent again, counted as perhaps repeated, nothing lost."""
    async with run_datadog() as stub, trial.relay(stub) as relay:
        stub.become(datadog.one_after_the_other(datadog.keep_and_hang_up, datadog.take))
        async with load(relay.url, trial.ledger, connections=4):
            await trial.more_accepted(trial.size(300, 20_000))
        stub.become(datadog.take)
        await trial.settle(relay)
        repeats = stub.seen.copies.total() - len(stub.seen.copies)
        trial.expect(repeats, "nothing was sent again")
        counted = await relay.metric("relay_records_possibly_repeated_total")
        trial.expect(
            counted >= repeats, f"relay_records_possibly_repeated_total is {counted:g}, {repeats} came again"
        )


ROWS = (
    Row("key", "the key is refused with 403, then 401; then its file has a good one", key),
    Row("too-large", "413 over 20 kB, and three records that are longer themselves", too_large),
    Row("bad-record", "400 for each payload that holds a marked record", bad_record),
    Row("all-bad", "400 for everything, then Datadog takes things again", all_bad),
    Row("answer-lost", "every other payload is kept without an answer", answer_lost),
)
