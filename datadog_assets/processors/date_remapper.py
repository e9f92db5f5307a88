"""The log's date from an attribute."""

from typing import Literal

from datadog_assets.dates import epoch_ms
from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment


class DateRemapper(Processor):
    """Sets the date of the log."""

    type: Literal["date-remapper"]
    sources: Sources

    def apply(self, draft: Draft, at: Moment) -> None:
        """Take the date from the first source that exists; of several remappers, the last counts.

        A source that cannot be read leaves the log its date; every source stays.
        https://docs.datadoghq.com/logs/log_configuration/processors/log_date_remapper/
        """
        if (found := draft.first(self.sources)) and (date := epoch_ms(found[1], at.now_ms)) is not None:
            draft.log["timestamp"] = date


PROCESSOR = DateRemapper
