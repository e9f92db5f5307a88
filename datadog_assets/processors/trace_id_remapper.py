"""The log's trace id from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import first_of, written


class TraceIdRemapper(Processor):
    """Sets the trace that the log belongs to."""

    type: Literal["trace-id-remapper"]
    sources: Sources = ["dd.trace_id"]  # noqa: RUF012 - pydantic copies it

    def apply(self, draft: Draft, at: Moment) -> None:
        """Take the id from the first source that exists, and the source away, as published results show.

        https://docs.datadoghq.com/logs/log_configuration/processors/trace_remapper/
        """
        if (
            (found := draft.first(self.sources))
            and (text := written(first_of(found[1]))) is not None
            and at.settle("trace_id")
        ):
            draft.log["trace_id"] = text
            draft.delete(found[0])


PROCESSOR = TraceIdRemapper
