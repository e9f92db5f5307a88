"""What holds for every query and every log."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.search import QuerySyntaxError, parse

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["a", "b c", "10", "10.0.0.1", "true", "a.b", "hello world", "x*y"])
)
KEYS = st.sampled_from(["a", "b", "a.b", "b c", "c:d", "env", "service", "message", ""]) | st.text(max_size=3)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
LOG_KEYS = [
    "message", "status", "service", "host", "source", "tags", "attributes", "timestamp", "trace_id", "span_id",
]  # fmt: skip
WELL_FORMED = st.fixed_dictionaries(
    {},
    optional={
        "message": st.text(max_size=20) | st.sampled_from(["hello a", "b c", "10 x*y"]),
        "service": st.sampled_from(["a", "b c", "10"]),
        "tags": st.lists(st.sampled_from(["env:a", "a", "b c", "env:b c", "env:10"])),
        "attributes": st.dictionaries(KEYS, VALUES, max_size=4),
    },
)
LOGS = st.dictionaries(st.sampled_from(LOG_KEYS), VALUES) | WELL_FORMED

TEXTS = st.text(min_size=1, max_size=6) | st.sampled_from(
    [
        "a",
        "b c",
        "AND",
        "OR",
        "TO",
        "-a",
        "*",
        "?",
        "x*y",
        '"',
        "\\",
        "@a",
        "10",
        "-5",
        "a:b",
        "(",
        "&&",
        "#",
        "CIDR",
    ]
)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _backslashed(text: str) -> str:
    return "".join(f"\\{sign}" for sign in text)


WRITTEN = (
    TEXTS.map(_quoted) | TEXTS.map(_backslashed) | st.sampled_from(["a", "a*", "*a", "a?b", "*", "10", "b"])
)
NAMES = (
    st.sampled_from(
        [
            "",
            "@a:",
            "@a.b:",
            "@b\\ c:",
            "@c\\:d:",
            '@"a.b".c:',
            "service:",
            "tags:",
            "env:",
            "message:",
            "*:",
            "\\-x:",
        ]
    )
    | TEXTS.map(lambda text: f"@{_quoted(text)}:")
    | TEXTS.map(lambda text: f"{_quoted(text)}:")
)
BOUNDS = TEXTS.map(_quoted) | st.sampled_from(["1", "-5", "*", "1.5e3", "abc", "2021-01-01T00:00:00Z"])
RANGES = st.builds(
    "{}{}{} TO {}{}".format,
    st.sampled_from(["@a:", "service:", "env:", ""]),
    st.sampled_from("[{"),
    BOUNDS,
    BOUNDS,
    st.sampled_from("]}"),
) | st.builds("@a:{}{}".format, st.sampled_from([">", "<", ">=", "<="]), BOUNDS)
TERMS = (
    st.builds("{}{}".format, NAMES, WRITTEN)
    | RANGES
    | st.sampled_from(["CIDR(@a, 10.0.0.0/8)", "_exists_:a", "_missing_:@a", "@a:(b OR -10)"])
)
QUERIES = st.recursive(
    TERMS,
    lambda inner: (
        st.builds("{} {}".format, inner, inner)
        | st.builds("{} OR {}".format, inner, inner)
        | st.builds("({})".format, inner)
        | st.builds("-({})".format, inner)
        | st.builds("NOT {}".format, inner)
    ),
    max_leaves=8,
)
SCRAPS = st.lists(
    st.sampled_from(
        ["a", " ", "AND", "OR", "NOT", "(", ")", "-", '"', ":", "@", "@a:", "*", "?", "\\", "[", "]", "{", "}", "TO",
         ">", "<", "=", "!", "CIDR(", ",", "10.0.0.0/8", "_exists_:", "&&", "||", "“", "#", "+", ".", "1", "\n"]
    )
).map("".join)  # fmt: skip


@given(QUERIES)
def test_what_is_printed_says_what_was_read(query: str) -> None:
    first = parse(query)
    again = parse(str(first))
    assert again.tree == first.tree
    assert str(again) == str(first)


@given(QUERIES, LOGS)
def test_a_negation_finds_what_the_query_does_not(query: str, log: dict[str, Any]) -> None:
    assert parse(f"-({query})").matches(log) is not parse(query).matches(log)


@given(QUERIES, QUERIES, LOGS)
def test_and_and_or_are_what_they_say(one: str, other: str, log: dict[str, Any]) -> None:
    found = parse(one).matches(log), parse(other).matches(log)
    assert parse(f"({one}) ({other})").matches(log) is all(found)
    assert parse(f"({one}) AND ({other})").matches(log) is all(found)
    assert parse(f"({one}) OR ({other})").matches(log) is any(found)


def _error_of(text: str) -> QuerySyntaxError | None:
    try:
        parse(text)
    except QuerySyntaxError as error:
        return error
    return None


@given(st.text() | SCRAPS)
def test_any_text_is_a_query_or_a_syntax_error(text: str) -> None:
    error = _error_of(text)
    if error is None:
        assert parse(str(parse(text))) == parse(text)
    else:
        assert 0 <= error.position <= len(text)
        assert error.query == text
        assert str(error).split("\n")[-1] == " " * error.position + "^"


@given(SCRAPS | QUERIES, LOGS)
def test_no_log_makes_a_query_fail(text: str, log: dict[str, Any]) -> None:
    if _error_of(text) is None:
        assert parse(text).matches(log) in (True, False)


@given(st.text(), st.text(min_size=1).filter(lambda text: "." not in text and '"' not in text))
def test_a_quoted_value_finds_exactly_that_text(value: str, key: str) -> None:
    query = parse(f"@{_backslashed(key)}:{_quoted(value)}")
    assert query.matches({"attributes": {key: value}})
    assert not query.matches({"attributes": {key: value + "x"}})


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_a_number_or_boolean_is_found_as_json_writes_it(value: float) -> None:
    assert parse(f"@a:{json.dumps(value)}").matches({"attributes": {"a": [value]}})


@given(st.integers(), st.integers(), st.integers())
def test_a_range_of_integers(low: int, high: int, value: int) -> None:
    log = {"attributes": {"a": value}}
    assert parse(f"@a:[{low} TO {high}]").matches(log) is (low <= value <= high)
    assert parse(f"@a:{{{low} TO {high}}}").matches(log) is (low < value < high)
    assert parse(f"@a:>{low} @a:<={high}").matches(log) is (low < value <= high)
