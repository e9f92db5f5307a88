"""The log's service from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources


class ServiceRemapper(Processor):
    """Sets the service of the log."""

    type: Literal["service-remapper"]
    sources: Sources


PROCESSOR = ServiceRemapper
