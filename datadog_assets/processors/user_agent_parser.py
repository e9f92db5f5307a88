"""A user agent taken apart."""

from typing import Literal
from urllib.parse import unquote_plus

from datadog_assets.grok.useragents import useragent_parts
from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment


class UserAgentParser(Processor):
    """Takes a user agent apart."""

    type: Literal["user-agent-parser"]
    sources: Sources = ["http.useragent"]  # noqa: RUF012 - pydantic copies it
    target: str = "http.useragent_details"
    is_encoded: bool = False

    def apply(self, draft: Draft, at: Moment) -> None:
        """Write the browser, system and device of the first source that exists.

        The rules are those of https://github.com/ua-parser/uap-core; Datadog may have its own.
        https://docs.datadoghq.com/logs/log_configuration/processors/user_agent_parser/
        """
        found = draft.first(self.sources)
        if found and isinstance(text := found[1], str):
            draft.set(self.target, useragent_parts(unquote_plus(text) if self.is_encoded else text))


PROCESSOR = UserAgentParser
