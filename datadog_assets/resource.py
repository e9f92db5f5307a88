"""The two sides that a plan compares: what the YAML declares, and what Datadog has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Json: TypeAlias = dict[str, object]
"""A JSON object, as it is sent to Datadog or came from there."""

Path: TypeAlias = tuple[str | int, ...]
"""A place in a JSON value: keys and positions, from the outside in."""

MANAGED_TAG = "managed-by:datadog-assets"
"""Marks what this product made, where Datadog has tags on the kind."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file, shown as editors and compilers do."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pipeline is to stand in the order: somewhere before, or after, the one of that name."""

    side: Literal["before", "after"]
    name: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry of the YAML, checked.

    Attributes:
        kind: the kind's key in the YAML, such as "monitors".
        name: its identity, together with the kind.
        body: as Datadog's API takes it; without the managed tag, which the plan adds.
        mark: where the entry begins.
        id: pins the live resource; None to find it by name.
        absent: it is to be deleted, if it is there (`ensure: absent`); the body may then hold only the name.
        place: only for pipelines.
    """

    kind: str
    name: str
    body: Json
    mark: Mark = field(compare=False)
    id: str | None = None
    absent: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """One resource that Datadog has.

    Attributes:
        kind: as in `Resource`.
        id: Datadog's, as text.
        name: need not be unique.
        body: as Datadog returned it; for a rule, its attributes.
        read_only: Datadog's own, such as the pipelines of integrations: never written to.
    """

    kind: str
    id: str
    name: str
    body: Json
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a declared resource that a person should look at.

    Attributes:
        resource: the one that it is about.
        path: the field in its body; empty for the whole.
        text: what is wrong and what is allowed, as the end of a sentence line: "holds 21 tags; 1 to 20 fit".
        is_warning: it may be meant; else it is a fault and nothing is loaded.
    """

    resource: Resource
    path: Path
    text: str
    is_warning: bool = False


Declared: TypeAlias = Mapping[str, Mapping[str, Resource]]
"""Everything declared: kind, then name."""
