"""Processors for each element of an array."""

from typing import Annotated, Literal

from pydantic import Field

from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors.arithmetic_processor import ArithmeticProcessor
from datadog_assets.processors.attribute_remapper import AttributeRemapper
from datadog_assets.processors.category_processor import CategoryProcessor
from datadog_assets.processors.string_builder_processor import StringBuilderProcessor

OfElement = Annotated[
    AttributeRemapper | ArithmeticProcessor | StringBuilderProcessor | CategoryProcessor,
    Field(discriminator="type"),
]


MOST_ELEMENTS = 50
"""The others are not looked at: https://docs.datadoghq.com/logs/log_configuration/processors/array_map_processor/"""


class ArrayMapProcessor(Processor):
    """Runs processors over each element of an array; $sourceElem and $targetElem stand for it."""

    type: Literal["array-map-processor"]
    source: str
    target: str
    preserve_source: bool = True
    processors: list[OfElement]

    def apply(self, draft: Draft, at: Moment) -> None:
        """Run the processors for each of the first 50 elements, and write what they made of them.

        https://docs.datadoghq.com/logs/log_configuration/processors/array_map_processor/
        """
        source = draft.get(self.source)
        if not isinstance(source, list):
            return
        there = draft.get(self.target)
        made = there if isinstance(there, list) else []
        results: list[object] = []
        for position, element in enumerate(source[:MOST_ELEMENTS]):
            attributes = draft.attributes | {"$sourceElem": element}
            if position < len(made):
                attributes["$targetElem"] = made[position]
            inner = Draft({**draft.log, "attributes": attributes})
            for processor in self.processors:
                if processor.is_enabled:
                    processor.apply(inner, at)
            results.append(inner.get("$targetElem"))
        if not self.preserve_source and self.source != self.target:
            draft.delete(self.source)
        found = [one for one in results if one is not None]
        if found:
            draft.set(self.target, found + made[len(results) :])


PROCESSOR = ArrayMapProcessor
