"""Java's regular expressions, where Python's differ.

https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
"""

import warnings
from collections.abc import Callable

import pytest

from datadog_assets.grok import GrokSyntaxError, compile_rules

Parse = Callable[..., dict[str, object] | None]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a++b", "aab"),
        ("(?>a|ab)b", "ab"),
        ("x(?i)ab", "xAB"),
        ("x(?i)a|b", "B"),
        ("(x(?i)a)?b", "xAb"),
        ("(?i)a(?-i)b", "Ab"),
        ("(?i:a)b", "Ab"),
        ("(?is-x)a", "A"),
        ("(?d)(?U)a", "a"),
        ("(?-s).(?s)..", "a\nb"),
        ("a.b", "a\nb"),
        (r"a\h+b", "a \t\u00a0b"),
        (r"\H\V\vc", "ab\nc"),
        (r"a[\h\v]x", "a\tx"),
        (r"[^\h]", "x"),
        (r"a\Rb", "a\r\nb"),
        (r"\Aa\z", "a"),
        (r"a\Z", "a"),
        (r"\Qa.b[\E+", "a.b[["),
        (r"\Qa.b", "a.b"),
        (r"[\Q.]\E]+", ".]"),
        (r"\p{Alpha}\p{Digit}\P{Alpha}", "a1-"),
        (r"\p{L}\p{Lu}\pN", "éA1"),
        (r"\p{IsAlphabetic}[\p{Punct}\p{Space}]", "é!"),
        (r"[^\P{Alpha}]", "a"),
        (r"\x{1F600}\x41", "\U0001f600A"),
        (r"a\e\0101\cAb", "a\x1bA\x01b"),
        (r"[\x{41}-\x{43}]", "B"),
        (r"(?<first>a)\k<first>", "aa"),
        (r"(a)\1", "aa"),
        ("[]a]+", "]a"),
        ("[^]]+", "a["),
        ("[a[bc]]+", "abc"),
        ("[a-z&&[^b]]+", "acd"),
        ("[a-z&&b-y&&[^m]]", "c"),
        ("[^a-z&&[^b]]", "b"),
        ("[^[ab]]", "c"),
        ("[^[^ab]]", "a"),
        ("[a-]+", "-a"),
        (r"[\w\s-_.]+", "a -_"),
        ("[a-zA-Z0-9-_.]+", "a-_"),
        ("[a~~b||c-]+", "~|-"),
        (r"[\[\]]+", "[]"),
        (r"[\d-]+", "1-"),
        (r"[&&a]x|a", "a"),
        (r"(?<!x)a(?<=a)(?=b)(?!c)b", "ab"),
        (r"\/\<\-\_?", "/<-"),
        (r"a{2}b{1,}", "aab"),
        (r"(?x) a \  b", "a b"),
    ],
)
def test_a_pattern_means_what_it_means_in_java(parse: Parse, pattern: str, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse(pattern.replace("%", r"\%"), text) is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a++a", "aaa"),
        ("x(?i)a|b", "X"),
        ("(x(?i)a)?b", "xaB"),
        ("a(?-s).b", "a\nb"),
        (r"a\Hb", "a b"),
        (r"a[^\h]b", "a b"),
        ("[a-z&&[^b]]", "b"),
        ("[^[ab]]", "a"),
        ("[^a-z&&[^b]]", "a"),
        (r"\w", "é"),
        (r"\d", "٣"),
        ("(?i)é", "É"),
        (r"\P{Alpha}", "a"),
    ],
)
def test_a_pattern_matches_no_more_than_in_java(parse: Parse, pattern: str, text: str) -> None:
    assert parse(pattern, text) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "a(", "(?<1>a)", "(?&a)", r"\k<none>", r"\p{Klingon}", r"\p", r"\x{FFFFFFF}", r"\x{110000}", "[a", "[a&&", "[z-a]",
        "a{99999999999999999999}", "a\\", r"\i", "*a", r"[\Qa",
    ],
)  # fmt: skip
def test_what_python_cannot_do_is_refused(pattern: str) -> None:
    with pytest.raises(GrokSyntaxError):
        compile_rules(f"rule {pattern}")


def test_a_named_group_is_an_attribute(parse: Parse) -> None:
    assert parse(r"(?<field>\w+) (?<nested.name>\w+)", "a b") == {"field": "a", "nested.name": "b"}


def test_groups_of_one_name_may_stand_in_alternatives(parse: Parse) -> None:
    assert parse("(?<a>x)|(?<a>y)", "y") == {"a": "y"}


def test_flags_in_a_regex_end_with_it(parse: Parse) -> None:
    assert parse('%{regex("(?i)ab"):a}c', "ABc") == {"a": "ABc"[:2]}
    assert parse('%{regex("(?i)ab"):a}c', "ABC") is None


def test_flags_in_a_rule_hold_for_its_references(parse: Parse) -> None:
    assert parse('(?i)%{regex("ab"):a}', "AB") == {"a": "AB"}
    assert parse("(?-s)%{data:a} (?s)%{data:a}", "abc d\ne") == {"a": ["abc", "d\ne"]}
    assert parse("(?s)(?-s)%{data:a}", "a\nb") is None


def test_a_reference_may_be_repeated(parse: Parse) -> None:
    assert parse(r"(%{integer:a},?)+", "1,2,3") == {"a": 3}
    assert parse(r"%{word:a}+\s+%{regex(" + '"[ab]|c"' + "):b}?", "x  ") is None


def test_line_breaks_may_be_written_as_escapes(parse: Parse) -> None:
    assert parse(r"%{data:line1}\n%{data:line2}", "a\nb") == {"line1": "a", "line2": "b"}


def test_a_key_that_is_found_replaces_a_group_of_its_name(parse: Parse) -> None:
    rule = '%{regex("(?<msg>.*)")::keyvalue}'
    assert parse(rule, 'msg="a b" c=d') == {"msg": "a b", "c": "d"}
    assert parse(rule, "a b") == {"msg": "a b"}
