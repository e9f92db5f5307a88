"""One run of a row: its folder, its relays, its waits, and the sum at its end."""

import asyncio
import inspect
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from chaos.datadog import Datadog
from chaos.ledger import Ledger
from chaos.relays import Relay, run_relay
from chaos.sending import TOKEN

if TYPE_CHECKING:
    from chaos.faults import Faults

KEY = "chaos-key"

MOST_MEGABYTES = 300.0
"""A relay that needs more, whatever happens to it, has no bound."""


LOG_LINES = 60
"""So much of a relay's log is kept for `--logs`."""


class RowFailed(Exception):
    """The row cannot go on."""


class RowSkipped(Exception):
    """This machine cannot do what the row needs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row came to.

    Attributes:
        row: its name.
        done: what was done, in short.
        accepted: distinct events that were answered 2xx.
        delivered: those of them that Datadog kept.
        repeated: copies beyond the first.
        dead: dead letters.
        lost: accepted, and now nowhere; None if the row ended before that could be counted.
        peak: the most memory of any of its relays, in 10^6 bytes.
        faults: what did not hold.
        skipped: why it was not done, or None.
        log: the last lines of the relay that ran last.
    """

    row: str
    done: str
    accepted: int = 0
    delivered: int = 0
    repeated: int = 0
    dead: int = 0
    lost: int | None = 0
    peak: float = 0.0
    faults: Sequence[str] = ()
    skipped: str | None = None
    log: Sequence[str] = ()

    @property
    def failed(self) -> bool:
        """Whether the relay, or the row itself, did not do what it should."""
        return bool(self.faults)

    def line(self) -> str:
        """The row's line."""
        lost = "-" if self.lost is None else self.lost
        verdict = "OK"
        if self.skipped:
            verdict = f"skipped: {self.skipped}"
        elif self.faults:
            verdict = f"FAILED: {'; '.join(self.faults)}"
        return (
            f"{self.row:<22} {self.done:<78} {self.accepted:>8} {self.delivered:>9} {self.repeated:>8}"
            f" {self.dead:>5} {lost:>5} {self.peak:>5.0f}  {verdict}"
        )


HEADING = (
    f"{'row':<22} {'what was done':<78} {'accepted':>8} {'delivered':>9} {'repeated':>8}"
    f" {'dead':>5} {'lost':>5} {'MB':>5}"
)

Condition: TypeAlias = Callable[[], bool | Awaitable[bool]]


