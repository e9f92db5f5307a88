from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from datadog_assets.grok import GrokSyntaxError, compile_rules

NOW = datetime(2021, 6, 15, 12, tzinfo=UTC)
Parse = Callable[..., dict[str, object] | None]


def test_the_first_rule_that_matches_parses() -> None:
    rules = compile_rules("one %{integer:a}\ntwo %{word:b}\nthree %{word:c}")
    assert rules.parse("x", NOW) == {"b": "x"}
    assert rules.parse("1", NOW) == {"a": 1}
    assert rules.parse("x y", NOW) is None


def test_without_rules_nothing_matches() -> None:
    assert compile_rules("").parse("", NOW) is None


def test_empty_lines_and_comments_say_nothing() -> None:
    rules = compile_rules("\n# a %{b}\n\n  # more\none   %{word:a}  \r\n", "#c\n_d    x")
    assert rules.parse("x", NOW) == {"a": "x"}


def test_rules_refer_to_each_other_above_and_below() -> None:
    rules = compile_rules("one %{two} %{_three}\ntwo %{word:a}", "_three %{_four}\n_four %{integer:b}")
    assert rules.parse("x 1", NOW) == {"a": "x", "b": 1}


def test_a_reference_to_a_rule_may_extract_too(parse: Parse) -> None:
    support = "pair %{notSpace:first} %{notSpace:second:integer}"
    assert parse("%{pair:both:uppercase}", "a 1", support) == {"both": "A 1", "first": "a", "second": 1}


def test_a_rule_hides_a_matcher_of_its_name(parse: Parse) -> None:
    assert parse("%{word:a}", "12", 'word %{regex("[0-9]+")}') == {"a": "12"}


def test_a_rule_with_alternatives_is_one_thing_where_it_is_referred_to(parse: Parse) -> None:
    assert parse("x%{either}y", "xby", "either a|b") == {}


def test_blanks_around_the_text_are_not_looked_at(parse: Parse) -> None:
    assert parse("%{data:a}", "\t x y \r\n") == {"a": "x y"}


def test_the_whole_text_has_to_match(parse: Parse) -> None:
    assert parse("%{word:a}", "x y") is None


def test_blanks_within_a_reference_say_nothing(parse: Parse) -> None:
    assert parse("%{ word : a : lowercase }", "X") == {"a": "x"}


def test_filters_follow_one_another(parse: Parse) -> None:
    assert parse('%{data:a:lowercase:nullIf("x"):array(",")}', "X") == {}
    assert parse('%{data:a:lowercase:array(",")}', "X,Y") == {"a": ["x", "y"]}


def test_a_match_without_an_attribute_is_thrown_away(parse: Parse) -> None:
    assert parse("%{word} %{word:} %{word::}", "x y z") == {}


def test_an_empty_match_makes_no_attribute(parse: Parse) -> None:
    assert parse("a%{data:b}", "a") == {}


def test_only_an_object_goes_into_the_root(parse: Parse) -> None:
    assert parse("%{data::integer}", "1") == {}


def test_what_goes_into_the_root_replaces_what_is_there(parse: Parse) -> None:
    assert parse("%{word:a} %{data::json}", 'x {"a": {"b": 1}}') == {"a": {"b": 1}}


def test_objects_of_one_name_join(parse: Parse) -> None:
    assert parse("%{integer:a.b} %{data:a:keyvalue}", "1 c=2") == {"a": {"b": 1, "c": 2}}


def test_values_of_one_name_become_an_array(parse: Parse) -> None:
    found = parse("%{integer:a.b} %{notSpace:a.b:uppercase} %{notSpace:a.b}", "1 info message")
    assert found == {"a": {"b": [1, "INFO", "message"]}}


def test_a_value_gives_way_to_an_object_of_its_name(parse: Parse) -> None:
    assert parse("%{word:a} %{word:a.b}", "x y") == {"a": {"b": "y"}}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ('%{data:field["quoted name"]}', {"field": {"quoted name": "x"}}),
        ("%{data:@field-name-with-symbols$}", {"@field-name-with-symbols$": "x"}),
        ("%{data:@parent.$child}", {"@parent": {"$child": "x"}}),
    ],
)
def test_names_of_attributes(parse: Parse, reference: str, found: object) -> None:
    assert parse(reference, "x") == found


def test_a_sign_that_some_of_datadogs_own_rules_have_changes_nothing(parse: Parse) -> None:
    assert parse("%{?>notSpace:a} b", "a b") == {"a": "a"}
    assert parse(r"\[%{?>notSpace:a}\]", "[ab]") == {"a": "ab"}


