"""Dead letters for a person: which are meant, and how they are shown."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from relay.jsontext import JsonObject
from relay.spool import Letter

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_COLUMNS = ("id", "buried (UTC)", "reason", "event type", "flow", "bytes", "Datadog's answer")
_WIDEST = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant: those that fit all that is set.

    Attributes:
        ids: any of these; empty means any.
        reason: a part of the reason, such as `400`.
        flow: the flow's name or id.
        older, newer: buried longer ago than this, or not so long, in seconds.
    """

    ids: frozenset[int] = frozenset()
    reason: str = ""
    flow: str = ""
    older: float | None = None
    newer: float | None = None

    def choose(self, letters: Iterable[Letter], now: float) -> Iterator[Letter]:
        """The letters that fit; `now` in epoch seconds."""
        for letter in letters:
            age = now - letter.buried_at / 1000
            if (
                (not self.ids or letter.id in self.ids)
                and self.reason in letter.reason
                and (self.older is None or age > self.older)
                and (self.newer is None or age <= self.newer)
                and (not self.flow or self.flow in _flow(_event(letter)))
            ):
                yield letter


def seconds(age: str) -> float | None:
    """An age such as 90s, 30m, 12h or 7d; None if it is none."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", age.strip())
    return float(found[1]) * _UNITS[found[2]] if found else None


def table(letters: Iterable[Letter]) -> str:
    """A line for each letter, under a heading."""
    rows = [_COLUMNS, *map(_row, letters)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = ([text.ljust(width) for text, width in zip(row, widths, strict=True)] for row in rows)
    lines = ("  ".join(row).rstrip() for row in padded)
    return "\n".join(lines)


def whole(letter: Letter) -> JsonObject:
    """All that is known of a letter; the entry as it would be sent."""
    entry: object = _parsed(letter.data)
    return {
        "id": letter.id,
        "accepted_at": _iso(letter.stored_at),
        "buried_at": _iso(letter.buried_at),
        "reason": letter.reason,
        "answer": letter.answer,
        "entry": letter.data.decode(errors="replace") if entry is None else entry,
    }


def _row(letter: Letter) -> tuple[str, ...]:
    event = _event(letter)
    flow = next(iter(_flow(event)), "")
    texts = (letter.reason, str(event.get("event_type", "")), flow, f"{len(letter.data):,}", letter.answer)
    return (str(letter.id), _iso(letter.buried_at)[:19], *map(_short, texts))


def _event(letter: Letter) -> JsonObject:
    """The event's fields, as far as it can be read."""
    entry = _parsed(letter.data)
    message = entry.get("message") if isinstance(entry, dict) else None
    event = _parsed(message) if isinstance(message, str) else message
    return event if isinstance(event, dict) else {}


def _flow(event: JsonObject) -> list[str]:
    return [str(event[name]) for name in ("flow_name", "flow_id") if event.get(name)]


def _parsed(text: bytes | str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _short(text: str) -> str:
    """One line without signs that a terminal would obey."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return plain if len(plain) <= _WIDEST else f"{plain[: _WIDEST - 3]}..."


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