class Trial:
    """What a row works with.

    Attributes:
        quick: whether the short form is wanted.
        folder: the row's own, for the spool and whatever else.
        random: for moments and places.
        ledger: makes the row's events.
        library: for faults of disk, clock and names; rows that need it say so.
        note: what was done; the row may say it better than its description.
        dead: dead letters; read from the relay when it is settled.
        excused: ids of events that nobody could have saved, for their bytes are gone.
        settled: whether everything has come to its end, so that what is missing is lost.
    """

    def __init__(self, row: "Row", folder: Path, *, quick: bool, library: Path | None = None) -> None:
        self.quick = quick
        self.folder = folder
        folder.mkdir()
        self.random = random.Random(f"{row.name}{quick}")
        self.ledger = Ledger(row.name)
        self.note = row.done
        self.dead = 0
        self.excused: set[str] = set()
        self.settled = False
        self._row = row.name
        self._library = library
        self._faults: list[str] = []
        self._relays: list[Relay] = []
        self._datadogs: list[Datadog] = []

    @property
    def library(self) -> Path:
        """The library of faults.

        Raises:
            RowSkipped: there is none.
        """
        if not self._library:
            raise RowSkipped("no C compiler")
        return self._library

    @property
    def spool(self) -> Path:
        """The spool file of `relay`."""
        return self.folder / "spool" / "spool.db"

    @property
    def patience(self) -> float:
        """A wait for what must happen ends a failed row after so many seconds."""
        return 60.0 if self.quick else 600.0

    @staticmethod
    def now() -> float:
        """A time, in seconds, to be compared with another such."""
        return asyncio.get_running_loop().time()

    def size(self, quick: int, long: int) -> int:
        """A number that depends on the form."""
        return quick if self.quick else long

    def expect(self, holds: object, otherwise: str) -> None:
        """Note a fault unless something holds; the row goes on."""
        if not holds and otherwise not in self._faults:
            self._faults.append(otherwise)

    async def until(self, condition: Condition, what: str, seconds: float | None = None) -> None:
        """Wait for what must happen.

        Args:
            condition: is asked again and again.
            what: is waited for; told if it does not happen.
            seconds: how long at most; the trial's patience without it.

        Raises:
            RowFailed: it did not happen, or the relay died meanwhile.
        """
        if not await self.happens(condition, seconds):
            raise RowFailed(f"not within {seconds or self.patience:g} s: {what}")

    async def happens(self, condition: Condition, seconds: float | None = None) -> bool:
        """Whether something happens within so many seconds; see `until`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + (seconds or self.patience)
        while True:
            held = condition()
            if await held if inspect.isawaitable(held) else held:
                return True
            if loop.time() > end:
                return False
            self._see_who_died()
            self._note_peaks()
            await asyncio.sleep(0.05)

    async def more_accepted(self, number: int) -> None:
        """Wait until so many more events are accepted than now; something else posts them."""
        enough = len(self.ledger.accepted) + number
        await self.until(lambda: len(self.ledger.accepted) >= enough, "events are accepted")

    async def more_delivered(self, number: int) -> None:
        """Wait until Datadog has so many more of the accepted events than now."""
        enough = len(self.delivered()) + number
        await self.until(lambda: len(self.delivered()) >= enough, "events are delivered")

    @asynccontextmanager
    async def relay(
        self, datadog: Datadog, disk: "Faults | None" = None, /, **more: str
    ) -> AsyncIterator[Relay]:
        """Run a relay on the row's spool while the block runs; how it ends is checked.

        Args:
            datadog: where it delivers to.
            disk: faults that can be made to happen to it.
            more: of its environment.
        """
        if datadog not in self._datadogs:
            self._datadogs.append(datadog)
        self.spool.parent.mkdir(exist_ok=True)
        self.settled = False
        environment = {
            "DD_API_KEY": KEY,
            "DD_API_URL": datadog.url,
            "DD_LOGS_URL": datadog.url,
            "RELAY_BATCH_WAIT": "0.1",
            "RELAY_BIND": "127.0.0.1:0",
            "RELAY_SPOOL": f"sqlite:{self.spool}",
            "RELAY_TOKEN": TOKEN,
            **(disk.environment if disk else {}),
            **more,
        }
        for variable in ("DD_API_KEY", "RELAY_TOKEN"):
            if f"{variable}_FILE" in environment:
                del environment[variable]
        async with run_relay(environment) as relay:
            self._relays.append(relay)
            yield relay
            self._see_who_died()
        code = relay.ended
        self.expect(code in relay.expected_codes, f"the relay died with {code}: {_last(relay)}")

    async def settle(self, relay: Relay) -> None:
        """Wait until no record waits any more, so that everything is delivered, dead or lost."""

        async def nothing_held() -> bool:
            return await relay.held() == 0

        await self.until(nothing_held, "the spool is empty")
        self.dead = await relay.dead()
        self.settled = True

    def delivered(self) -> set[str]:
        """The ids of accepted events that Datadog has kept."""
        return {id_ for datadog in self._datadogs for id_ in datadog.seen.copies} & self.ledger.accepted

    def outcome(self, *faults: str) -> Outcome:
        """Sum up."""
        accepted, delivered = self.ledger.accepted, self.delivered()
        missing = len(accepted - delivered - self.excused)
        lost = missing - self.dead if self.settled else None
        found = [*self._faults, *faults]
        for datadog in self._datadogs:
            found += datadog.seen.faults[:3]
            if dropped := len(datadog.seen.dropped):
                found.append(f"{dropped} dropped by Datadog for their date")
        if lost:
            found.append(f"{lost} lost")
        self._note_peaks()
        for relay in self._relays:
            died = f"the relay died with {relay.ended}: {_last(relay)}"
            if relay.ended not in {None, *relay.expected_codes} and died not in found:
                found.append(died)
        peak = max((relay.peak for relay in self._relays), default=0.0)
        if peak > MOST_MEGABYTES:
            found.append(f"more than {MOST_MEGABYTES:g} MB")
        log = self._relays[-1].log()[-LOG_LINES:] if self._relays else ()
        copies = sum(
            sum(datadog.seen.copies.values()) - len(datadog.seen.copies) for datadog in self._datadogs
        )
        return Outcome(
            self._row,
            self.note,
            len(accepted),
            len(delivered),
            copies,
            self.dead,
            lost,
            peak,
            found,
            log=log,
        )

    def _note_peaks(self) -> None:
        for relay in self._relays:
            if relay.ended is None:
                relay.note_peak()

    def _see_who_died(self) -> None:
        """Raise `RowFailed` if a relay ended that was not to end."""
        for relay in self._relays:
            if relay.ended is not None and relay.ended not in relay.expected_codes:
                raise RowFailed(f"the relay died with {relay.ended}: {_last(relay)}")


@dataclass(frozen=True, slots=True)
class Row:
    """A fault, or a family of them, and what must hold.

    Attributes:
        name: on the command line; rows of one family begin alike.
        done: what is done, in at most 78 characters.
        run: does it, and raises `RowFailed` where it cannot go on.
    """

    name: str
    done: str
    run: Callable[[Trial], Awaitable[None]]


def _last(relay: Relay) -> str:
    return relay.server.lines[-1].strip()[:160] if relay.server.lines else "it said nothing"
