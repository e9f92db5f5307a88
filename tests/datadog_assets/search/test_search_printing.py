"""A query as text says the same."""

import pytest

from datadog_assets.search import parse


@pytest.mark.parametrize(
    ("query", "printed"),
    [
        ("", "*"),
        ("  ", "*"),
        ("*", "*"),
        ("*:*", "*"),
        ("((a))", "a"),
        ("a AND b", "a b"),
        ("a && b || c", "a b OR c"),
        ("(a OR b) c", "(a OR b) c"),
        ("(a b) OR c", "a b OR c"),
        ("a (b c)", "a (b c)"),
        ("NOT a", "-a"),
        ("- a", "-a"),
        ("NOT (a b)", "-(a b)"),
        ("NOT -a", "--a"),
        ("service:(a -b)", "service:a -service:b"),
        ("@a:(x OR y)", "@a:x OR @a:y"),
        ("message:hello", "hello"),
        ("message:*", "message:*"),
        ('"hello"', "hello"),
        (r"hello\ world", '"hello world"'),
        ('"AND"', '"AND"'),
        ('"-a"', '"-a"'),
        ('""', '""'),
        (r'"say \"hi\" \\"', r'"say \"hi\" \\"'),
        ("“hello world”", '"hello world"'),
        (r"@a:x\*y*?", r"@a:x\*y*?"),
        ("@a:**", "@a:*"),
        (r"@a\:b.c\ d:x", r"@a\:b.c\ d:x"),
        (r"@\"a.b\".c:x", '@"a.b".c:x'),
        ('@"a.b".c:x', '@"a.b".c:x'),
        (r"\-a:x", r"\-a:x"),
        ("@n:[1 TO 9]", "@n:[1 TO 9]"),
        ("@n:{1 TO 9]", "@n:{1 TO 9]"),
        ("@n:[ -1 TO 9}", "@n:[-1 TO 9}"),
        ("@n:[1 TO *]", "@n:>=1"),
        ("@n:{* TO 9}", "@n:<9"),
        ("@n:[* TO *]", "@n:*"),
        ('@n:["*" TO "TO"]', '@n:["*" TO "TO"]'),
        ("@n:> 1", "@n:>1"),
        ("_missing_:@a.b", "-@a.b:*"),
        ("_exists_:a", "a:* OR tags:a"),
        ("CIDR( @ip,10.0.0.0/8 ,::1 )", "CIDR(@ip, 10.0.0.0/8, ::1)"),
        (r"CIDR(@a\,b, ::1/128)", r"CIDR(@a\,b, ::1/128)"),
        ('*:"a b"', '*:"a b"'),
    ],
)
def test_a_query_is_printed_as(query: str, printed: str) -> None:
    assert str(parse(query)) == printed
    assert parse(printed) == parse(query)


def test_queries_that_say_the_same_are_equal() -> None:
    assert parse("a AND (b)") == parse("a b")
    assert parse("a b") != parse("b a")
