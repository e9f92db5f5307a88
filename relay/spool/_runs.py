"""What is done with runs of records before they are claimed. Pure."""

from collections.abc import Iterable, Sequence
from itertools import chain

from relay.spool import Claimed

MOST_RECORDS = 250
MOST_BYTES = 1_000_000
"""Of one run: what a broken page can cost, what a cut or a claim of one record has to read, and what is dated
record by record where one of them has an odd date."""


def take(
    runs: Iterable[Claimed], max_records: int, max_bytes: int, *, newest: bool = False
) -> tuple[list[Claimed], int | None]:
    """As many records as fit, in the order of the runs, and when the next one was stored, if any.

    Args:
        runs: the oldest first, or the newest; no more of them are read than are needed.
        max_records: at most so many.
        max_bytes: at most so many bytes of data in sum; but one record at least.
        newest: of a run that does not fit, take the end.
    """
    batch: list[Claimed] = []
    for run in runs:
        number = _fitting(run.lengths[::-1] if newest else run.lengths, max_records, max_bytes)
        if not batch and max_records > 0:
            number = max(number, 1)
        if number:
            batch.append(_end_of(run, number, newest=newest))
            max_records -= number
            max_bytes -= batch[-1].size
        if number < len(run.lengths):
            return batch, run.stored_at
    return batch, None


def joined(runs: Iterable[Claimed]) -> list[Claimed]:
    """The same records, in their order, in as few runs as their bounds allow.

    A commit makes a run, and may be of a single record; a batch of hundreds of runs would keep the event
    loop for milliseconds, since each is counted, dated and packed by itself.
    """
    found: list[Claimed] = []
    together: list[Claimed] = []
    next_id = records = size = 0
    for run in runs:
        records += len(run.lengths)
        size += len(run.data) + 1
        if run.id != next_id or records > MOST_RECORDS or size > MOST_BYTES:
            found += _as_one(together)
            together, records, size = [], len(run.lengths), len(run.data) + 1
        together.append(run)
        next_id = run.id + len(run.lengths)
    return found + _as_one(together)


def _as_one(runs: Sequence[Claimed]) -> list[Claimed]:
    """A run of all the records of runs that follow each other; of none, none."""
    if len(runs) < 2:
        return list(runs)
    return [
        Claimed(
            runs[0].id,
            min([run.stored_at for run in runs]),
            min([run.earliest for run in runs]),
            max([run.latest for run in runs]),
            list(chain.from_iterable([run.lengths for run in runs])),
            b",".join([run.data for run in runs]),
        )
    ]


def _fitting(lengths: Sequence[int], max_records: int, max_bytes: int) -> int:
    """How many of the first records fit."""
    if len(lengths) <= max_records and sum(lengths) <= max_bytes:
        return len(lengths)
    number = 0
    for length in lengths[: max(max_records, 0)]:
        max_bytes -= length
        if max_bytes < 0:
            break
        number += 1
    return number


def _end_of(run: Claimed, number: int, *, newest: bool) -> Claimed:
    records = len(run.lengths)
    if number == records:
        return run
    return run.part(records - number, records) if newest else run.part(0, number)
