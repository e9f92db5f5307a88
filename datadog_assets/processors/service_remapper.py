"""The log's service from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import first_of, written


class ServiceRemapper(Processor):
    """Sets the service of the log."""

    type: Literal["service-remapper"]
    sources: Sources

    def apply(self, draft: Draft, at: Moment) -> None:
        """Take the service from the first source that exists; the source stays.

        Only the first remapper that found a source counts.
        https://docs.datadoghq.com/logs/log_configuration/processors/service_remapper/
        """
        if (
            (found := draft.first(self.sources))
            and (text := written(first_of(found[1]))) is not None
            and at.settle("service")
        ):
            draft.log["service"] = text


PROCESSOR = ServiceRemapper
