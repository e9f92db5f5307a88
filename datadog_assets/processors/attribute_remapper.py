"""Attributes and tags moved or copied to another name."""

from typing import Literal

from pydantic import Field

from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import as_text, cast


class AttributeRemapper(Processor):
    """Moves or copies the first source that exists to the target."""

    type: Literal["attribute-remapper"]
    sources: Sources
    target: str
    source_type: Literal["attribute", "tag"] = "attribute"
    target_type: Literal["attribute", "tag"] = "attribute"
    target_format: Literal["auto", "string", "integer", "double"] = "auto"
    preserve_source: bool = Field(default=False, description="Copy, do not move.")
    override_on_conflict: bool = Field(default=False, description="Replace a target that is there.")

    def apply(self, draft: Draft, at: Moment) -> None:
        """Give the target the first source that exists; take every source that exists away, if they go.

        A target that is there and stays keeps no source from going, as published results show.
        https://docs.datadoghq.com/logs/log_configuration/processors/remapper/
        """
        found = self._value(draft)
        if found is None:
            return
        is_written = self.override_on_conflict or self._is_free(draft)
        if not self.preserve_source:
            self._take_away(draft)
        if is_written and self.target_type == "tag":
            self._tag(draft, found)
        elif is_written:
            draft.set(self.target, cast(found, self.target_format))

    def _value(self, draft: Draft) -> object:
        read = draft.get if self.source_type == "attribute" else draft.tag
        for source in self.sources:
            if (value := read(source)) is not None:
                return value
        return None

    def _is_free(self, draft: Draft) -> bool:
        return (draft.get if self.target_type == "attribute" else draft.tag)(self.target) is None

    def _take_away(self, draft: Draft) -> None:
        for source in self.sources:
            if self.source_type == "tag":
                draft.untag(source)
            else:
                draft.delete(source)

    def _tag(self, draft: Draft, value: object) -> None:
        """Write tags, one for each element of an array; in lower case, as published results show."""
        key = self.target.lower()
        if self.override_on_conflict:
            draft.untag(key)
        for element in value if isinstance(value, list) else [value]:
            if (text := as_text(element)) is not None and (tag := f"{key}:{text.lower()}") not in draft.tags:
                draft.tags.append(tag)


PROCESSOR = AttributeRemapper
