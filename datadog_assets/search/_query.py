"""A query, ready to be asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from datadog_assets.search._compile import LogTest, compiled
from datadog_assets.search._parser import tree as read
from datadog_assets.search._printer import printed
from datadog_assets.search._tree import And, Attribute, Everything, Node, Not, Or, Term


@dataclass(frozen=True, slots=True)
class Query:
    """A query of Datadog's log search; as text, one that says the same.

    Attributes:
        tree: what it says. Queries that say it alike are equal.
    """

    tree: Node
    _test: LogTest = field(repr=False, compare=False)

    def matches(self, log: Mapping[str, object]) -> bool:
        """Tell whether the query finds a log; whatever the log holds, nothing is raised."""
        return self._test(log)

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes that it looks at by name, as dotted paths."""
        return frozenset(_attributes(self.tree))

    def __str__(self) -> str:
        return printed(self.tree)


def parse(query: str) -> Query:
    """Read a query.

    Raises:
        QuerySyntaxError: it is none; tells what is wrong where.
    """
    tree = read(query)
    return Query(tree, compiled(tree))


def _attributes(node: Node) -> Iterator[str]:
    match node:
        case Everything():
            return
        case Term(field, _):
            if isinstance(field, Attribute):
                yield ".".join(field.path)
        case Not(inner):
            yield from _attributes(inner)
        case And(nodes) | Or(nodes):
            for one in nodes:
                yield from _attributes(one)
