"""What is the same about every kind of resource: its entries, what equal means, its API calls."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from datadog_assets.model import Entry
from datadog_assets.resource import Finding, Json, Live, Resource

if TYPE_CHECKING:
    from datadog_assets.api import Api


class Kind(ABC):
    """One kind.

    Attributes:
        key: its name in the YAML, and its module's: "monitors".
        word: one of it, for a person: "monitor".
        rank: kinds are made in ascending order and deleted in descending.
        has_tags: whether a resource of it can carry the managed tag, in `tags`.
        model: what an entry of the YAML may hold: the fields of Datadog's API, and our own (`id`, `ensure`).
    """

    key: ClassVar[str]
    word: ClassVar[str]
    rank: ClassVar[int]
    has_tags: ClassVar[bool]
    model: ClassVar[type[Entry]]

    @abstractmethod
    def body(self, entry: Entry) -> Json:
        """Give what the API takes for a checked entry: conveniences written out, our own fields left out."""

    @abstractmethod
    def check(self, declared: Sequence[Resource]) -> Iterable[Finding]:
        """Find what the model of one entry cannot: what concerns several, or what Datadog refuses."""

    @abstractmethod
    def canonical(self, body: Json) -> Json:
        """Give a body, declared or live, in the form in which equal ones are equal.

        What the server adds or rewrites is gone; so is what the model does not know. Never raises: a live
        body that the model does not take is compared as it is.
        """

    @abstractmethod
    def entry(self, body: Json) -> Json:
        """Give a live body as the shortest entry of the YAML that plans to no change."""

    @abstractmethod
    def list(self, api: "Api") -> list[Live]:
        """Give all that Datadog has of this kind, with list calls only."""

    @abstractmethod
    def validate(self, api: "Api", body: Json, live_id: str | None) -> None:
        """Let Datadog look at a body before anything is written, where it offers that.

        Args:
            api: Datadog.
            body: what would be sent.
            live_id: of the resource that would be updated; None for a new one.

        Raises:
            ApiError: it refuses the body.
        """

    @abstractmethod
    def create(self, api: "Api", body: Json) -> Live:
        """Make a resource; what an unanswered attempt of this call made is found, not made twice."""

    @abstractmethod
    def update(self, api: "Api", live_id: str, body: Json) -> None:
        """Replace what Datadog has by the body."""

    @abstractmethod
    def delete(self, api: "Api", live_id: str) -> None:
        """Delete a resource; one that is gone already is fine."""
