"""A place in a query, and what is read there whatever comes next."""

import re

from datadog_assets.search._errors import QuerySyntaxError
from datadog_assets.search._signs import PHRASE, QUOTES, unescaped

_BLANKS = re.compile(r"\s*")


class Cursor:
    """Goes through a query from left to right.

    Attributes:
        query: the whole text.
        at: where it stands.
    """

    def __init__(self, query: str) -> None:
        self.query = query
        self.at = 0

    @property
    def sign(self) -> str:
        """The sign at this place; empty at the end."""
        return self.query[self.at : self.at + 1]

    def skip_blanks(self) -> bool:
        """Go past blanks; tells whether there were any."""
        start = self.at
        if found := _BLANKS.match(self.query, start):
            self.at = found.end()
        return self.at > start

    def take(self, pattern: re.Pattern[str], end: int | None = None) -> str | None:
        """Go past what the pattern matches, and give it; None if it matches nothing here.

        Args:
            pattern: what is expected.
            end: where it ends at the latest.
        """
        found = pattern.match(self.query, self.at, len(self.query) if end is None else end)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def phrase(self) -> str | None:
        """Go past a text in quotes, and give it without them; None if there is none here.

        Raises:
            QuerySyntaxError: it has no end.
        """
        if self.sign not in QUOTES:
            return None
        phrase = self.take(PHRASE)
        if phrase is None:
            raise self.error("this quote is never closed")
        return unescaped(phrase[1:-1])

    def error(self, reason: str, at: int | None = None) -> QuerySyntaxError:
        """Make an error, of this place unless another is given."""
        return QuerySyntaxError(reason, self.query, self.at if at is None else at)
