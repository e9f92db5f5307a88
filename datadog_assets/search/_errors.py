"""What is wrong with a query."""


class QuerySyntaxError(ValueError):
    """A text is no query.

    As text: the reason, the query, and a sign under the place, a line each.

    Attributes:
        reason: what is wrong, and often what to write instead.
        query: the whole text.
        position: of the first character that is wrong, from 0; the length of the query if its end is.
    """

    def __init__(self, reason: str, query: str, position: int) -> None:
        super().__init__(reason, query, position)
        self.reason = reason
        self.query = query
        self.position = position

    def __str__(self) -> str:
        shown = "".join(sign if sign.isprintable() else " " for sign in self.query)
        return f"{self.reason}\n{shown}\n{' ' * self.position}^"
