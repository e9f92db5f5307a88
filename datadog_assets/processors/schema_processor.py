"""Attributes mapped to a schema (OCSF)."""

from typing import Annotated, Literal

from pydantic import Field

from datadog_assets.model import Model
from datadog_assets.processors._base import Category, Processor


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


Mapper = Annotated[SchemaRemapper | SchemaCategoryMapper, Field(discriminator="type")]


class SchemaProcessor(Processor):
    """Maps a log to a class of a schema."""

    type: Literal["schema-processor"]
    schema_: Schema = Field(alias="schema")
    mappers: list[Mapper]


PROCESSOR = SchemaProcessor
