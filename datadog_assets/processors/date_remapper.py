"""The log's date from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources


class DateRemapper(Processor):
    """Sets the date of the log."""

    type: Literal["date-remapper"]
    sources: Sources


PROCESSOR = DateRemapper
