"""The rehearsals of the bundled pack: they hold for whatever is set, and notice what is broken."""

import re
from collections.abc import Iterator

import pytest
from rehearsing import outcomes

from datadog_assets import packs
from datadog_assets.load import LoadFailed, load_text
from datadog_assets.rehearse.outcome import word
from datadog_assets.rehearse.run import Stage
from relay.okta import EVENT_TYPES

TOLD = {"OKTA_ALERT_RECIPIENTS": "slack-okta, pagerduty-Okta"}
TEXT = packs.read(packs.OKTA)
LOADED = load_text("okta.yaml", TEXT, {}, TOLD)
NAMES = [rehearsal.name for _, rehearsal in LOADED.rehearsals]

OTHER = {
    "env": "e-1", "service": "123", "source": "my.source", "site": "datadoghq.eu", "datadog_url": "https://x.example",
    "failures_window": "30m", "failures_warning": "3", "failures_alert": "7",
    "throttled_window": "2h", "throttled_warning": "2", "throttled_alert": "20",
    "silence_window": "12h", "renotify_minutes": "45", "waiting_alert": "1", "spool_alert": "2",
    "alert_recipients": "pagerduty-a", "warning_recipients": "slack-w, a@b.example", "recovery_recipients": "slack-r",
}  # fmt: skip
"""Another value for every variable."""


def failed(text: str, **values: str) -> list[str]:
    """The names of the rehearsals that fail."""
    found = load_text("okta.yaml", text, values, TOLD)
    return [outcome.name for outcome in outcomes(found) if outcome.faults]


def named(*starts: str) -> list[str]:
    return [name for name in NAMES if name.startswith(starts)]


