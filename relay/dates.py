"""The date that Datadog reads from a log, and whether it takes a log of that date. Pure."""

import math
from datetime import UTC, datetime

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


def date_of(fields: JsonObject) -> int | None:
    """The date that Datadog reads from a log's attributes, in epoch milliseconds; None if there is none.

    Also None for the way syslog writes dates, which tells no year.
    """
    for name in ATTRIBUTES:
        if name in fields:
            return _milliseconds(fields[name])
    holder, key = _place(fields, ATTRIBUTES[-1])  # the only one that may stand deeper
    return _milliseconds(holder[key]) if key in holder else None


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


def _milliseconds(value: object) -> int | None:
    """ISO 8601, without a zone in UTC; numbers, and digits in text, are epoch milliseconds."""
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
    if isinstance(value, int | float) and not isinstance(value, bool):
        return max(min(math.floor(value), _LARGEST), -_LARGEST)
    return None
