"""The spool's file: damaged, cut off, deleted, or written by a newer version."""

import signal
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing

from chaos.datadog import Datadog, run_datadog
from chaos.relays import Relay
from chaos.sending import post, post_many
from chaos.trial import Row, RowFailed, Trial

PAGE = 4096
"""Of the spool file, in bytes."""

PAGES = 5
"""So many are overwritten."""


async def _fill(trial: Trial, stub: Datadog, events: int) -> None:
    """Put events into the spool, and stop the relay, so that all of them are in the one file."""
    await stub.leave()
    async with trial.relay(stub) as relay:
        await post_many(relay.url, trial.ledger, trial.ledger.events(events), at_once=200)
        await relay.end()
    if list(trial.spool.parent.glob("*-wal")):
        raise RowFailed("there is a write-ahead log after an orderly end")


def _overwrite(trial: Trial, start: int, end: int) -> str:
    """Overwrite a piece of the file with noise; what stood only there is nobody's fault. Gives a note."""
    data = trial.spool.read_bytes()
    runs = _runs(trial)
    noise = trial.random.randbytes(min(end, len(data)) - start)
    with trial.spool.open("r+b") as file:
        file.seek(start)
        file.write(noise)
    return _excuse(trial, data[start:end], data[:start] + data[end:], runs)


def _runs(trial: Trial) -> list[set[str]]:
    """The events that are stored together, and so are lost together."""
    with closing(sqlite3.connect(trial.spool)) as connection:
        return [trial.ledger.found_in(data) for (data,) in connection.execute("SELECT data FROM run")]


def _excuse(trial: Trial, gone: bytes, left: bytes, runs: list[set[str]]) -> str:
    damaged = trial.ledger.found_in(gone) - trial.ledger.found_in(left)
    trial.excused |= damaged.union(*(run for run in runs if run & damaged))
    return f"{len(trial.excused)} of {len(trial.ledger.accepted)} records were in the damaged part"


