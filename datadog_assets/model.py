"""The base of all models of what users write: strict, and helpful about a key that it does not know."""

import difflib
from collections.abc import Callable
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

UNKNOWN_KEY = "unknown_key"
"""The type of the error about a key that a model does not know; its context holds `near` and `known`."""


class Model(BaseModel):
    """Takes no key that it does not know, and no text for a number.

    A null, as Datadog shows for what is not set, is as if the key were not there, unless it has to be.
    Validated with `extra="ignore"` it reads what Datadog returned, whatever else that holds. A validator of a
    model raises ValueError; its text is the end of a line that begins with the field.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        defer_build=True,  # until it is used: most commands use few of the models
    )

    @model_validator(mode="wrap")
    @classmethod
    def _name_what_is_known(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, dict) and None in data.values():
            optional = {
                field.alias or name for name, field in cls.model_fields.items() if not field.is_required()
            }
            data = {key: value for key, value in data.items() if value is not None or key not in optional}
        try:
            return handler(data)
        except ValidationError as error:
            details = [cls._again(detail) for detail in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, details) from None

    @classmethod
    def _again(cls, detail: ErrorDetails) -> InitErrorDetails:
        """Give the error as it was or, about a key that this model does not know, with those it does."""
        kind: str | PydanticCustomError = detail["type"]
        context = detail.get("ctx", {})
        if kind == "extra_forbidden" and len(detail["loc"]) == 1:
            known = sorted(field.alias or name for name, field in cls.model_fields.items())
            context = {"near": difflib.get_close_matches(str(detail["loc"][0]), known, 1), "known": known}
            kind = UNKNOWN_KEY
        if kind == UNKNOWN_KEY:  # pydantic builds its own types from their names alone
            kind = PydanticCustomError(UNKNOWN_KEY, "unknown key", context)
        return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"], ctx=context)


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value  # Datadog shows the ids of monitors as numbers


def also(other: JsonDict) -> Callable[[JsonDict], None]:
    """Give a `json_schema_extra` that lets something else stand for a value: what a convenience takes."""

    def widen(schema: JsonDict) -> None:
        told: JsonDict = {
            name: schema.pop(name) for name in ("title", "description", "default") if name in schema
        }
        value = dict(schema)
        schema.clear()
        schema.update({"anyOf": [value, other], **told})

    return widen


Id = Annotated[
    str | None,
    BeforeValidator(_as_text),
    Field(
        description="Datadog's id: pins the live resource; else it is found by name.",
        json_schema_extra=also({"type": "integer"}),
    ),
]


class Entry(Model):
    """One entry of the YAML: what every kind has, beside the fields of Datadog's API.

    Attributes:
        read_only: fields that Datadog shows and nobody sets; left out, so that what was copied from Datadog
            can be declared.
    """

    read_only: ClassVar[frozenset[str]] = frozenset()

    name: str
    id: Id = None
    ensure: Literal["present", "absent"] = "present"

    @model_validator(mode="before")
    @classmethod
    def _copied(cls, data: object) -> object:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if key not in cls.read_only}
        return data


class Gone(Entry):
    """An entry that is to be deleted: what else it holds does not matter."""

    ensure: Literal["absent"]


OWN = {"id", "ensure", "place"}
"""The fields of entries that Datadog does not know."""
