"""What all processors have in common, and the pieces that several use."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from datadog_assets.model import Model, also

NO_PARSED_TARGET = frozenset({":", ","})
"""Signs that the target of a remapper may not hold.
https://docs.datadoghq.com/logs/log_configuration/processors/remapper/"""


class Processor(Model):
    """One step of a pipeline."""

    name: str | None = Field(default=None, description="What it is for.")
    is_enabled: bool = Field(default=True, description="Whether it does anything (true).")


class Query(Model):
    """Which logs are meant."""

    query: str = Field(default="", description="In Datadog's log search syntax; an empty one matches all.")


def _as_query(value: object) -> object:
    return {"query": value} if isinstance(value, str) else value


Filter = Annotated[
    Query,
    BeforeValidator(_as_query),
    Field(json_schema_extra=also({"type": "string"})),
]
"""A query, alone or as Datadog writes it: `{query: ...}`."""

Sources = Annotated[list[str], Field(min_length=1, description="Attributes; the first that exists counts.")]


class Category(Model):
    """A name for the logs that a query matches."""

    filter: Filter
    name: str
