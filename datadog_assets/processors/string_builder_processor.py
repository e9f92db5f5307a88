"""A text put together from attributes."""

from typing import Literal

from pydantic import Field

from datadog_assets.processors._base import Processor


class StringBuilderProcessor(Processor):
    """Writes a text with attributes in it."""

    type: Literal["string-builder-processor"]
    template: str = Field(description="%{path} stands for an attribute.")
    target: str
    is_replace_missing: bool = Field(default=False, description="Write even if an attribute is missing.")


PROCESSOR = StringBuilderProcessor
