"""Datadog's HTTP API: get, pages, put, patch, delete, post; what happens to a call is in `api_calls`."""

import random
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from datadog_assets.api.call import Call
from datadog_assets.api.calls import Caller
from datadog_assets.api.connection import Connection, Limits
from datadog_assets.api.errors import ApiError
from datadog_assets.environment import Access
from datadog_assets.resource import Json

MOST_PAGES = 10_000
"""A list that is longer has no end: Datadog's pages hold up to 1,000, and no organization has so many."""


class Api:
    """Datadog's API, for one call at a time. A call that fails raises an ApiError.

    Args:
        access: where it is, and the keys.
        tell: is told, a line each, why a call takes longer.
        limits: of each call.
        sleep: waits so many seconds.
        jitter: gives a number from 0 up to 1, each time another.
        clock: gives seconds that only grow.

    Raises:
        WrongEnvironment: a proxy or a certificate cannot be used.
    """

    def __init__(
        self,
        access: Access,
        *,
        tell: Callable[[str], None],
        limits: Limits = Limits(),  # noqa: B008 - frozen
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = Connection(access, limits, clock)
        self._caller = Caller(self._connection, limits, tell=tell, sleep=sleep, jitter=jitter, clock=clock)

    @property
    def url(self) -> str:
        """Where Datadog's API is: scheme and host."""
        return self._connection.access.api_url

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, *, permission: str, params: Mapping[str, str | int] = {}) -> object:
        """Give what is there, as JSON.

        Args:
            path: from "/api/" on, with ids quoted.
            permission: that the call needs, by Datadog's name for it.
            params: of the query.
        """
        return self._caller.carry_out(Call("GET", path, permission, params))

    def pages(
        self,
        path: str,
        *,
        permission: str,
        params: Mapping[str, str | int] = {},
        size: tuple[str, int],
        number: str = "page",
        pick: Callable[[object], list[Json]],
    ) -> list[Json]:
        """Give a list that comes in pages, all of it: a page that cannot be had is an error.

        Args:
            path: as for `get`.
            permission: as for `get`.
            params: of every page's query, besides those below.
            size: the parameter that tells how many entries a page holds, and how many.
            number: the parameter that tells the page, from 0 on.
            pick: gives the entries of one answer; raises ValueError, TypeError or LookupError if it is of
                another shape.
        """
        found: list[Json] = []
        before: list[Json] = []
        for page in range(MOST_PAGES):
            call = Call("GET", path, permission, {**params, size[0]: size[1], number: page})
            entries = _picked(call, pick, self._caller.carry_out(call))
            if page and entries and entries == before:
                raise ApiError(call.name, f"gives page {page - 1} again as page {page}: the list has no end.")
            found += entries
            if len(entries) < size[1]:
                return found
            before = entries
        raise ApiError(f"GET {path}", f"gives more than {MOST_PAGES} pages: the list has no end.")

    def put(self, path: str, body: Json, *, permission: str) -> object:
        """Replace what is there; gives the answer as JSON."""
        return self._caller.carry_out(Call("PUT", path, permission, body=body))

    def patch(self, path: str, body: Json, *, permission: str) -> object:
        """Change what is there; gives the answer as JSON."""
        return self._caller.carry_out(Call("PATCH", path, permission, body=body))

    def delete(
        self,
        path: str,
        *,
        permission: str,
        params: Mapping[str, str | int] = {},
        gone: Callable[[ApiError], bool],
    ) -> None:
        """Delete what is there.

        Args:
            path: as for `get`.
            permission: as for `get`.
            params: of the query.
            gone: tells whether an error means that it was deleted before, which is fine.
        """
        try:
            self._caller.carry_out(Call("DELETE", path, permission, params))
        except ApiError as error:
            if not gone(error):
                raise

    def post(
        self, path: str, body: Json, *, permission: str, lookup: Callable[[], object | None] | None
    ) -> object:
        """Send something new; gives the answer as JSON.

        Args:
            path: as for `get`.
            body: is sent as JSON.
            permission: as for `get`.
            lookup: looks for what an attempt may have made whose answer did not come; what it gives is then
                the answer. Asked before each further attempt, and before an error is raised. None if to
                repeat the call is harmless.
        """
        return self._caller.carry_out(Call("POST", path, permission, body=body, lookup=lookup))


def _picked(call: Call, pick: Callable[[object], list[Json]], answer: object) -> list[Json]:
    try:
        return pick(answer)
    except (ValueError, TypeError, LookupError) as error:
        raise ApiError(call.name, "was answered with JSON that holds no such list.", status=200) from error
