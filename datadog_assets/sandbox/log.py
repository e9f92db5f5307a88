"""The shape of one log, from preprocessing to the answer of a search."""

from typing import TypedDict


class Log(TypedDict):
    """One log after preprocessing."""

    timestamp: int
    """The log's date in epoch milliseconds: its own if it has one, else when it arrived."""
    message: str
    status: str
    """One of Datadog's nine: emergency, alert, critical, error, warn, notice, info, debug, ok."""
    host: str | None
    service: str | None
    source: str | None
    tags: list[str]
    """`key:value` or bare; holds `source:x` where the log has a source."""
    attributes: dict[str, object]
    """Nested, without dotted keys and without nulls."""
    trace_id: str | None
    span_id: str | None


class StoredLog(Log):
    """One log that the sandbox took."""

    id: str
    """Unique; sorted as text, ids are in the order of arrival."""
    cut: bool
    """The entry was over 1 MB and its message was cut."""
