"""https://docs.datadoghq.com/logs/log_configuration/parsing/?tab=matchers."""

from collections.abc import Callable

import pytest

Parse = Callable[..., dict[str, object] | None]


@pytest.mark.parametrize(
    ("matcher", "text", "value"),
    [
        ("number", "-1.2", -1.2),
        ("number", "12", 12.0),
        ("number", ".5", 0.5),
        ("number", "5.", 5.0),
        ("numberStr", "-1.20", "-1.20"),
        ("numberExt", "-1234e+3", -1234000.0),
        ("numberExt", ".1e+3", 100.0),
        ("numberExtStr", "1.5E3", "1.5E3"),
        ("integer", "-2", -2),
        ("integer", "9007199254740993", 9007199254740993),
        ("integerStr", "007", "007"),
        ("integerExt", "+2", 2),
        ("integerExt", "-1e+2", -100),
        ("integerExtStr", "1e3", "1e3"),
        ("notSpace", "a-b/c", "a-b/c"),
        ("word", "a_1", "a_1"),
        ("boolean", "TRUE", True),
        ("boolean", "false", False),
        ('boolean("yes", "no")', "yes", True),
        ('boolean("yes", "no")', "no", False),
        ("doubleQuotedString", '"a b"', '"a b"'),
        ("singleQuotedString", "'a b'", "'a b'"),
        ("quotedString", "'a b'", "'a b'"),
        ("quotedString", '"a b"', '"a b"'),
        ("uuid", "8c1e2d8f-a03b-47ea-aef8-5aeab99ea697", "8c1e2d8f-a03b-47ea-aef8-5aeab99ea697"),
        ("mac", "aa:BB:cc:dd:ee:01", "aa:BB:cc:dd:ee:01"),
        ("mac", "aa-bb-cc-dd-ee-01", "aa-bb-cc-dd-ee-01"),
        ("mac", "aabb.ccdd.ee01", "aabb.ccdd.ee01"),
        ("ipv4", "255.0.10.1", "255.0.10.1"),
        ("ipv6", "::", "::"),
        ("ipv6", "::1", "::1"),
        ("ipv6", "fe80::1%eth0", "fe80::1%eth0"),
        ("ipv6", "2001:db8:0:0:0:ff00:42:8329", "2001:db8:0:0:0:ff00:42:8329"),
        ("ipv6", "2001:db8::ff00:42:8329", "2001:db8::ff00:42:8329"),
        ("ipv6", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7::"),
        ("ipv6", "::ffff:10.0.0.1", "::ffff:10.0.0.1"),
        ("ip", "10.0.0.1", "10.0.0.1"),
        ("ip", "::1", "::1"),
        ("hostname", "a-b.example_1.com", "a-b.example_1.com"),
        ("ipOrHost", "example.com", "example.com"),
        ("ipOrHost", "2001:db8::1", "2001:db8::1"),
        ("port", "65535", "65535"),
        ("data", "a\nb c", "a\nb c"),
        ("greedyData", "a\nb c", "a\nb c"),
        ("httpdate", "06/Mar/2013:01:36:30 +0900", 1362501390000),
        ('regex("a+")', "aaa", "aaa"),
        ("path", "/var/log/x.log", "/var/log/x.log"),
        ("path", r"C:\temp\x", r"C:\temp\x"),
        ("uri", "https://u:p@example.com:80/a/b?c=d", "https://u:p@example.com:80/a/b?c=d"),
        ("hostPort", "example.com:80", "example.com:80"),
    ],
)
def test_a_matcher_matches_and_gives_a_value(parse: Parse, matcher: str, text: str, value: object) -> None:
    found = parse(f"%{{{matcher}:a}}", text)
    assert found == {"a": value}
    assert type((found or {})["a"]) is type(value)


@pytest.mark.parametrize(
    ("matcher", "text"),
    [
        ("number", "1e3"),
        ("number", "x"),
        ("integer", "1.5"),
        ("integerExt", "1234.1e+5"),
        ("notSpace", "a b"),
        ("word", "a-b"),
        ("word", "é"),
        ("boolean", "yes"),
        ("doubleQuotedString", "'a'"),
        ("uuid", "8c1e2d8f"),
        ("mac", "aa:bb"),
        ("ipv4", "256.1.1.1"),
        ("ipv6", "1::2::3"),
        ("ipv6", "1:2:3:4:5:6:7:8:9"),
        ("ip", "example"),
        ("port", "0"),
        ("port", "100000"),
        ('regex("a+")', "ab"),
    ],
)
def test_a_matcher_does_not_match_everything(parse: Parse, matcher: str, text: str) -> None:
    assert parse(f"%{{{matcher}:a}}", text) is None


def test_data_takes_as_little_as_possible(parse: Parse) -> None:
    # the page has it equal to .*; in Datadog's own results an optional part after it gets its share
    rule = r"Reason\(%{data:reason}\)(, Failures\(%{data:failures}\))?"
    assert parse(rule, "Reason(a), Failures(b)") == {"reason": "a", "failures": "b"}


def test_a_number_that_does_not_fit_makes_no_attribute(parse: Parse) -> None:
    assert parse("%{integer:a}", "9" * 20) == {}
    assert parse("%{integerExt:a}", "1e99") == {}
    assert parse("%{numberExt:a}", "1e999") == {}


def test_backslashes_before_quotes_and_backslashes_are_taken_away(parse: Parse) -> None:
    assert parse(r'%{regex("[^\\\"]*"):a}', "x y") == {"a": "x y"}
    assert parse(r'%{regex("\\d+"):a}', "12") == {"a": "12"}
    assert parse(r'%{regex("\d+"):a}', "12") == {"a": "12"}
    assert parse(r'%{regex("\\{[a-z}]{2}"):a}', "{a}") == {"a": "{a}"}
