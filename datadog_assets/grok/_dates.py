"""Dates by Java's patterns: https://docs.datadoghq.com/logs/log_configuration/parsing/#parsing-dates.

As many digits as letters; one letter stands for one or two digits. `Z` also takes `Z` and an offset with a
colon, as Datadog does.
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from datadog_assets.grok._date_units import DAYS, MONTHS, read_units
from datadog_assets.grok._zones import zone_of
from datadog_assets.grok.errors import Fault

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[_-]\w+)*", re.ASCII)


class DatePattern:
    """A date pattern as a regular expression for texts, and as a reader of them.

    Args:
        pattern: in Java's letters.
        zone: the zone of dates that name none; UTC if not given.
        locale: of the names of months and days.

    Raises:
        Fault: one of them is not understood.
    """

    def __init__(self, pattern: str, zone: str = "", locale: str = "") -> None:
        default = zone_of(zone) if zone else UTC
        if default is None:
            raise Fault(f"bad date format: there is no time zone {zone}")
        if locale and not _LOCALE.fullmatch(locale):
            raise Fault(f"bad date format: {locale} is no locale")
        self._zone = default
        units = read_units(pattern, english=not locale or locale.lower().startswith("en"))
        self._names = [unit.name for unit in units if unit.name]
        self.regex = "".join(unit.pattern for unit in units)
        groups = (f"({unit.pattern})" if unit.name else unit.pattern for unit in units)
        self._reader = re.compile("".join(groups), re.ASCII)

    def value(self, text: str, now: datetime) -> int | None:
        """Read a text that the regular expression matches, in epoch milliseconds; None if it is no date.

        What the pattern has no unit for is chosen so that the date is nearest to now: the year, the year and
        the month, or the whole day. Smaller units that are missing are the first.
        """
        found = self._reader.fullmatch(text)
        if found is None:
            return None
        said = zip(self._names, found.groups(), strict=True)
        parts = {name: part for name, part in said if part is not None}
        zone = zone_of(parts["zone"]) if "zone" in parts else self._zone
        if zone is None:
            return None
        try:
            times = [day + _time(parts) for day in _days(parts, now.astimezone(zone))]
            moments = [time.replace(tzinfo=zone) for time in times]
            nearest = min(moments, key=lambda moment: abs(moment - now))
            return (nearest - _EPOCH) // _MILLISECOND
        except (ValueError, OverflowError):
            return None


def _days(parts: dict[str, str], now: datetime) -> list[datetime]:
    """Give the days that may be meant: one if the year is said."""
    month = _month(parts)
    day = int(parts["day"]) if "day" in parts else None
    if (year := _year(parts)) is not None:
        return [_in_year(year, month, day, parts)]
    today = datetime(now.year, now.month, now.day)  # noqa: DTZ001 - the zone is put to it with the time
    if day is None:
        return [today + timedelta(days=days) for days in (-1, 0, 1)]
    if month is not None:
        years = (now.year - 1, now.year, now.year + 1)
        return [_in_year(year, month, day, parts) for year in years if _is_in(year, month, day)]
    firsts = (today.replace(day=1) + timedelta(days=days) for days in (-1, 0, 31))
    return [first.replace(day=day) for first in firsts if _is_in(first.year, first.month, day)]


def _is_in(year: int, month: int, day: int) -> bool:
    return day <= monthrange(year, month)[1]


def _in_year(year: int, month: int | None, day: int | None, parts: dict[str, str]) -> datetime:
    if "day_of_year" in parts and month is None:
        first = datetime(year, 1, 1)  # noqa: DTZ001 - as above
        date = first + timedelta(days=int(parts["day_of_year"]) - 1)
        if date.year != year:
            raise ValueError(parts["day_of_year"])
        return date
    date = datetime(year, month or 1, day or 1)  # noqa: DTZ001 - as above
    weekday = parts.get("weekday", "").lower()
    if weekday and _year(parts) is not None and not DAYS[date.weekday()].startswith(weekday):
        raise ValueError(weekday)
    return date


def _year(parts: dict[str, str]) -> int | None:
    if "short_year" in parts:
        return 2000 + int(parts["short_year"])
    return int(parts["year"]) if "year" in parts else None


def _month(parts: dict[str, str]) -> int | None:
    if "month_name" in parts:
        name = parts["month_name"].lower()
        return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(name))
    return int(parts["month"]) if "month" in parts else None


def _time(parts: dict[str, str]) -> timedelta:
    """Give the time of the day; without AM or PM, twelve hours are those of the morning."""
    hour = int(parts["hour"]) if "hour" in parts else int(parts.get("clock_hour", 0)) % 24
    if "half_hour" in parts:
        half_hour = int(parts["half_hour"])
        if half_hour > 12:
            raise ValueError(parts["half_hour"])
        hour = half_hour % 12 + (12 if parts.get("half", "").lower() == "pm" else 0)
    minute, second = int(parts.get("minute", 0)), int(parts.get("second", 0))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(hour, minute, second)
    milliseconds = int(parts.get("fraction", "0")[:3].ljust(3, "0"))
    return timedelta(hours=hour, minutes=minute, seconds=second, milliseconds=milliseconds)
