"""A value found in a table."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from datadog_assets.model import also
from datadog_assets.processors._base import Processor


def _as_lines(value: object) -> object:
    """Give a mapping as Datadog writes it: a list of `key,value`."""
    if not isinstance(value, dict):
        return value
    if bad := [key for key in value if "," in str(key)]:
        raise ValueError(f"holds the key {bad[0]!r}: a key of a lookup table can hold no comma")
    return [f"{key},{found}" for key, found in value.items()]


LookupTable = Annotated[
    list[str],
    BeforeValidator(_as_lines),
    Field(
        json_schema_extra=also({"type": "object"}),
        description="A mapping, or lines of key,value.",
    ),
]


class LookupProcessor(Processor):
    """Writes what a table, written here or kept in Datadog, holds for an attribute."""

    type: Literal["lookup-processor"]
    source: str
    target: str
    lookup_table: LookupTable | None = None
    lookup_enrichment_table: str | None = Field(default=None, description="The name of a reference table.")
    default_lookup: str | None = Field(
        default=None, description="Written if the table does not hold the key."
    )

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.lookup_table is None) == (self.lookup_enrichment_table is None):
            raise ValueError("needs one of lookup_table and lookup_enrichment_table, and not both")
        return self


PROCESSOR = LookupProcessor
