"""More comes than goes: a backlog, a full spool, and events that have waited too long."""

from datetime import UTC, datetime, timedelta

import orjson

from chaos.datadog import run_datadog
from chaos.relays import Relay
from chaos.sending import connect, load, post, post_many
from chaos.trial import Row, Trial

REDATED = "relay.redated:true"


async def backlog(trial: Trial) -> None:
    """Datadog is away while many events come; the relay is started anew; new ones come while it drains."""
    async with run_datadog() as stub:
        await stub.leave()
        async with trial.relay(stub) as relay:
            statuses = await post_many(
                relay.url, trial.ledger, trial.ledger.events(trial.size(5_000, 200_000)), at_once=500
            )
            trial.expect(set(statuses) == {202}, f"while Datadog is away: {dict(statuses)}")
        async with trial.relay(stub) as relay:
            await stub.come()
            async with load(relay.url, trial.ledger, connections=2, pause=0.01) as state:
                await trial.until(
                    lambda: len(trial.delivered()) >= trial.size(5_000, 200_000), "the backlog is delivered"
                )
            trial.expect(set(state.statuses) == {202}, f"while it drains: {dict(state.statuses)}")
            await trial.settle(relay)


async def spool_full(trial: Trial) -> None:
    """A small spool: 503 once it is full, nothing old thrown away, and room again as it drains."""
    async with run_datadog() as stub:
        await stub.leave()
        async with trial.relay(stub, RELAY_SPOOL_MAX_BYTES=str(trial.size(1, 50) * 1_000_000)) as relay:

            async def is_full() -> bool:
                return (await post(relay.url, trial.ledger, trial.ledger.events(100))).status != 202

            await trial.until(is_full, "the spool is full")
            for _ in range(3):
                answer = await post(relay.url, trial.ledger, trial.ledger.events(100))
                trial.expect(answer.status == 503, f"POST is answered {answer.status}")
                trial.expect("retry-after" in answer.headers, "the 503 has no Retry-After")
            ready, live = await relay.status("/readyz"), await relay.status("/livez")
            trial.expect(ready == 503, f"/readyz is answered {ready}")
            trial.expect(live == 200, f"/livez is answered {live}")
            await stub.come()

            async def is_taken() -> bool:
                return (await post(relay.url, trial.ledger, trial.ledger.events(100))).status == 202

            await trial.until(is_taken, "events are taken again")
            await trial.settle(relay)


async def dates(trial: Trial) -> None:
    """Events 20 h old and 3 h in the future: kept by Datadog, with their own date still in them."""
    now = datetime.now(UTC)
    strange = {hours: (now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.123Z") for hours in (-20, 3)}
    async with run_datadog() as stub, trial.relay(stub) as relay:
        stub.keep_entries = True
        statuses = await post_many(relay.url, trial.ledger, trial.ledger.events(50))
        for date in strange.values():
            events = trial.ledger.events(50, timestamp=date)
            statuses += await post_many(relay.url, trial.ledger, events)
        trial.expect(set(statuses) == {202}, f"POST is answered {dict(statuses)}")
        await _post_entries(trial, relay, now + timedelta(hours=-20))
        await trial.settle(relay)
    # an event whose date was replaced is known by the old one, which must still be there
    redated = [entry for entry in stub.seen.entries if REDATED in str(entry.get("ddtags"))]
    for hours, date in strange.items():
        kept = [entry for entry in redated if date in str(entry)]
        trial.expect(
            len(kept) == 50, f"{len(kept)} of 50 events of {hours:+} h came redated, with the old date"
        )
    trial.expect(len(redated) <= 101, f"{len(redated) - 101} events of today were redated")


async def _post_entries(trial: Trial, relay: Relay, date: datetime) -> None:
    """Post an old entry in Datadog's own form, with its date beside the message, not in it."""
    event = trial.ledger.event()
    del event["timestamp"]
    entry = {"message": orjson.dumps(event).decode(), "date": int(date.timestamp() * 1000)}
    async with connect(relay.url.replace("/okta/events", "/api/v2/logs")) as connection:
        answer = await connection.post(orjson.dumps([entry]))
    trial.expect(answer.status == 202, f"POST /api/v2/logs is answered {answer.status}")
    trial.ledger.accept([event])


ROWS = (
    Row("backlog", "Datadog away while events come, a restart, new events while it drains", backlog),
    Row("spool-full", "Datadog away until RELAY_SPOOL_MAX_BYTES is reached, then back", spool_full),
    Row("dates", "events 20 h old, and 3 h in the future", dates),
)
