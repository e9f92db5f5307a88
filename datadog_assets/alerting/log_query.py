"""The query of a log monitor, taken apart.

https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor and
https://docs.datadoghq.com/monitors/types/log/
"""

import math
import re
from dataclasses import dataclass

from datadog_assets.alerting.placed import Misplaced

AGGREGATIONS = ("count", "cardinality", "avg", "sum", "min", "max", "median")
"""Besides these, a percentile: pc75, pc90, pc95, pc98, pc99."""

MOST_GROUPS = 4

_LONGEST = {"m": 2880, "h": 48, "d": 2}
_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WINDOW = re.compile(r"([0-9]{1,9})([mhd])")
_COMPARATOR = re.compile(r">=|<=|==|!=|>|<")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_PERCENTILE = re.compile(r"pc([1-9][0-9]?)")
_ESCAPED = re.compile(r'\\(["\\])')
_FORM = 'logs("<search>").index("*").rollup("count").by("<groups>").last("5m") > 5'


class LogQueryError(Misplaced):
    """A query that is no log monitor's: the reason, the position, and a caret under the place."""


class WindowError(LogQueryError):
    """A query like a log monitor's, with a window that Datadog does not take."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """One rollup of logs, compared with a threshold.

    Attributes:
        search: in Datadog's log search syntax; empty for all logs.
        indexes: the names of the indexes; `("*",)` for all.
        aggregation: "count", "cardinality", "avg", "sum", "min", "max", "median" or "pc95".
        measure: the attribute or facet that is aggregated; None for a count.
        groups: the facets and tags that it is split by; empty for one value over all logs.
        window: how far back it looks, in seconds.
        comparator: ">", ">=", "<", "<=", "==" or "!=".
        threshold: of the alert.
    """

    search: str
    indexes: tuple[str, ...]
    aggregation: str
    measure: str | None
    groups: tuple[str, ...]
    window: int
    comparator: str
    threshold: float

    @property
    def frequency(self) -> int:
        """How often Datadog evaluates it, in seconds.

        https://docs.datadoghq.com/monitors/configuration/#evaluation-frequency
        """
        if self.window < 24 * 3600:
            return 60
        return 600 if self.window < 48 * 3600 else 1800


def percentile_of(aggregation: str) -> int | None:
    """Give the percentile that an aggregation asks for: 95 for "pc95"; None if it asks for none."""
    if aggregation == "median":
        return 50
    found = _PERCENTILE.fullmatch(aggregation)
    return int(found[1]) if found else None


def parse(query: str) -> LogQuery:
    r"""Take a query apart.

    Within its quotes, `\"` is a quote and `\\` a backslash; any other backslash stays, as the search needs
    it. Days (`1d`, `2d`) are documented for other monitors, and taken here too.

    Raises:
        LogQueryError: it is of another form, with the place; WindowError if only the window does not fit.
    """
    reader = _Reader(query)
    reader.word("logs")
    search = reader.texts(1, 1)[0][0]
    indexes = _names(reader) if reader.call("index") else ("*",)
    aggregation, measure = _rollup(reader)
    groups = _groups(reader) if reader.call("by") else ()
    window = _window(reader)
    comparator = reader.take(_COMPARATOR, "expected a comparator here: >, >=, <, <=, == or !=")
    threshold = float(reader.take(_NUMBER, "expected a number here: the threshold of the alert"))
    reader.end()
    if not math.isfinite(threshold):
        raise reader.wrong("the threshold is too large")
    return LogQuery(search, indexes, aggregation, measure, groups, window, comparator, threshold)


class _Reader:
    """Goes through a query from the left to the right."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._at = 0
        self._blanks()

    def word(self, word: str) -> None:
        if not self._query.startswith(word, self._at):
            raise self.wrong(f"a log monitor's query begins with {word}(, as in {_FORM}")
        self._go(self._at + len(word))

    def call(self, word: str) -> bool:
        """Go past `.word`, if it comes next."""
        found = re.compile(rf"\.\s*{word}\b").match(self._query, self._at)
        if found:
            self._go(found.end())
        return found is not None

    def must_call(self, word: str) -> None:
        if not self.call(word):
            raise self.wrong(f"expected .{word}(...) here, as in {_FORM}")

    def texts(self, least: int, most: int) -> list[tuple[str, int]]:
        """Read quoted texts between parentheses; each with the position of its first sign."""
        self._sign("(")
        found = [self._text()]
        while len(found) < most and self._query.startswith(",", self._at):
            self._sign(",")
            found.append(self._text())
        if len(found) < least:
            raise self.wrong('expected , and a second text here, such as "@duration"')
        self._sign(")")
        return found

    def take(self, pattern: re.Pattern[str], expected: str) -> str:
        found = pattern.match(self._query, self._at)
        if not found:
            raise self.wrong(expected)
        self._go(found.end())
        return found[0]

    def end(self) -> None:
        if self._at < len(self._query):
            raise self.wrong("the query should end here")

    def wrong(self, reason: str, position: int | None = None) -> LogQueryError:
        return LogQueryError(self._query, reason, self._at if position is None else position)

    def _text(self) -> tuple[str, int]:
        found = _TEXT.match(self._query, self._at)
        if not found:
            opened = self._query.startswith('"', self._at)
            raise self.wrong("this quote is never closed" if opened else 'expected a text in "quotes" here')
        self._go(found.end())
        return _ESCAPED.sub(r"\1", found[1]), found.start(1)

    def _sign(self, sign: str) -> None:
        if not self._query.startswith(sign, self._at):
            raise self.wrong(f"expected {sign} here")
        self._go(self._at + 1)

    def _go(self, position: int) -> None:
        self._at = position
        self._blanks()

    def _blanks(self) -> None:
        while self._at < len(self._query) and self._query[self._at].isspace():
            self._at += 1


