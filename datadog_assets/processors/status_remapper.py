"""The log's status from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import first_of, written
from datadog_assets.statuses import normal_status


class StatusRemapper(Processor):
    """Sets the status of the log; over all pipelines, only the first that matches counts."""

    type: Literal["status-remapper"]
    sources: Sources

    def apply(self, draft: Draft, at: Moment) -> None:
        """Take the status from the first source that exists; the source stays.

        Of the status remappers of all pipelines, the first that found a source counts.
        https://docs.datadoghq.com/logs/log_configuration/processors/log_status_remapper/
        """
        if (
            (found := draft.first(self.sources))
            and (text := written(first_of(found[1]))) is not None
            and at.settle("status")
        ):
            draft.log["status"] = normal_status(text)


PROCESSOR = StatusRemapper
