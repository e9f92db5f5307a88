"""https://docs.datadoghq.com/monitors/notify/notification_rules/."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.alerting.rules import Told, recipients
from datadog_assets.alerting.scope import ScopeError, parse
from datadog_assets.alerting.transition import Status, Transition, kind_of

S = Status


def transition(
    to: Status = S.ALERT, before: Status = S.OK, group: dict[str, str] | None = None
) -> Transition:
    return Transition("M", group or {}, before, to, kind_of(before, to), 1, 1, 0)


def rule(name: str, *handles: str, **where: Any) -> dict[str, Any]:
    return {"name": name, "filter": where, "recipients": list(handles)}


def told(
    rules: list[dict[str, Any]], tags: list[str], *handles: str, one: Transition | None = None
) -> list[str]:
    return [each.handle for each in recipients(rules, one or transition(), tags, handles)]


# the table of the page
TABLE = [
    rule("1", "slack-channel1", "jira-project", tags=["team:shopist", "service:web-store"]),
    rule("2", "jira-project", tags=["team:shopist"]),
    rule("3", "jira-project", tags=["service:web-store"]),
    rule("4", "user@datadoghq.com", tags=["service:web-store", "env:prod"]),
    rule("5", "jira-project", tags=["service:web-store", "env:dev"]),
]


@pytest.mark.parametrize(
    ("tags", "handles", "notified"),
    [
        (["team:shopist", "service:web-store"], ["@user@datadoghq.com"], {"@slack-channel1", "@jira-project", "@user@datadoghq.com"}),
        (["team:shopist"], [], {"@jira-project"}),
        (["service:web-store"], [], {"@jira-project"}),
        (["service:web-store", "env:prod"], [], {"@jira-project", "@user@datadoghq.com"}),
        (["service:web-store", "env:dev"], [], {"@jira-project"}),
        (
            ["team:shopist", "service:web-store", "env:prod"],
            ["@slack-service1", "@jira-project", "@user@datadoghq.com"],
            {"@slack-channel1", "@slack-service1", "@jira-project", "@user@datadoghq.com"},
        ),
    ],
)  # fmt: skip
def test_the_table_of_the_page_comes_out_without_repeats(
    tags: list[str], handles: list[str], notified: set[str]
) -> None:
    found = told(TABLE, tags, *handles)
    assert set(found) == notified
    assert len(found) == len(set(found))


def test_each_recipient_knows_who_told_it_first_the_message() -> None:
    found = recipients(TABLE[:2], transition(), ["team:shopist", "service:web-store"], ["@jira-project"])
    assert found == [
        Told("@jira-project", ("the message", "the rule '1'", "the rule '2'")),
        Told("@slack-channel1", ("the rule '1'",)),
    ]


def test_tags_of_the_group_count_as_well_as_those_of_the_monitor() -> None:
    one = transition(group={"env": "prod", "@flow_name": "x"})
    assert told(TABLE, ["service:web-store"], one=one) == ["@jira-project", "@user@datadoghq.com"]
    assert told([rule("r", "a", scope="@flow_name:x")], [], one=one) == ["@a"]


def test_a_key_with_several_values_has_them_all() -> None:
    one = transition(group={"env": "dev"})
    assert told(
        [rule("r", "a", scope="env:prod"), rule("s", "b", scope="env:dev")], ["env:prod"], one=one
    ) == ["@a", "@b"]
    assert told([rule("r", "a", scope="env:prod AND NOT env:dev")], ["env:prod"], one=one) == []


# rule scope syntax


@pytest.mark.parametrize(
    ("scope", "matching", "other"),
    [
        ("service:web-store", ["service:web-store"], ["service:web"]),
        ("service:web-store AND env:prod", ["service:web-store", "env:prod"], ["service:web-store"]),
        ("service:web-store env:prod", ["service:web-store", "env:prod"], ["env:prod"]),
        ("service:webstore AND  NOT env:staging", ["service:webstore"], ["service:webstore", "env:staging"]),
        ("env:*", ["env:x"], ["environment:x"]),
        ("env:(prod OR staging)", ["env:staging"], ["env:dev"]),
        ("env:prod OR env:staging", ["env:prod"], ["env:dev"]),
        ('team:"data platform"', ["team:data platform"], ["team:data"]),
        ("team:x AND NOT env:dev", ["team:x"], ["team:x", "env:dev"]),
        ("team:payment AND NOT env:dev AND service:(payment-processing OR payment-gateway)", ["team:payment", "service:payment-gateway"], ["team:payment"]),
        ("a:1 OR b:2 AND c:3", ["a:1"], ["b:2"]),
        ("(a:1 OR b:2) AND c:3", ["b:2", "c:3"], ["a:1"]),
        ("NOT (a:1 OR b:2)", [], ["b:2"]),
        ("NOT NOT a:1", ["a:1"], []),
        ("-a:1", [], ["a:1"]),
        ("a:(NOT 1)", ["a:2"], ["a:1"]),
        ("a:(1 AND 2)", ["a:1", "a:2"], ["a:1"]),
        ('a:"x*"', ["a:x*"], ["a:xy"]),
        (r"a:x\*", ["a:x*"], ["a:xy"]),
        ("url:http://x", ["url:http://x"], ["url:http"]),
        (r'a:"say \"hi\""', ['a:say "hi"'], ["a:say"]),
        ("a:x-y", ["a:x-y"], ["a:x"]),
    ],
)  # fmt: skip
def test_a_scope_is_read_as_the_page_says(scope: str, matching: list[str], other: list[str]) -> None:
    assert parse(scope)(frozenset(matching))
    assert not parse(scope)(frozenset(other))


@pytest.mark.parametrize(
    ("scope", "reason", "at"),
    [
        ("prod", "needs its key", 0),
        ("prod AND service:(A or B)", "needs its key", 0),
        ("service:web-*", "wildcard only stands alone", 0),
        ("service:auth?", "wildcard only stands alone", 0),
        ("a:1 AND *", "needs its key", 8),
        ("", "expected a tag", 0),
        ("a:1 AND", "expected a tag", 7),
        ("OR a:1", "expected a tag", 0),
        ("a:1 OR AND b:1", "expected a tag", 7),
        ("(a:1", "never closed", 0),
        ("a:(1", "never closed", 2),
        ("a:1)", "nothing is open", 3),
        ("a:()", "expected a value", 3),
        ("a: ", "has no value", 0),
        ('a:"x', "never closed", 2),
        ('"a:1"', "needs its key", 0),
        ("a:1 and b:2", "needs its key", 4),
        ("a:1 " * 1000, "3000 characters at most", 3000),
        ("(" * 99 + "a:1" + ")" * 99, "nested", 50),
    ],
)
def test_what_the_page_does_not_support_is_refused_where_it_stands(scope: str, reason: str, at: int) -> None:
    with pytest.raises(ScopeError) as refused:
        parse(scope)
    assert reason in refused.value.reason
    assert refused.value.position == at


@given(st.text(alphabet='ab:*()"\\ -ANDORNOT?') | st.text())
def test_any_scope_is_read_or_refused_with_its_place(scope: str) -> None:
    at = 0
    try:
        parse(scope)(frozenset({"a:b"}))
    except ScopeError as error:
        at = error.position
    assert 0 <= at <= len(scope)


# conditional recipients


def conditional(*conditions: tuple[str, str], fallback: str | None = None) -> dict[str, Any]:
    by: dict[str, Any] = {
        "conditions": [{"scope": scope, "recipients": [handle]} for scope, handle in conditions]
    }
    if fallback:
        by["fallback_recipients"] = [fallback]
    return {"name": "r", "filter": {"tags": ["a:1"]}, "conditional_recipients": by}


@pytest.mark.parametrize(
    ("before", "to", "handles"),
    [
        (S.OK, S.ALERT, ["@alert"]),
        (S.OK, S.WARN, ["@warn"]),
        (S.ALERT, S.WARN, ["@warn"]),
        (S.OK, S.NO_DATA, ["@nodata"]),
        (S.ALERT, S.OK, ["@ok"]),
        (S.WARN, S.OK, ["@ok"]),
        (S.NO_DATA, S.OK, ["@ok"]),
        (S.ALERT, S.ALERT, ["@alert"]),
    ],
)
def test_conditions_are_told_of_their_status(before: Status, to: Status, handles: list[str]) -> None:
    one = conditional(
        ("transition_type:is_alert", "alert"), ("transition_type:is_warning", "warn"),
        ("transition_type:is_no_data", "nodata"), ("transition_type:is_recovery", "ok"), fallback="else",
    )  # fmt: skip
    assert told([one], ["a:1"], one=transition(to, before)) == handles


def test_conditions_may_be_on_tags_and_several_may_hold() -> None:
    one = conditional(("env:prod", "p"), ("transition_type:is_alert", "q"), ("env:dev", "d"), fallback="else")
    assert told([one], ["a:1", "env:prod"]) == ["@p", "@q"]


def test_the_fallback_is_told_only_if_no_condition_holds() -> None:
    one = conditional(("transition_type:is_alert", "p"), fallback="else")
    found = recipients([one], transition(S.WARN), ["a:1"])
    assert found == [Told("@else", ("the rule 'r', for want of a condition that holds",))]
    assert told([conditional(("env:dev", "p"))], ["a:1"]) == []


def test_a_rule_that_does_not_match_tells_not_even_its_fallback() -> None:
    assert told([conditional(("transition_type:is_alert", "p"), fallback="else")], ["a:2"]) == []


def test_a_status_that_is_not_known_is_an_error() -> None:
    with pytest.raises(ScopeError, match="is_alarm is no transition_type that is known"):
        told([conditional(("transition_type:is_alarm", "p"))], ["a:1"])


def test_a_status_is_no_tag_that_a_filter_could_ask_for() -> None:
    assert told([rule("r", "x", scope="transition_type:is_alert")], []) == []


@pytest.mark.parametrize(
    "body", [{}, {"filter": {}}, {"filter": {"tags": []}}, {"filter": None, "recipients": ["x"]}]
)
def test_a_rule_for_nothing_tells_nobody(body: dict[str, Any]) -> None:
    assert recipients([body], transition(), ["a:1"]) == []


def test_handles_are_the_same_with_and_without_their_at() -> None:
    assert told([rule("r", "@x", "x", tags=["a:*"])], ["a:1"], "x", "@x") == ["@x"]
    assert (
        told(
            [{"name": "r", "filter": {"tags": ["a:1"]}, "conditional_recipients": {"conditions": [None]}}],
            ["a:1"],
        )
        == []
    )