def edited(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def test_they_pass_as_they_are() -> None:
    assert [(one.name, one.faults, one.hints) for one in outcomes(LOADED)] == [
        (name, (), ()) for name in NAMES
    ]


def test_they_pass_with_every_variable_set_to_something_else() -> None:
    assert OTHER.keys() == set(re.findall(r"^  (\w+):$", TEXT.partition("\npipelines:")[0], re.MULTILINE))
    assert failed(TEXT, **OTHER) == []


@pytest.mark.parametrize("name", OTHER)
def test_they_pass_with_one_variable_set_to_something_else(name: str) -> None:
    value = {"failures_alert": "60", "silence_window": "90m"}.get(name, OTHER[name])
    assert failed(TEXT, **{name: value}) == []


@pytest.mark.parametrize(
    "values",
    [
        {"warning_recipients": "slack-w"},
        {"recovery_recipients": "slack-r"},
        {"warning_recipients": "slack-w", "recovery_recipients": "slack-r"},
        {"alert_recipients": "slack-a"},
    ],
)
def test_they_pass_whether_or_not_somebody_else_is_told_of_warnings_and_recoveries(
    values: dict[str, str],
) -> None:
    assert failed(TEXT, **values) == []


def test_they_pass_with_recipients_as_a_list_or_as_one_text() -> None:
    env = "    env: OKTA_ALERT_RECIPIENTS\n"
    assert failed(edited(env, "    default: [slack-a, slack-b]\n")) == []
    assert failed(edited(env, "    default: slack-a,slack-b\n")) == []


@pytest.mark.parametrize(("name", "value"), [("failures_window", "48h"), ("throttled_window", "25h")])
def test_what_a_comment_says_that_a_rehearsal_assumes_is_all_that_fails(name: str, value: str) -> None:
    subject = {"failures_window": "more failures", "throttled_window": "more throttled"}[name]
    assert failed(TEXT, **{name: value}) == named(subject)


def test_without_telling_again_only_that_fails() -> None:
    assert failed(TEXT, renotify_minutes="0") == named("an alert that lasts")


def test_with_more_failures_than_minutes_only_telling_again_fails() -> None:
    assert failed(TEXT, failures_alert="61") == named("an alert that lasts")


def test_alerted_at_the_first_failure_as_the_comment_has_it_only_the_warnings_rehearsal_has_to_go() -> None:
    text = edited(
        "        critical: ${failures_alert}\n        warning: ${failures_warning}\n",
        "        critical: ${failures_alert}\n",
    )
    assert failed(text, failures_alert="1") == named("the first failures")


def test_every_type_of_event_is_sent() -> None:
    sent = {
        str(one.event.get("event_type")) for _, each in LOADED.rehearsals for one in each.sent if one.event
    }
    assert sent > EVENT_TYPES
    assert {"FLOW_REWOUND", "flow.failed"} <= sent


def test_every_log_monitor_moves_to_an_alert_and_back_and_the_rule_tells_of_it() -> None:
    moves: dict[str, set[str]] = {}
    for outcome in outcomes(LOADED):
        for one in outcome.notifications:
            moves.setdefault(one.transition.monitor, set()).add(word(one.transition.kind))
            assert [told.handle for told in one.told] == ["@slack-okta", "@pagerduty-Okta"]
    monitors = LOADED.declared["monitors"].values()
    assert moves.keys() == {one.name for one in monitors if one.body["type"] == "log alert"}
    assert all(kinds >= {"alert", "recovery"} for kinds in moves.values())


def test_only_the_monitors_of_metrics_are_not_rehearsed() -> None:
    monitors = LOADED.declared["monitors"].values()
    left = Stage(LOADED.declared).watch().left
    assert left.keys() == {one.name for one in monitors if one.body["type"] == "query alert"}
    assert len(set(left.values())) == 1


STATUS_REMAPPER = "        sources: [okta.status]\n"
TRACE = "sources: [root_execution_id, execution_id]"
FAILURES = '"${failures_window}") >= ${failures_alert}'
THROTTLED = "critical: ${throttled_alert}\n        warning: "
RECOVERY = "        - scope: transition_type:is_recovery\n          recipients: ${recovery_recipients}\n"


@pytest.mark.parametrize(
    ("old", "new", "caught"),
    [
        ("          FLOW_FAIL: error, flow_fail: error, flow.fail: error,\n", "", ["a flow that fails"]),
        ("flow.failed: error", "flow.failed: warning", ["a failure in another spelling"]),
        ("default_lookup: info", "default_lookup: error", ["a flow that pauses"]),
        ("FLOW_CANCEL: notice", "FLOW_CANCEL: error", ["a flow that somebody cancels"]),
        ("FLOW_START: info", "FLOW_START: notice", ["a flow that starts"]),
        ("FLOW_COMPLETE: info", "FLOW_COMPLETE: ok", ["a flow that completes"]),
        (STATUS_REMAPPER, STATUS_REMAPPER + "        is_enabled: false\n", ["a flow that fails", "a flow that somebody", "a flow that is slowed", "a failure in another"]),
        (TRACE, "sources: [execution_id]", ["a flow that fails"]),
        (TRACE, "sources: [root_execution_id]", ["a flow that starts"]),
        (FAILURES, FAILURES.replace("${failures_alert}", "6"), ["more failures"]),
        (FAILURES, FAILURES.replace("${failures_window}", "3h"), ["more failures"]),
        (THROTTLED, THROTTLED + "2 # ", ["the first throttled"]),
        ("is_warning\n          recipients: ${warning_recipients}", "is_warning\n          recipients: [slack-x]", ["the first failures", "the first throttled"]),
        (RECOVERY, RECOVERY.replace("${recovery_recipients}", "[slack-x]"), ["more", "a stream", "a contract"]),
        ('filter:\n      tags: ["integration:okta-workflows"', 'filter:\n      tags: ["integration:x"', ["the first", "more", "an alert", "a stream", "a contract"]),
        ("filter: service:${service} source:${source}", "filter: service:x", ["a flow that fails", "a flow that starts", "a flow that completes", "a flow that somebody", "a flow that is slowed", "a failure in another"]),
    ],
)  # fmt: skip
def test_what_is_broken_fails_where_it_shows(old: str, new: str, caught: list[str]) -> None:
    text = edited(old, new)
    if old == FAILURES:  # the options say the same as the query
        text = text.replace("critical: ${failures_alert}", "critical: " + new.rpartition(" ")[2])
    assert failed(text) == named(*caught)


def sections(head: str, following: str) -> Iterator[tuple[str, str]]:
    """Each entry of a section by its name, with the text without it."""
    begin, end = TEXT.index(f"\n{head}:\n") + len(head) + 3, TEXT.index(f"\n{following}")
    indent = " " * (len(head) - len(head.lstrip()) + 2)
    starts = [begin + one.start() for one in re.finditer(f"^{indent}- ", TEXT[begin:end], re.MULTILINE)]
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        name = re.search('name: "?([^"\n]+)', TEXT[start:stop])
        assert name
        yield name[1], TEXT[:start] + TEXT[stop:]


LOG_MONITORS = [
    (name, text)
    for name, text in sections("monitors", "# One rule for all")
    if LOADED.declared["monitors"][name].body["type"] == "log alert"
]


@pytest.mark.parametrize(("name", "text"), LOG_MONITORS, ids=[name for name, _ in LOG_MONITORS])
def test_a_monitor_that_is_taken_away_is_noticed_by_every_rehearsal_that_names_it(
    name: str, text: str
) -> None:
    if "&tags" not in text:
        text = text.replace("tags: *tags", 'tags: &tags ["integration:okta-workflows", "env:${env}"]', 1)
    with pytest.raises(LoadFailed) as caught:
        load_text("okta.yaml", text, {}, TOLD)
    lines = str(caught.value).splitlines()
    assert all(
        f"no monitor {name!r} is declared; did you mean " in line or f'no monitor "{name}"' in line
        for line in lines
    )


@pytest.mark.parametrize("name", [name for name, _ in LOG_MONITORS])
def test_a_monitor_that_finds_nothing_is_noticed(name: str) -> None:
    broken = load_text("okta.yaml", TEXT, {}, TOLD)
    body = broken.declared["monitors"][name].body
    body["query"] = str(body["query"]).replace('logs("', 'logs("source:nowhere ')
    caught = [outcome for outcome in outcomes(broken) if outcome.faults]
    assert caught
    assert all(any(name in fault for fault in outcome.faults) for outcome in caught)


def test_without_the_rule_nobody_is_told_and_every_rehearsal_of_it_fails() -> None:
    ((_, text),) = sections("notification_rules", "# What all of this does")
    assert failed(text.replace("\nnotification_rules:\n", "\n")) == named(
        "the first", "more", "an alert", "a stream", "a contract"
    )


@pytest.mark.parametrize("name", [name for name, _ in sections("    processors", "monitors:")])
def test_every_processor_that_is_disabled_is_noticed(name: str) -> None:
    broken = load_text("okta.yaml", TEXT, {}, TOLD)
    (pipeline,) = broken.declared["pipelines"].values()
    body = pipeline.body["processors"]
    assert isinstance(body, list)
    next(one for one in body if one["name"] == name)["is_enabled"] = False
    assert [outcome.name for outcome in outcomes(broken) if outcome.faults]