def test_rules_are_compiled_once() -> None:
    assert compile_rules("a b") is compile_rules("a b")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("one %{wrd:a}", "rule one: unknown matcher or support rule wrd\none %{wrd:a}\n      ^"),
        ("one %{word:a:low}", "rule one: unknown filter low\none %{word:a:low}\n             ^"),
        ("one %{two}\ntwo %{one}", "rule two: the rule one refers to itself\ntwo %{one}\n      ^"),
        ("one %{one}", "rule one: the rule one refers to itself\none %{one}\n      ^"),
        ("one x\none y", "rule one: an earlier rule has this name\none y\n^"),
        ("one", "a rule is a name, a blank and a pattern\none\n   ^"),
        ("a=b c", "rule a=b: the name of a rule is of letters, digits, _ and .\na=b c\n^"),
        (
            "one %{word",
            "rule one: this is not of the form %{matcher:attribute:filter}\none %{word\n          ^",
        ),
        ("one %{}", "rule one: the name of a matcher or filter is missing\none %{}\n      ^"),
        ('one %{regex("a)}', 'rule one: the closing quote is missing\none %{regex("a)}\n            ^'),
        ("one a)", "rule one: a closing parenthesis has no opening one\none a)\n     ^"),
        ("one \tb **", "rule one: bad regular expression: multiple repeat\none \tb **\n    \t   ^"),
        (
            'one %{regex("(a")}',
            'rule one: a parenthesis is missing in the regular expression\none %{regex("(a")}\n      ^',
        ),
        (
            'one x %{date("ABC:XYZ"):d}',
            'rule one: bad date format: A is no unit of a date\none x %{date("ABC:XYZ"):d}\n        ^',
        ),
        (
            'one %{date("yyyy", "Mars/Base"):d}',
            'rule one: bad date format: there is no time zone Mars/Base\none %{date("yyyy", "Mars/Base"):d}\n      ^',
        ),
    ],
)
def test_a_fault_names_the_rule_the_place_and_the_reason(rules: str, message: str) -> None:
    with pytest.raises(GrokSyntaxError) as error:
        compile_rules(rules)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "reference",
    [
        "%{word(1):a}",
        "%{one(1):a}",
        '%{boolean("a**"):a}',
        "%{regex:a}",
        "%{regex(1):a}",
        '%{regex("a", "b"):a}',
        "%{date:a}",
        '%{date("yyyy", "UTC", "en", "x"):a}',
        '%{date("yyyy", "+19"):a}',
        '%{date("yyyy", "UTC", "1"):a}',
        '%{date("yyyy\'"):a}',
        '%{date("[yyyy"):a}',
        '%{date("yyyy]["):a}',
        '%{date("MMM", "UTC", "fr"):a}',
        '%{boolean("a", "b", "c"):a}',
        '%{boolean("("):a}',
        "%{data:a:scale}",
        "%{data:a:scale()}",
        '%{data:a:scale("x")}',
        "%{data:a:nullIf}",
        "%{data:a:lowercase(1)}",
        "%{data:a:csv}",
        '%{data:a:csv("a,,b")}',
        '%{data:a:csv("a", ";;")}',
        '%{data:a:keyvalue("a", "b", "c", "d", "e")}',
        '%{data:a:keyvalue("=", "", "abc")}',
        '%{data:a:keyvalue("=", "z-a")}',
        "%{data:a:keyvalue(1)}",
        '%{data:a:array("[[]]", ",")}',
        '%{data:a:array("")}',
        '%{data:a:array("", "", "")}',
        '%{data:a:array(",", 5)}',
        '%{data:a:array(",", unheard)}',
        "%{data:a:useragent(1)}",
        '%{data:a:json "x"}',
        '%{data:a:nullIf("x" "y")}',
    ],
)
def test_wrong_arguments_are_refused(reference: str) -> None:
    with pytest.raises(GrokSyntaxError):
        compile_rules(f"one {reference}")


def test_support_rules_are_looked_at_even_if_nothing_refers_to_them() -> None:
    with pytest.raises(GrokSyntaxError, match="unknown filter low"):
        compile_rules("one x", "two %{word:a:low}")


def test_a_fault_in_a_support_rule_shows_that_rule() -> None:
    with pytest.raises(GrokSyntaxError) as error:
        compile_rules("one %{two}", "two %{wrd:a}")
    assert (error.value.rule, error.value.line, error.value.place) == ("two", "two %{wrd:a}", 6)


def test_rules_that_would_grow_without_end_are_refused() -> None:
    support = "\n".join(f"r{n} %{{r{n + 1}}}%{{r{n + 1}}}" for n in range(30)) + "\nr30 %{ip}"
    with pytest.raises(GrokSyntaxError, match="too long"):
        compile_rules("one %{r0}", support)


def test_rules_too_deep_in_one_another_are_refused() -> None:
    support = "\n".join(f"r{n} %{{r{n + 1}}}" for n in range(300)) + "\nr300 x"
    with pytest.raises(GrokSyntaxError, match="too many rules in one another"):
        compile_rules("one %{r0}", support)


def test_what_goes_into_the_root_joins_objects_that_are_there(parse: Parse) -> None:
    found = parse("%{integer:a.b.c} %{data::json}", '1 {"a": {"b": {"d": 2}, "e": 3}}')
    assert found == {"a": {"b": {"c": 1, "d": 2}, "e": 3}}
