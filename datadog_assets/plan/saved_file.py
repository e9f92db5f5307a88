"""What the file of a saved plan holds: strict, so that a damaged one is known before any of it is used."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from datadog_assets.kinds import KINDS
from datadog_assets.plan.changes import Change, Verb
from datadog_assets.plan.difference import ABSENT, Difference
from datadog_assets.resource import Declared, Json, Mark, Place, Resource

FORMAT = "datadog-assets plan"
"""What the file's `format` begins with; behind it stands the number of the format."""


class Strict(BaseModel):
    """Takes just what was written; a null in it is a null."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FileOptions(Strict):
    """As `Options`."""

    adopt: bool
    prune: bool
    force: bool
    destroy: bool


class FilePlace(Strict):
    """As `Place`."""

    side: Literal["before", "after"]
    name: str


class FileMark(Strict):
    """As `Mark`."""

    file: str
    line: int


class OfKind(Strict):
    """Something of a kind that there is."""

    kind: str
    name: str
    place: FilePlace | None

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"there is no kind {kind}")
        return kind

    def _place(self) -> Place | None:
        return Place(self.place.side, self.place.name) if self.place else None


class FileResource(OfKind):
    """As `Resource`."""

    body: dict[str, object]
    mark: FileMark
    id: str | None
    absent: bool

    def made(self) -> Resource:
        """Give the resource."""
        mark = Mark(self.mark.file, self.mark.line)
        return Resource(self.kind, self.name, self.body, mark, self.id, self.absent, self._place())


class FileDifference(Strict):
    """As `Difference`; a side that is not there is left out."""

    path: list[str | int]
    before: object = ABSENT
    after: object = ABSENT
    origin: int | None = None


class FileChange(OfKind):
    """As `Change`, but for what is only shown."""

    verb: Literal["create", "update", "delete", "move"]
    live_id: str | None
    body: dict[str, object] | None
    differences: list[FileDifference]
    anchor_id: str | None

    def made(self) -> Change:
        """Give the change."""
        found = [Difference(tuple(one.path), one.before, one.after, one.origin) for one in self.differences]
        body: Json | None = self.body
        return Change(
            Verb(self.verb), self.kind, self.name, self.live_id, body,
            differences=tuple(found), place=self._place(), anchor_id=self.anchor_id,
        )  # fmt: skip


class File(Strict):
    """The whole."""

    format: str
    api_url: str
    options: FileOptions
    declared: list[FileResource]
    changes: list[FileChange]
    secrets: list[str]

    def resources(self) -> Declared:
        """Give everything declared, by every kind that there is."""
        found: dict[str, dict[str, Resource]] = {key: {} for key in KINDS}
        for one in self.declared:
            found[one.kind][one.name] = one.made()
        return found

    def made(self) -> tuple[Change, ...]:
        """Give the changes."""
        return tuple(one.made() for one in self.changes)
