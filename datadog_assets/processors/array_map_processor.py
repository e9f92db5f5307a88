"""Processors for each element of an array."""

from typing import Annotated, Literal

from pydantic import Field

from datadog_assets.processors._base import Processor
from datadog_assets.processors.arithmetic_processor import ArithmeticProcessor
from datadog_assets.processors.attribute_remapper import AttributeRemapper
from datadog_assets.processors.category_processor import CategoryProcessor
from datadog_assets.processors.string_builder_processor import StringBuilderProcessor

OfElement = Annotated[
    AttributeRemapper | ArithmeticProcessor | StringBuilderProcessor | CategoryProcessor,
    Field(discriminator="type"),
]


class ArrayMapProcessor(Processor):
    """Runs processors over each element of an array; $sourceElem and $targetElem stand for it."""

    type: Literal["array-map-processor"]
    source: str
    target: str
    preserve_source: bool = True
    processors: list[OfElement]


PROCESSOR = ArrayMapProcessor
