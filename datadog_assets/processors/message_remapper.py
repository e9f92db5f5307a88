"""The log's message from an attribute."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources


class MessageRemapper(Processor):
    """Sets the message of the log."""

    type: Literal["message-remapper"]
    sources: Sources = ["msg"]  # noqa: RUF012 - pydantic copies it


PROCESSOR = MessageRemapper
