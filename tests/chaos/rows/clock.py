"""The relay's wall clock jumps; time itself does not."""

import asyncio
from datetime import UTC, datetime, timedelta

from chaos.datadog import run_datadog
from chaos.faults import DAY, Faults
from chaos.sending import load, post_many
from chaos.trial import Row, Trial

LONGEST_TRY = 2.0
"""A try ends within this time, in seconds, where nobody listens."""

WAITED_HOURS = 20
"""Longer than Datadog takes logs for."""


async def clock(trial: Trial) -> None:
    """Three days forward, three back from the true time, and right again, while events come."""
    faults = Faults(trial.library, trial.spool.parent)
    events = trial.size(100, 2_000)
    async with run_datadog() as stub, trial.relay(stub, faults) as relay:
        trial.expect(faults.loaded, "the library of faults is not at work")
        async with load(relay.url, trial.ledger, connections=2, pause=0.005) as state:
            await trial.more_delivered(events)
            for days in (3, -3, 0):
                faults.clock(days * DAY)
                await trial.more_delivered(events)
                ready = await relay.status("/readyz")
                trial.expect(ready == 200, f"/readyz is answered {ready} with the clock {days:+} days off")
        trial.expect(set(state.statuses) == {202}, f"POST is answered {dict(state.statuses)}")
        await trial.settle(relay)


async def waited(trial: Trial) -> None:
    """What was accepted 20 hours ago, while Datadog was away, is delivered now: not dropped for its date."""
    faults = Faults(trial.library, trial.spool.parent)
    faults.clock(-WAITED_HOURS * 3_600)
    then = datetime.now(UTC) - timedelta(hours=WAITED_HOURS)
    old = then.strftime("%Y-%m-%dT%H:%M:%S.123Z")
    async with run_datadog() as stub, trial.relay(stub, faults) as relay:
        await stub.leave()
        stub.keep_entries = True
        events = trial.ledger.events(trial.size(200, 20_000), timestamp=old)
        statuses = await post_many(relay.url, trial.ledger, events)
        trial.expect(set(statuses) == {202}, f"POST is answered {dict(statuses)}")
        faults.clock(0)
        # a try that began 20 hours ago ended then: it must not be the one that succeeds
        await asyncio.sleep(LONGEST_TRY)
        await stub.come()
        await trial.settle(relay)
    undated = [entry for entry in stub.seen.entries if old not in str(entry)]
    trial.expect(not undated, f"{len(undated)} no longer say when they were")


ROWS = (
    Row("clock", "the wall clock 3 days ahead, then 3 days behind, then right", clock),
    Row("waited", "20 hours pass on the wall clock while Datadog is away", waited),
)
