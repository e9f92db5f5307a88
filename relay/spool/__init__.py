"""The durable queue between Okta and Datadog: its five verbs, and how an engine is found.

A record is *waiting* once it was put, *claimed* while the forwarder tries to deliver it, gone once acked,
*dead* once buried. Claims live in memory only: after a crash every claimed record waits again, which is
why delivery is at least once.

Each module of this package without a leading underscore is an engine, named by the scheme of the spool's
URL: `sqlite:relay-spool.db` opens `relay.spool.sqlite`. An engine module has `DURABLE` (whether what was
put outlives the process) and `async def open_engine(location, *, max_bytes, after) -> Engine`; a durable
one also `open_letters(location) -> DeadLetters`.
"""

import pkgutil
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import NamedTuple, Protocol

from relay.envelope import Record
from relay.errors import ConfigurationError


class Claimed(NamedTuple):
    """Records that are being delivered: a run of them, whose ids follow each other.

    What one commit stored stays together up to the payload, and what was stored next joins it when both are
    claimed, so that what is done for each record alone is next to nothing.

    Attributes:
        id: of the first; ids rise with the order in which records were put.
        stored_at: when the earliest of them was put, in epoch milliseconds.
        earliest, latest: no record is dated before or after these, in epoch milliseconds. One without a date
            (see `Record.date`) counts as of when it was put. A part keeps the bounds of the whole.
        lengths: of each record's data, in bytes.
        data: of all, in their order, joined by commas.
    """

    id: int
    stored_at: int
    earliest: int
    latest: int
    lengths: Sequence[int]
    data: bytes

    @property
    def ids(self) -> range:
        """Of all of them."""
        return range(self.id, self.id + len(self.lengths))

    @property
    def size(self) -> int:
        """Of their data without the commas, in bytes."""
        return sum(self.lengths)

    @property
    def entries(self) -> list[bytes]:
        """Each record's data."""
        found: list[bytes] = []
        start = 0
        for length in self.lengths:
            found.append(self.data[start : start + length])
            start += length + 1
        return found

    def part(self, start: int, stop: int) -> "Claimed":
        """The records from the one at place `start` to the one before `stop`; one at least."""
        before = sum(self.lengths[:start]) + start
        lengths = self.lengths[start:stop]
        end = before + sum(lengths) + len(lengths) - 1
        return self._replace(id=self.id + start, lengths=lengths, data=self.data[before:end])

    def halves(self) -> "tuple[Claimed, Claimed]":
        """Two runs of about half the records each, of two records or more."""
        middle = len(self.lengths) // 2
        return self.part(0, middle), self.part(middle, len(self.lengths))


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter.

    Attributes:
        id: as in `Claimed`.
        stored_at: when it was put, in epoch milliseconds.
        buried_at: when it was buried, in epoch milliseconds.
        reason: why, in few words: `HTTP 400`.
        answer: the beginning of Datadog's answer.
        data: as in `Record`.
    """

    id: int
    stored_at: int
    buried_at: int
    reason: str
    answer: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Depth:
    """How much the spool holds.

    Attributes:
        waiting: records that nobody has claimed.
        claimed: records that are being delivered.
        dead: dead letters.
        bytes: data of all of them, which `RELAY_SPOOL_MAX_BYTES` limits.
        oldest_age: seconds since the oldest record that is not delivered was put; 0 when there is none.
        dropped: dead letters that the user has thrown away, since the spool was made.
    """

    waiting: int
    claimed: int
    dead: int
    bytes: int
    oldest_age: float
    dropped: int = 0


class Spool(Protocol):
    """The durable queue. Its methods are called from one event loop; each may raise `SpoolUnwritable`."""

    def put(self, records: Sequence[Record]) -> Awaitable[int]:
        """Keep records, all or none, and return once they are safe.

        Returns:
            How many were stored; the others repeat a key that was put within the last hour.

        Raises:
            SpoolFull: they do not fit under the limit.
        """
        ...

    async def claim(
        self, max_records: int, max_bytes: int, wait: float, *, newest: bool = False
    ) -> list[Claimed]:
        """Take the oldest waiting records, or the newest, in the order in which they were put.

        Where a limit falls within what is stored together, only that part of it is claimed.

        Waits until there are `max_records` or `max_bytes` of them, or the oldest has waited `wait` seconds.

        Args:
            max_records: at most so many, all runs together.
            max_bytes: at most so many bytes of data in sum; but one record at least.
            wait: in seconds.
            newest: take those that were put last.
        """
        ...

    async def ack(self, batch: Sequence[Claimed]) -> None:
        """Forget claimed records: they are delivered. What of the runs is not claimed is no matter."""
        ...

    async def release(self, batch: Sequence[Claimed]) -> None:
        """Give claimed records back: they wait again, in their old place."""
        ...

    async def bury(self, batch: Sequence[Claimed], reason: str, answer: str) -> None:
        """Make claimed records dead letters: kept with the reason and Datadog's answer, not sent again."""
        ...

    def depth(self) -> Depth:
        """Tell how much there is; costs next to nothing."""
        ...

    async def probe(self) -> None:
        """Try to write, and raise the `SpoolError` that a put would meet now, if any."""
        ...

    async def close(self) -> None:
        """Finish what is under way and close. Claimed records wait again when the spool is next opened."""
        ...


