"""The date that Datadog reads from a log, and whether it takes a log of that date. Pure."""

import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeAlias

from relay.jsontext import JsonObject

ATTRIBUTES = (
    "@timestamp",
    "timestamp",
    "_timestamp",
    "Timestamp",
    "eventTime",
    "date",
    "published_date",
    "syslog.timestamp",
)
"""Where Datadog looks for a log's date, first one first; a log with none of them is dated when it arrives.
https://docs.datadoghq.com/logs/log_configuration/pipelines/?tab=date#preprocessing"""

MARGIN = 30 * 60
"""Seconds by which Datadog's bounds are kept: clocks differ, and a request takes its time."""

OLDEST = 18 * 3600 - MARGIN
NEWEST = 2 * 3600 - MARGIN
"""A log whose date is more than 18 hours past or 2 hours ahead is dropped, although it is answered 202; here
with the margin, in seconds. https://docs.datadoghq.com/api/latest/logs/#send-logs"""

ASIDE = "relay.original."
"""What is put before the name of a date attribute that Datadog is not to read."""

Date: TypeAlias = str | float | None
"""A log's date as it stands in the log; None if there is none."""

_DATES = (str, int, float)

_OKTAS, _DIGITS = "0000-00-00T00:00:00.000Z\n", str.maketrans("123456789", "000000000")
"""How Okta writes dates, each digit as 0: all of one length, so that their texts have the order of time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**62
"""A date that is stored has 64 bits."""


def is_taken(date: int, now: float) -> bool:
    """Whether Datadog takes a log of this date.

    Args:
        date: in epoch milliseconds.
        now: in epoch seconds.
    """
    return -OLDEST <= date / 1000 - now <= NEWEST


def date_of(fields: JsonObject) -> Date:
    """The date that Datadog reads from a log's attributes."""
    for name in ATTRIBUTES:
        if name in fields:
            found = fields[name]
            break
    else:
        holder, key = _place(fields, ATTRIBUTES[-1])  # the only one that may stand deeper
        found = holder.get(key)
    return found if isinstance(found, _DATES) else None


def span(dates: Sequence[Date], now: int) -> tuple[int, int]:
    """Times, in epoch milliseconds, between which all of these dates are; what is no date counts as now.

    Dates of Okta's are compared as texts, for to read each of them would take as long as to parse an event.
    One that no calendar has, such as 30 February, counts as between the others then.
    """
    with suppress(TypeError):
        joined = "\n".join([*dates, ""])  # type: ignore[list-item]  # what is no text raises
        if joined.translate(_DIGITS) == _OKTAS * len(dates):
            first, last = milliseconds(min(dates)), milliseconds(max(dates))  # type: ignore[type-var]
            if first is not None and last is not None:
                return first, last
    read = [now if (date := milliseconds(value)) is None else date for value in dates]
    return min(read), max(read)


def set_aside(fields: JsonObject) -> bool:
    """Rename every date attribute, so that Datadog reads none of them; False if there is none.

    Args:
        fields: is changed.
    """
    places = ((name, *_place(fields, name)) for name in ATTRIBUTES)
    moved = {f"{ASIDE}{name}": holder.pop(key) for name, holder, key in places if key in holder}
    fields.update(moved)
    return bool(moved)


def _place(fields: JsonObject, name: str) -> tuple[JsonObject, str]:
    """The object and the key at which an attribute stands: Datadog opens dotted names into objects."""
    first, dot, rest = name.partition(".")
    inner = fields.get(first) if dot and name not in fields else None
    return (inner, rest) if isinstance(inner, dict) else (fields, name)


def milliseconds(value: Date) -> int | None:
    """A date in epoch milliseconds; None if there is none, or it is written as syslog does, without a year.

    ISO 8601, without a zone in UTC; numbers, and digits in text, are epoch milliseconds.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.isdigit() and text.isascii() and len(text) < 20:
            return min(int(text), _LARGEST)
        try:
            date = datetime.fromisoformat(text)
        except ValueError:
            return None
        since = (date if date.tzinfo else date.replace(tzinfo=UTC)) - _EPOCH
        return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000
    if value is not None and not isinstance(value, bool):
        return max(min(math.floor(value), _LARGEST), -_LARGEST)
    return None
