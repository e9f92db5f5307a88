"""The shape of one log, from preprocessing through pipelines and searches to an answer."""

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