def _middle_pages(trial: Trial) -> str:
    """Overwrite pages in the middle that hold records."""
    data = trial.spool.read_bytes()
    middle = len(data) // PAGE // 2
    start = next(page for page in range(middle, len(data) // PAGE) if _holds_records(trial, data, page))
    return f"{PAGES} pages in the middle: " + _overwrite(trial, start * PAGE, (start + PAGES) * PAGE)


def _holds_records(trial: Trial, data: bytes, page: int) -> bool:
    return bool(trial.ledger.found_in(data[page * PAGE : (page + 1) * PAGE]))


def _first_page(trial: Trial) -> str:
    return "the first page: " + _overwrite(trial, 0, PAGE)


def _half(trial: Trial) -> str:
    data = trial.spool.read_bytes()
    half = len(data) // 2
    runs = _runs(trial)
    with trial.spool.open("r+b") as file:
        file.truncate(half)
    return "cut to half: " + _excuse(trial, data[half:], data[:half], runs)


def _damaged(damage: Callable[[Trial], str]) -> Callable[[Trial], Awaitable[None]]:
    """A row in which the file is damaged while no relay runs."""

    async def run(trial: Trial) -> None:
        async with run_datadog() as stub:
            await _fill(trial, stub, trial.size(2_000, 50_000))
            what = damage(trial)
            await stub.come()
            async with trial.relay(stub) as relay:
                await _takes_events(trial, relay)
                await _is_set_aside(trial, relay)
                await trial.settle(relay)
                trial.note = f"{what}; {len(trial.excused & trial.delivered())} of these came all the same"
            async with trial.relay(stub) as relay:
                await _takes_events(trial, relay)
                await trial.settle(relay)

    return run


async def damaged_running(trial: Trial) -> None:
    """Pages are overwritten under the relay, while more waits than it has in memory."""
    async with run_datadog() as stub:
        await _fill(trial, stub, trial.size(6_000, 50_000))
        async with trial.relay(stub) as relay:
            what = _middle_pages(trial)
            await stub.come()
            await _takes_events(trial, relay)
            await _is_set_aside(trial, relay)
            await trial.settle(relay)
            trial.note = f"while it runs, {what}"
        async with trial.relay(stub) as relay:
            await _takes_events(trial, relay)
            await trial.settle(relay)


async def deleted(trial: Trial) -> None:
    """The spool's files are deleted under the relay; then it is killed and started again."""
    async with run_datadog() as stub:
        await stub.leave()
        async with trial.relay(stub) as relay:
            await post_many(
                relay.url, trial.ledger, trial.ledger.events(trial.size(2_000, 50_000)), at_once=200
            )
            for path in trial.spool.parent.glob("spool.db*"):
                if path.suffix != ".lock":
                    path.unlink()

            async def is_there_again() -> bool:
                await post(relay.url, trial.ledger, trial.ledger.events(1))
                return trial.spool.exists()

            await trial.until(is_there_again, "the spool file is there again")
            await _takes_events(trial, relay)
            await relay.end(signal.SIGKILL)
        await stub.come()
        async with trial.relay(stub) as relay:
            await _takes_events(trial, relay)
            await trial.settle(relay)


async def newer_version(trial: Trial) -> None:
    """The file is of a newer version than the relay; later it is not."""
    async with run_datadog() as stub:
        await _fill(trial, stub, 200)
        version = _set_version(trial, 99)
        untouched = trial.spool.read_bytes()
        await stub.come()
        async with trial.relay(stub) as relay:
            for _ in range(3):
                answer = await post(relay.url, trial.ledger, trial.ledger.events(1))
                trial.expect(answer.status == 503, f"POST is answered {answer.status}")
                ready, live = await relay.status("/readyz"), await relay.status("/livez")
                trial.expect(ready == 503, f"/readyz is answered {ready}")
                trial.expect(live == 200, f"/livez is answered {live}")
            trial.expect(trial.spool.read_bytes() == untouched, "the file was touched")
            trial.expect(not list(trial.spool.parent.glob("*.damaged-*")), "the file was set aside")
            _set_version(trial, version)
            await _takes_events(trial, relay)
            await trial.settle(relay)


def _set_version(trial: Trial, version: int) -> int:
    """Set the file's version; gives the one before."""
    with closing(sqlite3.connect(trial.spool)) as connection:
        (before,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version}")
    return int(before)


async def _takes_events(trial: Trial, relay: Relay) -> None:
    async def accepts() -> bool:
        return (await post(relay.url, trial.ledger, trial.ledger.events(1))).status == 202

    await trial.until(accepts, "events are taken again")


async def _is_set_aside(trial: Trial, relay: Relay) -> None:
    """The damaged file was kept, and the log says where."""

    def names() -> list[str]:
        return [path.name for path in trial.spool.parent.glob("spool.db.damaged-*")]

    there = await trial.happens(lambda: bool(names()), 30)
    trial.expect(there, "no file spool.db.damaged-* was set aside")
    # beside it there may be a -wal of the same name
    name = next(iter(names()), "").removesuffix("-wal")
    named = await trial.happens(lambda: any(name in line for line in relay.log()), 30)
    trial.expect(named, f"the log does not name {name}")


ROWS = (
    Row(
        "damaged-pages",
        "pages in the middle of the stopped relay's file overwritten",
        _damaged(_middle_pages),
    ),
    Row(
        "damaged-first-page", "the first page of the stopped relay's file overwritten", _damaged(_first_page)
    ),
    Row("damaged-half", "the stopped relay's file cut to half", _damaged(_half)),
    Row("damaged-running", "pages of the running relay's file overwritten", damaged_running),
    Row("deleted", "the running relay's files deleted; then SIGKILL, and started again", deleted),
    Row("newer-version", "user_version 99 in the file, put back while the relay runs", newer_version),
)