def _names(reader: _Reader) -> tuple[str, ...]:
    ((text, at),) = reader.texts(1, 1)
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise reader.wrong('an index has no name; "*" stands for all', at)
    return names


def _rollup(reader: _Reader) -> tuple[str, str | None]:
    reader.must_call("rollup")
    (aggregation, at), *rest = reader.texts(1, 2)
    if aggregation not in AGGREGATIONS and percentile_of(aggregation) is None:
        known = ", ".join(AGGREGATIONS)
        raise reader.wrong(f"{aggregation!r} is no rollup that is known: {known}, pc75 to pc99", at)
    measure = rest[0][0].strip() if rest else ""
    if not measure and (rest or aggregation != "count"):
        raise reader.wrong(f'a {aggregation} needs something to aggregate, such as "@duration"', at)
    return aggregation, measure or None


def _groups(reader: _Reader) -> tuple[str, ...]:
    ((text, at),) = reader.texts(1, 1)
    if not text.strip():
        return ()
    groups = tuple(group.strip() for group in text.split(","))
    if not all(groups):
        raise reader.wrong("a group has no name", at)
    if len(groups) > MOST_GROUPS:
        raise reader.wrong(f"{len(groups)} groups are more than the {MOST_GROUPS} that fit", at)
    return groups


def _window(reader: _Reader) -> int:
    reader.must_call("last")
    ((text, at),) = reader.texts(1, 1)
    found = _WINDOW.fullmatch(text.strip())
    if not found:
        raise reader.wrong(f"{text!r} is no window: 1m to 2880m, or 1h to 48h", at)
    count, unit = int(found[1]), found[2]
    if not 1 <= count <= _LONGEST[unit]:
        wrong = reader.wrong(f"{text.strip()} is no window that fits: 1m to 2880m, or 1h to 48h", at)
        raise WindowError(wrong.text, wrong.reason, wrong.position)
    return count * _SECONDS[unit]
