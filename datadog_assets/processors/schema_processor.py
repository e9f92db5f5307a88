"""Attributes mapped to a schema (OCSF)."""

from typing import Annotated, Literal

from pydantic import Field

from datadog_assets.model import Model
from datadog_assets.processors._base import Category, Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import as_integer, as_text, cast


class Schema(Model):
    """The class of the schema that is mapped to."""

    schema_type: str
    version: str
    class_uid: int
    class_name: str
    profiles: list[str] | None = None
    extensions: list[str] = []  # noqa: RUF012 - pydantic copies it


class SchemaRemapper(Model):
    """Maps attributes to one of the schema."""

    type: Literal["schema-remapper"]
    name: str
    sources: list[str]
    target: str
    target_format: str | None = None
    preserve_source: bool = False
    override_on_conflict: bool = False

    def apply(self, draft: Draft) -> None:
        """Give the target the first source that exists."""
        found = next((value for path in self.sources if (value := draft.get(path)) is not None), None)
        if found is None or not (self.override_on_conflict or draft.get(self.target) is None):
            return
        if not self.preserve_source:
            for source in self.sources:
                draft.delete(source)
        draft.set(self.target, cast(found, self.target_format))


class SchemaCategory(Category):
    """A name and number for the logs that a query matches."""

    id: int


class Targets(Model):
    """Where name and number go."""

    name: str | None = None
    id: str | None = None


class Fallback(Model):
    """What is written when no category matches."""

    values: dict[str, str] = {}  # noqa: RUF012 - as above
    sources: dict[str, list[str]] = {}  # noqa: RUF012 - as above


class SchemaCategoryMapper(Model):
    """Maps logs to one of the schema's enumerations."""

    type: Literal["schema-category-mapper"]
    name: str
    categories: list[SchemaCategory]
    targets: Targets
    fallback: Fallback = Fallback()

    def apply(self, draft: Draft, at: Moment) -> None:
        """Write name and id of the first category that matches, or else the fallback's."""
        for category in self.categories:
            if category.filter.matches(draft, at):
                self._write(draft, category.name, category.id)
                return
        values = self.fallback.values
        name = values.get("name")
        for source in self.fallback.sources.get("name", ()):
            name = as_text(draft.get(source)) or name
        number = as_integer(values.get("id"))
        self._write(draft, name, number)

    def _write(self, draft: Draft, name: str | None, number: int | None) -> None:
        for target, value in ((self.targets.name, name), (self.targets.id, number)):
            if target and value is not None:
                draft.set(target, value)


Mapper = Annotated[SchemaRemapper | SchemaCategoryMapper, Field(discriminator="type")]


class SchemaProcessor(Processor):
    """Maps a log to a class of a schema."""

    type: Literal["schema-processor"]
    schema_: Schema = Field(alias="schema")
    mappers: list[Mapper]

    def apply(self, draft: Draft, at: Moment) -> None:
        """Run the mappers. What the schema itself adds and checks is not known offline.

        https://docs.datadoghq.com/logs/log_configuration/processors/ocsf_processor/
        """
        at.leave("what the OCSF schema itself adds to a log, and refuses, cannot be known offline")
        for mapper in self.mappers:
            if isinstance(mapper, SchemaRemapper):
                mapper.apply(draft)
            else:
                mapper.apply(draft, at)


PROCESSOR = SchemaProcessor
