"""What all processors have in common, and the pieces that several use."""

from functools import cached_property
from typing import Annotated

from pydantic import BeforeValidator, Field

from datadog_assets import search
from datadog_assets.model import Model, also
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.search import QuerySyntaxError

NO_PARSED_TARGET = frozenset({":", ","})
"""Signs that the target of a remapper may not hold.
https://docs.datadoghq.com/logs/log_configuration/processors/remapper/"""


class Processor(Model):
    """One step of a pipeline."""

    name: str | None = Field(default=None, description="What it is for.")
    is_enabled: bool = Field(default=True, description="Whether it does anything (true).")

    def apply(self, draft: Draft, at: Moment) -> None:
        """Do to the log what Datadog's processor does; say `at.leave(why)` where that cannot be known."""
        raise NotImplementedError


class Query(Model):
    """Which logs are meant."""

    query: str = Field(default="", description="In Datadog's log search syntax; an empty one matches all.")

    def matches(self, draft: Draft, at: Moment) -> bool:
        """Tell whether a log is meant; none is by a query that cannot be read."""
        if isinstance(self._parsed, QuerySyntaxError):
            at.leave(f"the query {self.query!r} cannot be read: {self._parsed.reason}")
            return False
        return self._parsed.matches(draft.log)

    @cached_property
    def _parsed(self) -> search.Query | QuerySyntaxError:
        try:
            return search.parse(self.query)
        except QuerySyntaxError as error:
            return error


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
