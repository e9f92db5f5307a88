"""Attributes mapped to a schema (OCSF)."""

from typing import Annotated, Literal

from pydantic import Field

from datadog_assets.model import Model
from datadog_assets.processors._base import Category, Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import as_text, cast

CATEGORIES = {
    0: "Uncategorized",
    1: "System Activity",
    2: "Findings",
    3: "Identity & Access Management",
    4: "Network Activity",
    5: "Discovery",
    6: "Application Activity",
    7: "Remediation",
    8: "Unmanned Systems",
}
"""By the thousands of a class: https://schema.ocsf.io/categories"""

OTHER = 99
"""The id of every enumeration's category for what is in no other."""


class Schema(Model):
    """The class of the schema that is mapped to."""

    schema_type: str
    version: str
    class_uid: int
    class_name: str
    profiles: list[str] | None = None
    extensions: list[str] = []  # noqa: RUF012 - pydantic copies it

    def told(self) -> dict[str, object]:
        """Give what Datadog writes of it, as published results show."""
        category = self.class_uid // 1000
        told: dict[str, object] = {
            "class_uid": self.class_uid,
            "class_name": self.class_name,
            "category_uid": category,
        }
        if name := CATEGORIES.get(category):
            told["category_name"] = name
        return told | {"metadata.version": self.version}


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
        """Do as the attribute remapper does: a field may be mapped to itself."""
        found = draft.first(self.sources)
        if found is None:
            return
        source, value = found
        is_written = self.override_on_conflict or source == self.target or draft.get(self.target) is None
        if not self.preserve_source:
            for path in self.sources:
                if path != self.target:
                    draft.delete(path)
        if is_written:
            draft.set(self.target, cast(value, self.target_format))


class SchemaCategory(Category):
    """A name and number for the logs that a query matches."""

    id: int


class Targets(Model):
    """Where name and number go."""

    name: str | None = None
    id: str | None = None


class Fallback(Model):
    """What is written for the category Other, by target: the first source that exists, or else a value."""

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
        """Write name and id of the first category that matches; nothing without one.

        Of the category Other, 99, the fallback gives the name, as published results show.
        """
        for category in self.categories:
            if category.filter.matches(draft, at):
                name = self._other(draft) if category.id == OTHER else None
                self._write(draft, name or category.name, category.id)
                return

    def _other(self, draft: Draft) -> str | None:
        target = self.targets.name or ""
        found = draft.first(self.fallback.sources.get(target, []))
        return (found and as_text(found[1])) or self.fallback.values.get(target)

    def _write(self, draft: Draft, name: str, number: int) -> None:
        for target, value in ((self.targets.name, name), (self.targets.id, number)):
            if target:
                draft.set(target, value)


Mapper = Annotated[SchemaRemapper | SchemaCategoryMapper, Field(discriminator="type")]


class SchemaProcessor(Processor):
    """Maps a log to a class of a schema."""

    type: Literal["schema-processor"]
    schema_: Schema = Field(alias="schema")
    mappers: list[Mapper]

    def apply(self, draft: Draft, at: Moment) -> None:
        """Name the class, then run the mappers. What else the schema adds and checks is not known offline.

        https://docs.datadoghq.com/logs/log_configuration/processors/ocsf_processor/
        """
        at.leave("what the OCSF schema itself refuses, and adds beside the class, cannot be known offline")
        for path, value in self.schema_.told().items():
            draft.set(f"ocsf.{path}", value)
        for mapper in self.mappers:
            if isinstance(mapper, SchemaRemapper):
                mapper.apply(draft)
            else:
                mapper.apply(draft, at)


PROCESSOR = SchemaProcessor
