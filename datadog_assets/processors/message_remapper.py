"""The log's message from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import first_of, written


class MessageRemapper(Processor):
    """Sets the message of the log."""

    type: Literal["message-remapper"]
    sources: Sources = ["msg"]  # noqa: RUF012 - pydantic copies it

    def apply(self, draft: Draft, at: Moment) -> None:
        """Take the message from the first source that exists, and the source away, as published results show.

        https://docs.datadoghq.com/logs/log_configuration/processors/log_message_remapper/
        """
        if (
            (found := draft.first(self.sources))
            and (text := written(first_of(found[1]))) is not None
            and at.settle("message")
        ):
            draft.log["message"] = text
            draft.delete(found[0])


PROCESSOR = MessageRemapper
