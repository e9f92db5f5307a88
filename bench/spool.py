"""The spool beside bare SQLite: putting records, in one thread and one commit after the other.

Bare is one table, `executemany`, a write-ahead log, `synchronous=FULL`. The spool writes that too, and beside
it the records' keys, the totals, and it does so in a thread of its own, beside a server.
"""

import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path

import cores
from figure import Figure, Reference
from rounds import in_turn
from samples import records
from size import Size

from relay.envelope import Record
from relay.spool import open_spool

GROUPS = (64, 1_000)
"""Records of one commit: as many as connections that each wait for an answer, and a large array."""


async def bare(path: Path, groups: Sequence[Sequence[Record]]) -> None:
    """Insert groups into a table."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE record (id INTEGER PRIMARY KEY, data BLOB NOT NULL)")
        for group in groups:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO record (data) VALUES (?)", [(one.data,) for one in group])
            connection.execute("COMMIT")


async def spool(path: Path, groups: Sequence[Sequence[Record]]) -> None:
    """Put groups into a spool."""
    opened = await open_spool(f"sqlite:{path}", max_bytes=2**32)
    for group in groups:
        await opened.put(group)
    await opened.close()


async def measure(size: Size) -> list[Figure]:
    """Measure both with groups of each size."""
    given = records(size.records)

    async def cost(each: int, *, is_bare: bool) -> tuple[float, float]:
        """CPU, and time with the waits for the disk, in microseconds a record."""
        rest = iter(given)
        groups = list(iter(lambda: list(islice(rest, each)), []))
        with tempfile.TemporaryDirectory(prefix="bench-", dir=".") as folder, cores.on(cores.MEASURED):
            cpu, began = time.process_time(), time.perf_counter()
            await (bare if is_bare else spool)(Path(folder, "records.db"), groups)
            took = time.process_time() - cpu, time.perf_counter() - began
        return 1e6 * took[0] / len(given), 1e6 * took[1] / len(given)

    figures = []
    for each in GROUPS:
        beside, found = (
            await in_turn(
                size,
                {
                    f"SQLite, groups of {each}": partial(cost, each, is_bare=True),
                    f"spool, groups of {each}": partial(cost, each, is_bare=False),
                },
            )
        ).samples.values()
        for place, (quantity, what) in enumerate((("cpu", "CPU"), ("wall", "time"))):
            figures.append(
                Figure(
                    f"spool.put_{each}.{quantity}",
                    f"{what} per record put, {each:,} a commit",
                    "µs",
                    tuple(one[place] for one in found),
                    Reference("SQLite", tuple(one[place] for one in beside)),
                )
            )
    return figures
