"""A value found in a table."""

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from datadog_assets.model import also
from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import as_text


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

    def apply(self, draft: Draft, at: Moment) -> None:
        """Write what the table holds for the source, else the default if there is one.

        https://docs.datadoghq.com/logs/log_configuration/processors/lookup_processor/
        """
        key = as_text(draft.read(self.source))
        if key is None:
            return
        if self.lookup_table is None:
            at.leave(f"the reference table {self.lookup_enrichment_table} cannot be known offline")
            return
        found = self._table.get(key)
        if found is None:
            found = self.default_lookup
            then = "nothing is written" if found is None else f"the default, {found!r}, is written"
            at.warnings.append(f"{key!r} is not in the table: {then}")
        if found is not None:
            draft.set(self.target, found)

    @cached_property
    def _table(self) -> dict[str, str]:
        """Lines of `key,value`: blanks around either do not count, as published results show."""
        table: dict[str, str] = {}
        for line in self.lookup_table or ():
            key, comma, value = line.partition(",")
            if comma:
                table.setdefault(key.strip(), value.strip())
        return table


PROCESSOR = LookupProcessor
