"""One operation on an array."""

from typing import Annotated, Literal

from pydantic import Field

from datadog_assets.model import Model
from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft, find
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import as_text, copied


class Append(Model):
    """Adds a value to an array."""

    type: Literal["append"]
    source: str
    target: str
    preserve_source: bool = True

    def apply(self, draft: Draft) -> None:
        """Add the source to the target, which is made if it is not there."""
        value, target = draft.get(self.source), draft.get(self.target)
        if value is None or not isinstance(target, list | None):
            return
        if not self.preserve_source:
            draft.delete(self.source)
        draft.set(self.target, [*(target or []), copied(value)])


class Length(Model):
    """Counts an array's elements."""

    type: Literal["length"]
    source: str
    target: str

    def apply(self, draft: Draft) -> None:
        """Write how many elements there are."""
        if isinstance(array := draft.get(self.source), list):
            draft.set(self.target, len(array))


class Select(Model):
    """Takes a value out of the first object that matches."""

    type: Literal["select"]
    source: str
    target: str
    filter: str
    value_to_extract: str

    def apply(self, draft: Draft) -> None:
        """Write the value out of the first object that has what the filter, `key:value`, says."""
        array = draft.get(self.source)
        key, _, wanted = self.filter.partition(":")
        key, wanted = key.strip().removeprefix("@"), wanted.strip().strip('"')
        for element in array if isinstance(array, list) else []:
            found = find(element, key)
            if found and as_text(found[0][found[1]]) == wanted:
                if value := find(element, self.value_to_extract):
                    draft.set(self.target, copied(value[0][value[1]]))
                return


class KeyValue(Model):
    """Makes attributes of an array of objects, each with a key and a value."""

    type: Literal["key-value"]
    source: str
    key_to_extract: str
    value_to_extract: str
    target: str | None = None
    override_on_conflict: bool = False

    def apply(self, draft: Draft) -> None:
        """Write an attribute for each object, in the target or, without one, beside the others."""
        array = draft.get(self.source)
        for element in array if isinstance(array, list) else []:
            key, value = find(element, self.key_to_extract), find(element, self.value_to_extract)
            name = as_text(key[0][key[1]]) if key else None
            if not name or not value:
                continue
            path = f"{self.target}.{name}" if self.target else name
            if self.override_on_conflict or draft.get(path) is None:
                draft.set(path, copied(value[0][value[1]]))


Operation = Annotated[Append | Length | Select | KeyValue, Field(discriminator="type")]


class ArrayProcessor(Processor):
    """Does something with an array."""

    type: Literal["array-processor"]
    operation: Operation

    def apply(self, draft: Draft, at: Moment) -> None:
        """Do the operation: https://docs.datadoghq.com/logs/log_configuration/processors/array_processor/."""
        self.operation.apply(draft)


PROCESSOR = ArrayProcessor
