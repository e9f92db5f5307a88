"""A URL taken apart."""

from typing import Literal

from datadog_assets.grok.urls import url_parts
from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment


class UrlParser(Processor):
    """Takes a URL apart."""

    type: Literal["url-parser"]
    sources: Sources = ["http.url"]  # noqa: RUF012 - pydantic copies it
    target: str = "http.url_details"
    normalize_ending_slashes: bool = False

    def apply(self, draft: Draft, at: Moment) -> None:
        """Write the parts of the first source that exists.

        https://docs.datadoghq.com/logs/log_configuration/processors/url_parser/
        """
        found = draft.first(self.sources)
        if (
            found
            and isinstance(found[1], str)
            and (parts := url_parts(found[1], self.normalize_ending_slashes))
        ):
            draft.set(self.target, parts)


PROCESSOR = UrlParser
