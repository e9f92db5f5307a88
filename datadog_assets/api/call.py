"""One call to Datadog's API, and how one attempt of it failed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from datadog_assets.api.connection import Answer
from datadog_assets.api.errors import ApiError
from datadog_assets.api.messages import one_line
from datadog_assets.api.waiting import asked_seconds
from datadog_assets.resource import Json


@dataclass(frozen=True, slots=True)
class Call:
    """One call, however often it is sent; the attributes are those of the methods of `Api`."""

    method: str
    path: str
    permission: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Json | None = None
    lookup: Callable[[], object | None] | None = None

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def changes_something(self) -> bool:
        """Whether a person has to know that it may have been carried out."""
        return self.method in {"PUT", "PATCH", "DELETE"} or self.lookup is not None


class Failed(Exception):
    """One attempt failed.

    Attributes:
        error: to be raised if no other follows.
        is_passing: another one may succeed.
        is_unsure: Datadog may have carried the call out all the same.
        asked: seconds that Datadog asks to wait; None if it does not.
        limit: the rate limit that is used up, by Datadog's name for it, as " (rate limit x)"; may be empty.
    """

    def __init__(
        self,
        error: ApiError,
        *,
        is_passing: bool = False,
        is_unsure: bool = False,
        answer: Answer | None = None,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.is_passing = is_passing
        self.is_unsure = is_unsure
        self.asked: float | None = None
        self.limit = ""
        if answer and is_passing:
            self.asked = asked_seconds(answer.status, answer.headers, datetime.now(UTC))
            name = one_line(answer.headers.get("x-ratelimit-name", ""))
            self.limit = f" (rate limit {name})" if name and answer.status == 429 else ""
