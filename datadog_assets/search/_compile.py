"""Makes one function of a tree.

https://docs.datadoghq.com/logs/explorer/search_syntax/

Where the page is silent:

- The case of a value counts in tags and reserved words, as it does in attributes; in a message it does not.
- `service`, `host`, ... are what the log itself has. A tag `service:x` is not found by them.
- Null, `{}` and `[]` are no values: Datadog keeps none. An empty text is one, and an object is.
- A number is equal to a text of the query that reads as this number, and wildcards see its decimal form.
- A word without a name is sought in the message only, not in `@error.message`, `@error.stack` or `@title`.
"""

from collections.abc import Callable, Mapping, Sequence

from datadog_assets.search._text import whole, within, words
from datadog_assets.search._tree import (
    And,
    Anywhere,
    Attribute,
    Blocks,
    Everything,
    Field,
    Literal,
    Message,
    Node,
    Not,
    Or,
    Pattern,
    Present,
    Range,
    Reserved,
    Tag,
    Tags,
    Term,
    Test,
)
from datadog_assets.search._values import (
    ValueTest,
    as_text,
    between,
    equal_to,
    every,
    found,
    in_blocks,
    is_present,
    steps,
)

Log = Mapping[str, object]
LogTest = Callable[[Log], bool]

_SEARCHED = ("message", "service", "source", "status", "host", "trace_id", "span_id", "attributes")
"""Where full-text search looks: "all log attributes, including the log message"."""


def compiled(node: Node) -> LogTest:
    """Make a function that tells whether a log matches."""
    match node:
        case Everything():
            return lambda _: True
        case Term(field, test):
            return _term(field, _value_test(field, test))
        case Not(inner):
            return _negated(compiled(inner))
        case And(nodes):
            return _all(tuple(map(compiled, nodes)))
        case Or(nodes):
            return _any(tuple(map(compiled, nodes)))


def _negated(test: LogTest) -> LogTest:
    return lambda log: not test(log)


def _all(tests: tuple[LogTest, ...]) -> LogTest:
    def test(log: Log) -> bool:
        for one in tests:  # noqa: SIM110 - a generator would take most of the time
            if not one(log):
                return False
        return True

    return test


def _any(tests: tuple[LogTest, ...]) -> LogTest:
    def test(log: Log) -> bool:
        for one in tests:  # noqa: SIM110 - as above
            if one(log):
                return True
        return False

    return test


def _value_test(field: Field, test: Test) -> ValueTest:
    is_words = isinstance(field, Message | Anywhere)
    match test:
        case Literal(text):
            return as_text(words(text)) if is_words else equal_to(text)
        case Pattern(text):
            return as_text(within(text) if is_words else whole(text))
        case Range():
            return between(test)
        case Blocks():
            return in_blocks(test)
        case Present():
            return is_present


def _term(field: Field, holds: ValueTest) -> LogTest:
    match field:
        case Attribute(path):
            return _attribute(path, holds)
        case Reserved(name):
            return _at(name, holds)
        case Message():
            return _at("message", holds)
        case Tag(key):
            return _tag(f"{key}:", holds)
        case Tags():
            return lambda log: any(holds(tag) for tag in _tags(log) if isinstance(tag, str))
        case Anywhere():
            return lambda log: any(holds(one) for name in _SEARCHED for one in every(log.get(name)))


def _attribute(path: tuple[str, ...], holds: ValueTest) -> LogTest:
    *parents, last = path
    ways = steps(path)

    def test(log: Log) -> bool:
        attributes = log.get("attributes")
        holder = attributes
        for key in parents:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and last in holder:
            value = holder[last]
            if not isinstance(value, list) and holds(value):
                return True
        return any(map(holds, found(attributes, ways)))

    return test


def _at(name: str, holds: ValueTest) -> LogTest:
    def test(log: Log) -> bool:
        value = log.get(name)
        return any(map(holds, found(value, ()))) if isinstance(value, list) else holds(value)

    return test


def _tag(start: str, holds: ValueTest) -> LogTest:
    length = len(start)

    def test(log: Log) -> bool:
        for tag in _tags(log):
            if isinstance(tag, str) and tag.startswith(start) and holds(tag[length:]):
                return True
        return False

    return test


def _tags(log: Log) -> Sequence[object]:
    tags = log.get("tags")
    return tags if isinstance(tags, list) else ()
