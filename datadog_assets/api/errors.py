"""What can go wrong with a call to Datadog's API, as one tree:

ApiError          Datadog refused the call, or gave an answer that cannot be used
├── Unreachable   no connection came about, or none that brought an answer
├── GaveUp        answered, but only with "later", for as long as one call may take
├── WrongSite     something answered that is not Datadog's API
├── WrongKey      the API key or the application key is not known there
└── Forbidden     both keys are known, and may not do this
"""  # noqa: D415 - ends with a drawing

from typing import Self

from datadog_assets.errors import AssetsError


class ApiError(AssetsError):
    """A call that failed; the text is one line without any key in it.

    Attributes:
        request: method and path, such as "POST /api/v1/monitor".
        status: of the last answer; None if there was none.
        messages: Datadog's own words, each one line; may be none.

    Args:
        request: as the attribute.
        told: what happened to it, as the rest of a sentence: "was answered 404: Monitor not found".
        status: as the attribute.
        messages: as the attribute.
    """

    def __init__(
        self, request: str, told: str, *, status: int | None = None, messages: tuple[str, ...] = ()
    ) -> None:
        super().__init__(f"{request} {told}")
        self.request = request
        self.status = status
        self.messages = messages
        self._told = told

    def adding(self, sentence: str) -> Self:
        """Give the same error with a sentence more."""
        told = self._told if self._told.endswith((".", "!", "?")) else f"{self._told}."
        return type(self)(self.request, f"{told} {sentence}", status=self.status, messages=self.messages)


class Unreachable(ApiError):
    """No answer came, after as many attempts as make sense."""


class GaveUp(ApiError):
    """Every attempt was answered with an error that passes by itself: a rate limit, or Datadog's trouble."""


class WrongSite(ApiError):
    """A redirect or a web page came where Datadog's API answers with JSON."""


class WrongKey(ApiError):
    """Datadog does not know the API key, or not the application key."""


class Forbidden(ApiError):
    """The application key may not do this; names the permission that it needs."""
