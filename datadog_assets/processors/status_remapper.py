"""The log's status from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources


class StatusRemapper(Processor):
    """Sets the status of the log; over all pipelines, only the first that matches counts."""

    type: Literal["status-remapper"]
    sources: Sources


PROCESSOR = StatusRemapper
