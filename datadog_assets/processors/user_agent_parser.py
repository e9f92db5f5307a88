"""A user agent taken apart."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources


class UserAgentParser(Processor):
    """Takes a user agent apart."""

    type: Literal["user-agent-parser"]
    sources: Sources = ["http.useragent"]  # noqa: RUF012 - pydantic copies it
    target: str = "http.useragent_details"
    is_encoded: bool = False


PROCESSOR = UserAgentParser
