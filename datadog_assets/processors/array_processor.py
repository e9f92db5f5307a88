"""One operation on an array."""

from typing import Annotated, Literal

from pydantic import Field

from datadog_assets.model import Model
from datadog_assets.processors._base import Processor


class Append(Model):
    """Adds a value to an array."""

    type: Literal["append"]
    source: str
    target: str
    preserve_source: bool = True


class Length(Model):
    """Counts an array's elements."""

    type: Literal["length"]
    source: str
    target: str


class Select(Model):
    """Takes a value out of the first object that matches."""

    type: Literal["select"]
    source: str
    target: str
    filter: str
    value_to_extract: str


class KeyValue(Model):
    """Makes attributes of an array of objects, each with a key and a value."""

    type: Literal["key-value"]
    source: str
    key_to_extract: str
    value_to_extract: str
    target: str | None = None
    override_on_conflict: bool = False


Operation = Annotated[Append | Length | Select | KeyValue, Field(discriminator="type")]


class ArrayProcessor(Processor):
    """Does something with an array."""

    type: Literal["array-processor"]
    operation: Operation


PROCESSOR = ArrayProcessor
