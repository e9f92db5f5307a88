"""A URL taken apart."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources


class UrlParser(Processor):
    """Takes a URL apart."""

    type: Literal["url-parser"]
    sources: Sources = ["http.url"]  # noqa: RUF012 - pydantic copies it
    target: str = "http.url_details"
    normalize_ending_slashes: bool = False


PROCESSOR = UrlParser
