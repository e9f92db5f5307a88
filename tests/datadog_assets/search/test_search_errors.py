"""What is no query is refused, with the place."""

import pytest

from datadog_assets.search import QuerySyntaxError, parse


def refused(query: str) -> QuerySyntaxError:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(query)
    return caught.value


@pytest.mark.parametrize(
    ("query", "caret", "reason"),
    [
        ("(a b", "^", "this parenthesis is never closed"),
        ("a (b (c)", "  ^", "this parenthesis is never closed"),
        ("a) b", " ^", "this parenthesis closes none"),
        (")", "^", "this parenthesis closes none"),
        ("@a:(b", "   ^", "this parenthesis is never closed"),
        ("a ()", "  ^", "there is nothing within these parentheses"),
        ("@a:( )", "   ^", "there is nothing within these parentheses"),
        ("a AND", "     ^", "something to search for is missing at the end"),
        ("a OR ", "     ^", "something to search for is missing at the end"),
        ("a -", "   ^", "something to search for is missing at the end"),
        ("NOT", "   ^", "something to search for is missing at the end"),
        ("OR a", "^", "something to search for is missing before this"),
        ("a AND OR b", "      ^", "something to search for is missing before this"),
        ("a && && b", "     ^", "something to search for is missing before this"),
        ("(a OR)", "     ^", "something to search for is missing before this"),
        ("-AND", " ^", "something to search for is missing before this"),
        ("@a:", "   ^", "a value is missing after @a:"),
        ("@a: OR b", "    ^", "a value is missing after @a:"),
        ("@a:AND", "   ^", "a value is missing after @a:"),
        ("@a: b:c", "    ^", "a value is missing after @a:"),
        ("@a:)", "   ^", "a value is missing after @a:"),
        ("@a: -b", "    ^", "a value is missing after @a:"),
        (":b", "^", "a name is missing before the colon"),
        ("a :b", "  ^", "a name is missing before the colon"),
        ("@:b", " ^", "a name is missing before the colon"),
        ('a "b c', "  ^", "this quote is never closed"),
        ('@a:"b\\"', "   ^", "this quote is never closed"),
        ('@a:["1 TO 9]', "    ^", "this quote is never closed"),
        ("@n:[1 9]", "      ^", "a range needs TO between its bounds: [1 TO 9]"),
        ("@n:[1]", "     ^", "a range needs TO between its bounds: [1 TO 9]"),
        ("@n:[1 to 9]", "      ^", "a range needs TO between its bounds: [1 TO 9]"),
        ("@n:[TO 9]", "    ^", "a range needs a lower bound: [1 TO 9]"),
        ("@n:[]", "    ^", "a range needs a lower bound: [1 TO 9]"),
        ("@n:[1 TO ]", "         ^", "a range needs an upper bound: [1 TO 9]"),
        ("@n:[1 TO TO]", "         ^", "a range needs an upper bound: [1 TO 9]"),
        ("@n:[1 TO 9", "   ^", "this range is never closed"),
        ("@n:[1 TO 9)", "          ^", "a range ends with ] or } after its upper bound"),
        ("@n:[1 TO 9 a]", "           ^", "a range ends with ] or } after its upper bound"),
        ("@n:>", "    ^", "a value is missing after >"),
        ("@n:<= )", "      ^", "a value is missing after <="),
        ("*:[1 TO 9]", "  ^", "full-text search looks for words, not for a range"),
        ("CIDR(@ip)", "        ^", "CIDR needs a block after the attribute: CIDR(@ip, 10.0.0.0/8)"),
        ("CIDR()", "     ^", "CIDR needs an attribute first: CIDR(@ip, 10.0.0.0/8)"),
        ("CIDR(@, 10.0.0.0/8)", "     ^", "CIDR needs an attribute first: CIDR(@ip, 10.0.0.0/8)"),
        ("CIDR(@ip, 10.0.0.0/33)", "          ^", "this is no CIDR block, such as 10.0.0.0/8"),
        ("CIDR(@ip, ::/0, 10.0/8)", "                ^", "this is no CIDR block, such as 10.0.0.0/8"),
        ("CIDR(@ip, 10.0.0.0/255.0.0.0)", "          ^", "this is no CIDR block, such as 10.0.0.0/8"),
        ("CIDR(@ip, )", "          ^", "this is no CIDR block, such as 10.0.0.0/8"),
        ("CIDR(@ip 10.0.0.0/8)", "         ^", "what CIDR is given is separated by commas"),
        ("CIDR(@ip, 10.0.0.0/8", "    ^", "this parenthesis is never closed"),
        ("cidr(@ip, 10.0.0.0/8)", "    ^", "a word cannot stand right before a parenthesis; only CIDR( is a function"),
        ("_exists_:*", "         ^", "a name has to follow, such as @error.kind"),
        ("#n:1", "^", "a calculated field is known to Datadog alone; it cannot be searched here"),
        ("a\\", " ^", "a backslash must stand before another sign"),
        ("@a:b:c", "    ^", ": has a meaning of its own here: write \\:, or put the text in double quotes"),
        ("!a", "^", "! has a meaning of its own here: write \\!, or put the text in double quotes"),
        ("@a:!b", "   ^", "! has a meaning of its own here: write \\!, or put the text in double quotes"),
        ("a>b", " ^", "> has a meaning of its own here: write \\>, or put the text in double quotes"),
        ("!a:b", "^", "! has a meaning of its own here: write \\!, or put the text in double quotes"),
        ("+a", "^", "+ has a meaning of its own here: write \\+, or put the text in double quotes"),
        ("@a:=b", "   ^", "= has a meaning of its own here: write \\=, or put the text in double quotes"),
        ('a"b"', " ^", '" has a meaning of its own here: write \\", or put the text in double quotes'),
    ],
)  # fmt: skip
def test_the_caret_stands_under_the_place(query: str, caret: str, reason: str) -> None:
    error = refused(query)
    assert str(error) == f"{reason}\n{query}\n{caret}"
    assert (error.reason, error.query, error.position) == (reason, query, len(caret) - 1)


def test_a_query_of_several_lines_is_shown_in_one_so_that_the_caret_fits() -> None:
    assert (
        str(refused("a\n\tOR OR b")) == "something to search for is missing before this\na  OR OR b\n      ^"
    )


def test_the_error_is_a_value_error() -> None:
    assert isinstance(refused("("), ValueError)


@pytest.mark.parametrize("opened", ["(", "-", "NOT ", "-(", "@a:(", "(NOT "])
def test_what_is_nested_too_deeply_is_refused_before_it_is_too_deep_for_python(opened: str) -> None:
    error = refused(opened * 10_000 + "a" + ")" * 10_000)
    assert error.reason == "more than 100 parentheses and negations stand within each other"


def test_a_hundred_parentheses_are_not_too_many() -> None:
    assert parse("(" * 100 + "a" + ")" * 100) == parse("a")


def test_parentheses_side_by_side_are_not_counted() -> None:
    assert parse("(a) " * 10_000).matches({"message": "a"})
