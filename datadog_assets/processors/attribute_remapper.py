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

        A target that is there and stays keeps no source from going; one that is itself the source is cast in
        place. Published results show both.
        https://docs.datadoghq.com/logs/log_configuration/processors/remapper/
        """
        if not self.preserve_source or self.source_type == "tag" or self.target_type == "tag":
            self._move(draft)
            return
        for source in self.sources:
            if (value := draft.get(source)) is not None:
                override = self.override_on_conflict or source == self.target
                draft.set(self.target, cast(value, self.target_format), override=override)
                return

    def _move(self, draft: Draft) -> None:
        found = self._first(draft)
        if found is None:
            return
        source, value = found
        is_written = self.override_on_conflict or self._is_target(source) or self._is_free(draft)
        if not self.preserve_source:
            self._take_away(draft)
        if is_written and self.target_type == "tag":
            self._tag(draft, value)
        elif is_written:
            draft.set(self.target, cast(value, self.target_format))

    def _first(self, draft: Draft) -> tuple[str, object] | None:
        if self.source_type == "attribute":
            return draft.first(self.sources)
        return next(((key, value) for key in self.sources if (value := draft.tag(key)) is not None), None)

    def _is_target(self, source: str) -> bool:
        return self.source_type == self.target_type and source == self.target

    def _is_free(self, draft: Draft) -> bool:
        if self.target_type == "tag":
            return draft.tag(self.target.lower()) is None
        return draft.get(self.target) is None

    def _take_away(self, draft: Draft) -> None:
        for source in self.sources:
            if self._is_target(source):
                continue
            if self.source_type == "tag":
                draft.untag(source)
            else:
                draft.delete(source)

    def _tag(self, draft: Draft, value: object) -> None:
        """Write tags, one for each element of an array; in lower case, as published results show."""
        key = self.target.lower()
        if self.override_on_conflict:
            draft.untag(key)
        there = set(draft.tags)
        for element in value if isinstance(value, list) else [value]:
            if (text := as_text(element)) is not None and (tag := f"{key}:{text.lower()}") not in there:
                there.add(tag)
                draft.tags.append(tag)


PROCESSOR = AttributeRemapper
