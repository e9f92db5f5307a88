"""Dates as Datadog reads them: https://docs.datadoghq.com/logs/log_configuration/processors/#log-date-remapper."""

import math
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

OLDEST_MS = 18 * 3600 * 1000
"""A log dated longer ago is answered 202 and dropped. https://docs.datadoghq.com/api/latest/logs/#send-logs"""

NEWEST_MS = 2 * 3600 * 1000
"""A log dated further ahead is answered 202 and dropped. https://docs.datadoghq.com/api/latest/logs/#send-logs"""

_FIRST = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
_END = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND + 1


def epoch_ms(value: object, now_ms: int) -> int | None:
    """Read a date; None if it is none that Datadog reads, or lies outside of the years 1 to 9999.

    Numbers and digits in text are epoch milliseconds, never scaled, so seconds land in 1970. Other text is
    ISO 8601 (no zone means UTC) or RFC 3164, whose missing year is the one that brings it nearest to now_ms.
    Fractions of a millisecond are cut off.
    """
    found: int | None = None
    if isinstance(value, str):
        found = _from_text(value.strip(), now_ms)
    elif isinstance(value, int | float) and not isinstance(value, bool) and _FIRST <= value < _END:
        found = math.floor(value)  # not for NaN, which is in no range
    return found if found is not None and _FIRST <= found < _END else None


def iso(ms: int) -> str:
    """Write epoch milliseconds as Datadog answers them: 2022-04-12T09:51:55.414Z."""
    date = EPOCH + ms * MILLISECOND
    return date.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def is_dated_within(timestamp: int, now_ms: int) -> bool:
    """Tell whether Datadog keeps a log of this date."""
    return now_ms - OLDEST_MS <= timestamp <= now_ms + NEWEST_MS


def _from_text(text: str, now_ms: int) -> int | None:
    if text.isascii() and text.isdigit():
        # int() refuses text of over 4,300 digits; no date has 20
        return int(text) if len(text) < 20 else None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return _from_rfc3164(text, now_ms)
    return _ms(date if date.tzinfo else date.replace(tzinfo=UTC))


def _from_rfc3164(text: str, now_ms: int) -> int | None:
    """Read `Oct 11 22:14:15`, https://datatracker.ietf.org/doc/html/rfc3164#section-4.1.2."""
    this_year = (EPOCH + now_ms * MILLISECOND).year
    candidates = []
    for year in (this_year - 1, this_year, this_year + 1):
        try:
            # the year goes in before parsing: without one, February 29 is refused
            date = datetime.strptime(f"{year} {text} +0000", "%Y %b %d %H:%M:%S %z")
        except ValueError:
            continue
        candidates.append(_ms(date))
    return min(candidates, key=lambda ms: abs(ms - now_ms), default=None)


def _ms(date: datetime) -> int:
    return (date - EPOCH) // MILLISECOND
