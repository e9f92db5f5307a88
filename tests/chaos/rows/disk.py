"""The disk: the power goes, it is full, it takes no writes, it does not sync."""

import signal
from collections.abc import Awaitable, Callable

from chaos.datadog import Datadog, run_datadog
from chaos.faults import Faults, survivors
from chaos.relays import Relay
from chaos.sending import load, post, post_many
from chaos.trial import Row, Trial

UNSYNCED = (0.0, 0.5, 0.9)
"""Shares of what was written and not synced that the disk holds after a power cut all the same, in turn."""

PROBES = 5
"""So often the relay is asked while the disk does not work: each time it must refuse in the same way."""


async def power_loss(trial: Trial) -> None:
    """SIGKILL under load; the relay starts again on what was synced by then."""
    cuts = trial.size(5, 50)
    trial.note = f"power cut under load, {cuts} times: unsynced writes are gone, or in part, in any order"
    files = trial.spool.parent
    async with run_datadog() as stub:
        for stub.life in range(cuts):
            disk = _mirrored(trial, stub.life)
            async with trial.relay(stub, disk) as relay:
                trial.expect(disk.loaded, "the library of faults is not at work")
                at_once = trial.random.choice((1, 1, 20))
                async with load(relay.url, trial.ledger, at_once=at_once) as state:
                    await trial.more_accepted(trial.random.randrange(1, 600))
                    await relay.end(signal.SIGKILL)
                trial.expect(set(state.statuses) == {202}, f"statuses {dict(state.statuses)}")
            survivors(disk, files, UNSYNCED[stub.life % len(UNSYNCED)], trial.random)
        stub.life = cuts
        async with trial.relay(stub) as relay:
            await trial.settle(relay)


def _mirrored(trial: Trial, number: int) -> Faults:
    files = trial.spool.parent
    # shared memory is not on any disk
    for shared in files.glob("*-shm"):
        shared.unlink()
    return Faults(trial.library, files, mirror=trial.folder / f"mirror-{number}")


def _failing(begin: Callable[[Faults], None]) -> Callable[[Trial], Awaitable[None]]:
    """A row in which the disk does not take what is accepted, until it does again; then the power goes.

    The power is there to see that what is accepted after the fault is durable as well.
    """

    async def run(trial: Trial) -> None:
        disk = _mirrored(trial, 0)
        async with run_datadog() as stub:
            async with trial.relay(stub, disk) as relay:
                trial.expect(disk.loaded, "the library of faults is not at work")
                await post_many(relay.url, trial.ledger, trial.ledger.events(200), at_once=10)
                await stub.leave()
                await post_many(relay.url, trial.ledger, trial.ledger.events(200), at_once=10)
                begin(disk)
                await _is_refused(trial, relay, disk)
                disk.disk_well()
                await _recovers(trial, relay)
                await post_many(relay.url, trial.ledger, trial.ledger.events(200), at_once=10)
                await relay.end(signal.SIGKILL)
            survivors(disk, trial.spool.parent, 0.0, trial.random)
            await stub.come()
            async with trial.relay(stub) as relay:
                await trial.settle(relay)

    return run


async def disk_full(trial: Trial) -> None:
    """The disk is full while Datadog is away; Datadog comes back first."""
    disk = Faults(trial.library, trial.spool.parent)
    async with run_datadog() as stub, trial.relay(stub, disk) as relay:
        trial.expect(disk.loaded, "the library of faults is not at work")
        await stub.leave()
        await post_many(relay.url, trial.ledger, trial.ledger.events(trial.size(500, 20_000)), at_once=50)
        disk.disk_full()
        await _is_refused(trial, relay, disk)
        await stub.come()
        await _drains(trial, relay, stub)
        disk.disk_well()
        await _recovers(trial, relay)
        await trial.settle(relay)
        repeats = stub.seen.copies.total() - len(stub.seen.copies)
        trial.expect(not repeats, f"{repeats} repeats, for acknowledging failed")


async def _is_refused(trial: Trial, relay: Relay, disk: Faults) -> None:
    """Wait for the first refusal: what has room in a file may still be taken. Then nothing else happens."""

    async def is_refused() -> bool:
        return (await post(relay.url, trial.ledger, trial.ledger.events(1))).status != 202

    await trial.until(is_refused, "a request is refused")
    for _ in range(PROBES):
        answer = await post(relay.url, trial.ledger, trial.ledger.events(1))
        trial.expect(answer.status == 503, f"POST is answered {answer.status}")
        trial.expect("retry-after" in answer.headers, "the 503 has no Retry-After")
        ready, live = await relay.status("/readyz"), await relay.status("/livez")
        trial.expect(ready == 503, f"/readyz is answered {ready} meanwhile")
        trial.expect(live == 200, f"/livez is answered {live} meanwhile")
    trial.expect(disk.denied > 0, "nothing was made to fail")


async def _drains(trial: Trial, relay: Relay, stub: Datadog) -> None:
    """What waits is delivered, and gone from the spool, although nothing can be put into it."""

    async def is_empty() -> bool:
        return await relay.held() == 0

    drained = await trial.happens(is_empty, seconds=trial.size(30, 120))
    left = await relay.held()
    trial.expect(
        drained,
        f"on a full disk {len(stub.seen.copies)} of {len(trial.ledger.accepted)} were delivered, {left} not"
        " acknowledged",
    )


async def _recovers(trial: Trial, relay: Relay) -> None:
    async def takes_events() -> bool:
        return (await post(relay.url, trial.ledger, trial.ledger.events(1))).status == 202

    async def is_ready() -> bool:
        return await relay.status("/readyz") == 200

    await trial.until(takes_events, "events are taken again")
    await trial.until(is_ready, "/readyz is 200 again")


ROWS = (
    Row("power-loss", "power cut under load", power_loss),
    Row("disk-full", "the disk is full; Datadog is away, and comes back before there is room", disk_full),
    Row(
        "disk-read-only",
        "the file system becomes read-only, and writable again",
        _failing(Faults.disk_read_only),
    ),
    Row("disk-io-error", "each write fails with EIO for a while", _failing(Faults.write_error)),
    Row("fsync-error", "each fsync fails with EIO for a while", _failing(Faults.sync_error)),
)
