"""The rows, a module for each part of the world that fails."""

from collections.abc import Sequence

from chaos.rows import (
    answers,
    backlog,
    clock,
    damage,
    disk,
    http2,
    malformed,
    process,
    strangers,
    unreachable,
)
from chaos.trial import Row

ROWS: Sequence[Row] = (
    *process.ROWS,
    *disk.ROWS,
    *damage.ROWS,
    *unreachable.ROWS,
    *answers.ROWS,
    *backlog.ROWS,
    *clock.ROWS,
    *strangers.ROWS,
    *malformed.ROWS,
    *http2.ROWS,
)


def chosen(names: Sequence[str]) -> list[Row]:
    """The rows of these names or families; all of them without a name.

    Raises:
        KeyError: a name is of no row.
    """
    for name in names:
        if not any(_is_of(row, name) for row in ROWS):
            raise KeyError(name)
    return [row for row in ROWS if not names or any(_is_of(row, name) for name in names)]


def _is_of(row: Row, name: str) -> bool:
    return row.name == name or row.name.startswith(f"{name}-")
