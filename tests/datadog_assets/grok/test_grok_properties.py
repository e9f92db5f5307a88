import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datadog_assets.grok import Grok, GrokSyntaxError, compile_rules

NOW = datetime(2021, 6, 15, 12, tzinfo=UTC)

FILTERS = (
    "number",
    "integer",
    "integerExt",
    "boolean",
    'nullIf("-")',
    "json",
    "rubyhash",
    "querystring",
    "decodeuricomponent",
    "lowercase",
    "uppercase",
    "keyvalue",
    'keyvalue(":", " /", "", ";")',
    "xml",
    'csv("a,b.c,a")',
    "scale(1000)",
    "array",
    'array("[]", ";", integer)',
    "url",
)
MATCHERS = (
    "numberExt",
    "integerExt",
    "quotedString",
    "uuid",
    "mac",
    "ip",
    "ipOrHost",
    "port",
    "path",
    "uri",
    'date("yyyy-MM-dd HH:mm:ss z")',
    'date("MMM d h:mm a")',
    'date("HH:mm[:ss]")',
)
EVERY_FILTER = [compile_rules(f"rule %{{data:a:{each}}}%{{data::{each}}}") for each in FILTERS]
EVERY_FILTER += [compile_rules(f"rule %{{data::{each}}}") for each in FILTERS]
EVERY_MATCHER = compile_rules("\n".join(f"r{n} %{{{each}:a.b}}.*" for n, each in enumerate(MATCHERS)))

PIECES = st.sampled_from(
    [
        *"%{}():,.|*+?[]^$\\\"'&-<>=!#",
        *("%{", "(?", "(?<", "(?i)", "[a", "&&", r"\p{", r"\Q", r"\x{", "{2}", "\n", " ", "rule ", "a", "1"),
        *("word", "data", 'date("', "yyyy", "MM", "'", 'regex("', ":x", ":keyvalue", ':array("', "scale(1)"),
        *("%{word:a}", "%{data::json}", "%{rule}", "%{other}", "other "),
    ]
)
TEXTS = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [
                *'{}[]<>=&?%:;,"/\\ \n',
                "a",
                "1",
                "0",
                "e9",
                "null",
                "=>",
                "<a>",
                "</a>",
                "%E9",
                "::",
                "9" * 400,
            ]
        )
    ).map("".join),
)


@settings(deadline=None)
@given(TEXTS)
@example("1" * 5000)
@example("0x" + "f" * 5000)
@example('{"a": ' + "1" * 5000 + "}")
@example("[" * 5000)
@example("[1e999]")
@example("\ud800=\udfff")
def test_no_text_raises_and_what_is_found_is_json(text: str) -> None:
    for rules in (*EVERY_FILTER, EVERY_MATCHER):
        found = rules.parse(text, NOW)
        if found is not None:
            json.dumps(found, allow_nan=False)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
@example("rule " + "(" * 5000)
@example("rule " + "[" * 5000)
@example("rule %{data:a:" + "array(" * 5000)
@example('rule %{date("' + "y" * 5000 + '")}')
def test_compiling_gives_rules_or_a_fault(text: str) -> None:
    for rules in (text, f"rule {text}"):
        with suppress(GrokSyntaxError):
            assert isinstance(compile_rules(rules, "other %{word:b}"), Grok)


@settings(deadline=None)
@given(st.text(), st.text())
def test_compiling_any_text_gives_rules_or_a_fault(match_rules: str, support_rules: str) -> None:
    try:
        compile_rules(match_rules, support_rules)
    except GrokSyntaxError as error:
        assert error.reason in str(error)  # noqa: PT017 - most texts are no rules, a few are


def test_a_rule_that_would_go_on_for_ever_is_given_up() -> None:
    grok = compile_rules("r %{data} %{data} %{data} %{data} %{data} %{data} X")
    with pytest.raises(TimeoutError):
        grok.parse("a " * 3_000 + "X!", NOW)
