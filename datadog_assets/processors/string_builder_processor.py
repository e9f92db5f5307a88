"""A text put together from attributes."""

import re
from typing import Literal

from pydantic import Field

from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment

LONGEST_TEXT = 256
"""The rest is cut off, as published results show; no page tells of it."""

_BLOCK = re.compile(r"%\{([^{}]*)\}")


class StringBuilderProcessor(Processor):
    """Writes a text with attributes in it."""

    type: Literal["string-builder-processor"]
    template: str = Field(description="%{path} stands for an attribute.")
    target: str
    is_replace_missing: bool = Field(default=False, description="Write even if an attribute is missing.")

    def apply(self, draft: Draft, at: Moment) -> None:
        """Write the text, unless something in it is missing that must not be.

        Arrays are joined with commas; a path may run through arrays of objects.
        https://docs.datadoghq.com/logs/log_configuration/processors/string_builder_processor/
        """
        found = {path: draft.texts(path.strip()) for path in _BLOCK.findall(self.template)}
        if self.is_replace_missing or None not in found.values():
            text = _BLOCK.sub(lambda block: found[block[1]] or "", self.template)
            draft.set(self.target, text[:LONGEST_TEXT])


PROCESSOR = StringBuilderProcessor