class Engine(Spool, Protocol):
    """A spool as an engine has opened it.

    Its methods may also raise `SpoolDamaged`, after which only `set_aside` is of use.

    Attributes:
        was_damaged: whether what was there when it was opened had to be set aside.
    """

    was_damaged: bool

    @property
    def last_id(self) -> int:
        """Of the last record put; no record has had a greater one."""
        ...

    async def refresh(self) -> None:
        """Notice what others have done: letters that were retried or dropped, a file that was deleted."""
        ...

    async def set_aside(self) -> None:
        """Close a damaged spool, keep it under another name, and save what can be read for the next opening.

        Raises:
            SpoolUnwritable: that is not possible at present; call again.
        """
        ...


class DeadLetters(Protocol):
    """The dead letters of a spool, whether or not a relay has it open: it notices what is changed here.

    Each method may raise `SpoolUnwritable`.
    """

    def all(self) -> Iterator[Letter]:
        """Every dead letter, in the order in which they were put."""
        ...

    def retry(self, ids: Sequence[int]) -> int:
        """Make letters waiting records again, in their old place; gives how many there were."""
        ...

    def drop(self, ids: Sequence[int]) -> int:
        """Throw letters away, and count them; gives how many there were."""
        ...

    def close(self) -> None:
        """Close."""
        ...


def engines() -> list[str]:
    """The names of all engines."""
    return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]


def is_durable(url: str) -> bool:
    """Whether what is put into the spool at `url` outlives the process.

    Raises:
        ConfigurationError: the URL names no engine.
    """
    return bool(_engine(url).DURABLE)


async def open_spool(url: str, *, max_bytes: int, after: int = 0) -> Engine:
    """Open the spool at `url`, `engine:location`, making it if it is not there.

    Args:
        url: see above.
        max_bytes: of all records' data, dead letters included.
        after: what is put gets greater ids than this one. What a damaged spool had given out is still being
            delivered, and its end would be taken for that of records which happen to have the same ids.

    Raises:
        ConfigurationError: the URL names no engine.
        SpoolUnusable: it cannot be a spool; says why and what to do.
        SpoolUnwritable: it cannot be opened at present.
    """
    location = url.partition(":")[2]
    spool: Engine = await _engine(url).open_engine(location, max_bytes=max_bytes, after=after)
    return spool


def open_letters(url: str) -> DeadLetters:
    """Open the dead letters of the spool at `url`.

    Raises:
        ConfigurationError: the URL names no engine, or one that keeps nothing.
        SpoolUnusable: there is no spool.
        SpoolUnwritable: it cannot be opened at present.
    """
    if not is_durable(url):
        raise ConfigurationError(["RELAY_SPOOL: keeps nothing beyond its process. Write sqlite:PATH."])
    letters: DeadLetters = _engine(url).open_letters(url.partition(":")[2])
    return letters


def _engine(url: str) -> ModuleType:
    name, colon, _ = url.partition(":")
    if not colon or name not in engines():
        raise ConfigurationError(["RELAY_SPOOL: names no engine. Write sqlite:PATH."])
    return import_module(f"{__name__}.{name}")
