"""The durable queue between Okta and Datadog: its five verbs, and how an engine is found.

A record is *waiting* once it was put, *claimed* while the forwarder tries to deliver it, gone once acked,
*dead* once buried. Claims live in memory only: after a crash every claimed record waits again, which is
why delivery is at least once.

Each module of this package without a leading underscore is an engine, named by the scheme of the spool's
URL: `sqlite:relay-spool.db` opens `relay.spool.sqlite`. An engine module has `DURABLE` (whether what was
put outlives the process) and `async def open_engine(location, *, max_bytes) -> Spool`.
"""

import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Protocol

from relay.envelope import Record
from relay.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Claimed:
    """A record that is being delivered.

    Attributes:
        id: rises with the order in which records were put.
        stored_at: when it was put, in epoch milliseconds.
        data: as in `Record`.
    """

    id: int
    stored_at: int
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
    """

    waiting: int
    claimed: int
    dead: int
    bytes: int
    oldest_age: float


class Spool(Protocol):
    """The durable queue. Its methods are called from one event loop; each may raise `SpoolUnwritable`."""

    async def put(self, records: Sequence[Record]) -> int:
        """Keep records, all or none, and return once they are safe.

        Returns:
            How many were stored; the others repeat a key that was put within the last hour.

        Raises:
            SpoolFull: they do not fit under the limit.
        """
        ...

    async def claim(self, max_records: int, max_bytes: int, wait: float) -> list[Claimed]:
        """Take the oldest waiting records, in the order in which they were put.

        Waits until there are `max_records` or `max_bytes` of them, or the oldest has waited `wait` seconds.

        Args:
            max_records: at most so many.
            max_bytes: at most so many bytes of data in sum; but one record at least.
            wait: in seconds.
        """
        ...

    async def ack(self, ids: Sequence[int]) -> None:
        """Forget claimed records: they are delivered."""
        ...

    async def release(self, ids: Sequence[int]) -> None:
        """Give claimed records back: they wait again, in their old place."""
        ...

    async def bury(self, ids: Sequence[int], reason: str, answer: str) -> None:
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


def engines() -> list[str]:
    """The names of all engines."""
    return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]


def is_durable(url: str) -> bool:
    """Whether what is put into the spool at `url` outlives the process.

    Raises:
        ConfigurationError: the URL names no engine.
    """
    return bool(_engine(url).DURABLE)


async def open_spool(url: str, *, max_bytes: int) -> Spool:
    """Open the spool at `url`, `engine:location`, making it if it is not there.

    Raises:
        ConfigurationError: the URL names no engine.
        SpoolUnusable: it cannot be opened; says why and what to do.
    """
    location = url.partition(":")[2]
    spool: Spool = await _engine(url).open_engine(location, max_bytes=max_bytes)
    return spool


def _engine(url: str) -> ModuleType:
    name, colon, _ = url.partition(":")
    if not colon or name not in engines():
        raise ConfigurationError([f"RELAY_SPOOL: {url!r} names no engine. Write sqlite:PATH."])
    return import_module(f"{__name__}.{name}")
