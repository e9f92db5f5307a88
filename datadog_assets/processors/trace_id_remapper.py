"""The log's trace id from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources


class TraceIdRemapper(Processor):
    """Sets the trace that the log belongs to."""

    type: Literal["trace-id-remapper"]
    sources: Sources = ["dd.trace_id"]  # noqa: RUF012 - pydantic copies it


PROCESSOR = TraceIdRemapper
