"""The log's span id from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources


class SpanIdRemapper(Processor):
    """Sets the span that the log belongs to."""

    type: Literal["span-id-remapper"]
    sources: Sources = ["dd.span_id"]  # noqa: RUF012 - pydantic copies it


PROCESSOR = SpanIdRemapper
