"""What a plan is made of: changes, what keeps it from being applied, and what is worth knowing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from datadog_assets.plan.difference import Difference
from datadog_assets.resource import Json, Mark, Place


class Verb(StrEnum):
    """What a change does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user allowed on the command line.

    Attributes:
        adopt: resources that are not managed may be updated, and deleted, too.
        prune: managed resources that are not declared are deleted.
        force: prune even if that is much of what is managed.
        destroy: delete what is declared, instead of making it.
    """

    adopt: bool = False
    prune: bool = False
    force: bool = False
    destroy: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One step of an apply.

    Attributes:
        verb: what it does.
        kind: the kind's key.
        name: as declared; of a resource that is not declared, as in Datadog.
        live_id: of the live resource. None for a create, and for the move of a pipeline that is created
            earlier in the same plan.
        body: complete, as it is sent, with the managed tag; None unless something is created or updated.
        before: the live body as Datadog returned it; None for a create and a move.
        differences: between the canonical forms, live to desired; for a create from `{}`, for a delete to
            `{}`; empty for a move.
        reason: for a person, why or how: "--prune: no longer declared"; may be empty.
        mark: where it is declared, if it is.
        place: for a move: directly on that side of the pipeline of that name.
        anchor_id: for a move: the id of the pipeline that `place` names; None if it is created earlier in
            the same plan.
        effects: what it changes for rehearsals, a line each: "3 of 20 logs go from info to error".
    """

    verb: Verb
    kind: str
    name: str
    live_id: str | None = None
    body: Json | None = None
    before: Json | None = None
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    mark: Mark | None = field(default=None, compare=False)
    place: Place | None = None
    anchor_id: str | None = None
    effects: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a resource that is worth knowing.

    Attributes:
        kind: the kind's key.
        name: the resource's; None for something about the whole kind.
        text: the end of a sentence line that begins with the resource.
        mark: where the resource is declared, if it is.
    """

    kind: str
    name: str | None
    text: str
    mark: Mark | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Problem(Note):
    """As a note; but with it the plan must not be applied."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply would do.

    Attributes:
        changes: in the order in which they are carried out.
        problems: while there is one, nothing is applied.
        notes: what is left as it is, and why.
    """

    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def counts(self) -> Mapping[Verb, int]:
        """How many changes of each verb; 0 is given too."""
        counted = Counter(change.verb for change in self.changes)
        return {verb: counted[verb] for verb in Verb}
