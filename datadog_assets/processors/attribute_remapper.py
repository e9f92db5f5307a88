"""An attribute or tag under another name."""

from typing import Literal

from pydantic import Field

from datadog_assets.processors._base import Processor, Sources


class AttributeRemapper(Processor):
    """Moves, or copies, an attribute or tag; its target can be no reserved attribute."""

    type: Literal["attribute-remapper"]
    sources: Sources
    target: str
    source_type: Literal["attribute", "tag"] = "attribute"
    target_type: Literal["attribute", "tag"] = "attribute"
    target_format: Literal["auto", "string", "integer", "double"] | None = None
    preserve_source: bool = Field(default=False, description="Copy, do not move.")
    override_on_conflict: bool = Field(default=False, description="Replace a target that is there.")


PROCESSOR = AttributeRemapper
