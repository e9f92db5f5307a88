"""The letters of a date pattern, and the texts that they stand for.

https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html#patterns
"""

import re
from dataclasses import dataclass

from datadog_assets.grok.errors import Fault

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_TOKEN = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|(.)", re.DOTALL)
_ZONE_NAME = r"(?:(?:UTC|GMT|UT)?[+-]\d\d?(?::?\d\d)?|[A-Za-z_]+(?:/[A-Za-z_+-]+\d*)*)"
_ZONE_OFFSET = r"(?:Z|(?:UTC|GMT)?[+-]\d\d(?::?\d\d(?::?\d\d)?)?)"
_ONE_OR_TWO_DIGITS = {
    "M": "month",
    "L": "month",
    "d": "day",
    "H": "hour",
    "k": "clock_hour",
    "h": "half_hour",
    "K": "half_hour",
    "m": "minute",
    "s": "second",
}
_MOST = 20
_ZONES = {
    "z": _ZONE_NAME,
    "v": _ZONE_NAME,
    "V": _ZONE_NAME,
    "Z": _ZONE_OFFSET,
    "X": _ZONE_OFFSET,
    "x": _ZONE_OFFSET,
}


@dataclass(frozen=True)
class Unit:
    """A piece of a date pattern: the regular expression of its texts, and what they say, if anything."""

    pattern: str
    name: str = ""


def read_units(pattern: str, *, english: bool) -> list[Unit]:
    """Take a date pattern apart; `'quoted'` text is meant as it is, and `[…]` may be missing.

    Args:
        pattern: the pattern.
        english: whether names of months and days are known; if not, there may be none.

    Raises:
        Fault: something in it is no unit.
    """
    units = []
    depth = 0
    for quoted, letters, _, mark in _TOKEN.findall(pattern):
        if letters:
            units.append(_unit(letters, english=english))
        elif mark in ("[", "]"):
            depth += 1 if mark == "[" else -1
            units.append(Unit("(?:" if mark == "[" else ")?"))
        elif mark == "'":
            raise Fault("bad date format: a quote is not closed")
        else:
            units.append(Unit(re.escape(mark or quoted.replace("''", "'") or "'")))
        if depth < 0:
            break
    if depth:
        raise Fault("bad date format: its brackets do not fit")
    return units


def _unit(letters: str, *, english: bool) -> Unit:
    letter, count = letters[0], len(letters)
    unit: Unit | None = None
    if letter in "yYu":
        unit = Unit(r"\d\d", "short_year") if count == 2 else Unit(rf"\d{{{max(count, 4)}}}", "year")
    elif letter in "ML" and count > 2:
        unit = Unit(_names(MONTHS, short=count == 3, english=english), "month_name")
    elif letter in "Ee":
        unit = Unit(_names(DAYS, short=count <= 3, english=english), "weekday")
    elif letter == "a":
        unit = Unit(_names(("am", "pm"), short=False, english=english), "half")
    elif letter == "S":
        unit = Unit(rf"\d{{{count}}}", "fraction")
    elif letter == "D":
        unit = Unit(r"\d{1,3}" if count == 1 else rf"\d{{{count}}}", "day_of_year")
    elif letter in _ZONES:
        unit = Unit(_ZONES[letter], "zone")
    elif letter in _ONE_OR_TWO_DIGITS and count <= 2:
        unit = Unit(r"\d{1,2}" if count == 1 else r"\d\d", _ONE_OR_TWO_DIGITS[letter])
    if unit is None or count > _MOST:
        raise Fault(f"bad date format: {letters} is no unit of a date")
    return unit


def _names(names: tuple[str, ...], *, short: bool, english: bool) -> str:
    if not english:
        raise Fault("bad date format: of names of months and days only the English ones are known here")
    return f"(?i:{'|'.join(name[:3] if short else name for name in names)})"
