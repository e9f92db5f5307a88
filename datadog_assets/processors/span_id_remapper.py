"""The log's span id from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import first_of, written


class SpanIdRemapper(Processor):
    """Sets the span that the log belongs to."""

    type: Literal["span-id-remapper"]
    sources: Sources = ["dd.span_id"]  # noqa: RUF012 - pydantic copies it

    def apply(self, draft: Draft, at: Moment) -> None:
        """Take the id from the first source that exists, and the source away, as published results show.

        https://docs.datadoghq.com/logs/log_configuration/processors/trace_remapper/
        """
        if (
            (found := draft.first(self.sources))
            and (text := written(first_of(found[1]))) is not None
            and at.settle("span_id")
        ):
            draft.log["span_id"] = text
            draft.delete(found[0])


PROCESSOR = SpanIdRemapper
