"""The results of a run: its figures by group, and all that one needs to judge them, as a JSON file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import orjson
from figure import Figure
from machine import machine


@dataclass(frozen=True, slots=True)
class Results:
    """What a run came to.

    Attributes:
        command: what was run.
        taken: when, in UTC, as ISO 8601 has it.
        machine: see `machine`.
        figures: of all groups; a figure's name begins with that of its group.
    """

    command: str
    taken: str
    machine: dict[str, object]
    figures: tuple[Figure, ...]

    @classmethod
    def of(cls, command: str, figures: Sequence[Figure]) -> Self:
        """Put together what has just been measured here."""
        return cls(command, datetime.now(UTC).isoformat(timespec="seconds"), machine(), tuple(figures))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        given = orjson.loads(path.read_bytes())
        figures = tuple(map(Figure.from_dict, given["figures"]))
        return cls(given["command"], given["taken"], given["machine"], figures)

    def only(self, groups: Sequence[str]) -> Self:
        """Give the results of some groups."""
        kept = tuple(figure for figure in self.figures if figure.name.partition(".")[0] in groups)
        return replace(self, figures=kept)

    def write(self, path: Path) -> None:
        """Write all of it."""
        everything = {
            "command": self.command,
            "taken": self.taken,
            "machine": self.machine,
            "figures": [figure.as_dict() for figure in self.figures],
        }
        path.write_bytes(orjson.dumps(everything, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))

    def missed(self) -> list[str]:
        """Name the figures that do not keep their bound."""
        return [figure.name for figure in self.figures if figure.is_held is False]
