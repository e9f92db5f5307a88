"""Rehearsals carried out: what comes when, what is dropped, and how each difference is told."""

import pytest
from rehearsing import ASSETS, FIRST, faults, ran

from datadog_assets.dates import iso
from datadog_assets.rehearse.outcome import Outcome, word

FAIL = "{event_type: FLOW_FAIL, flow: Onboard}"
START = "{event_type: FLOW_START, flow: Onboard}"
SEARCH = "source:okta-workflows-els status:error"


def one(text: str, assets: str = ASSETS) -> Outcome:
    (outcome,) = ran(text, assets)
    return outcome


def times(outcome: Outcome) -> list[str]:
    return [iso(arrival.at).removeprefix("2026-01-05T").removesuffix(".000Z") for arrival in outcome.arrivals]


def moves(outcome: Outcome) -> list[tuple[str, str, list[str]]]:
    return [
        (
            iso(each.transition.at)[11:16],
            word(each.transition.kind),
            [told.handle.removeprefix("@") for told in each.told],
        )
        for each in outcome.notifications
    ]


def test_an_event_comes_as_the_relay_sends_it_and_goes_through_pipelines_monitors_and_rules() -> None:
    outcome = one("""
  - name: r
    event: {event_type: FLOW_FAIL, flow: Onboard, org_hostname: acme.example}
    expect:
      status: error
      service: okta
      host: acme.example
      message: '{"event_type": "FLOW_FAIL", "flow": "Onboard", "org_hostname": "acme.example"}'
      attributes: {level: error, event_type: FLOW_FAIL, nothing: , hostname: acme.example}
      tags: ["env:production", "service:okta", "source:okta-workflows-els"]
      monitors: [{name: Failures, to: warning, group: {"@flow": Onboard}, notifies: [slack-said, slack-a]}]
      notifies: [slack-a, "@slack-said"]
""")
    assert (outcome.faults, outcome.hints) == ((), ())
    assert (outcome.name, str(outcome.mark)) == ("r", f"a.yaml:{FIRST + 1}")
    assert moves(outcome) == [("09:00", "warning", ["slack-said", "slack-a"])]


def test_what_the_relay_adds_can_be_said() -> None:
    outcome = one("""
  - name: r
    event: {org_hostname: acme.example}
    entry: {ddsource: s, service: x, ddtags: "env:e", hostname: h}
    expect: {service: x, host: h, tags: ["env:e", "source:s"]}
""")
    assert outcome.faults == ()


def test_a_log_is_an_entry_of_the_intake_as_it_is() -> None:
    outcome = one("""
  - name: r
    log: {message: hello, ddsource: other, status: warn, evt: {name: x}, dd.trace_id: "5"}
    entry: {service: not-used}
    expect: {message: hello, status: warn, trace_id: "5", attributes: {evt.name: x, evt: {name: x}}, monitors: [], notifies: []}
""")  # fmt: skip
    assert outcome.faults == ()
    assert outcome.arrivals[0].before["service"] is None


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (f"[{{event: {START}}}]", ["09:00:00"]),
        (f"[{{event: {START}, times: 3}}]", ["09:00:00", "09:01:00", "09:02:00"]),
        (f"[{{event: {START}, times: 3, every: 0s}}]", ["09:00:00"] * 3),
        (f"[{{event: {START}, times: 2, every: 2h, after: 90s}}]", ["09:01:30", "11:01:30"]),
        (f"[{{event: {START}, times: 2}}, {{event: {START}, after: 5m}}]", ["09:00:00", "09:01:00", "09:06:00"]),
        (f"[{{event: {START}, times: 0}}, {{event: {START}, after: 5m}}]", ["09:05:00"]),
        (f"[{{event: {START}, times: 0, after: 1m}}, {{event: {START}, after: 5m}}]", ["09:06:00"]),
        (f"[{{event: {START}, times: 0}}]", []),
    ],
)  # fmt: skip
def test_events_come_one_after_the_other(events: str, expected: list[str]) -> None:
    assert times(one(f"  - {{name: r, events: {events}}}\n")) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", [("09:00", "warning")]),
        (", until: 4m", [("09:00", "warning")]),
        (", until: 5m", [("09:00", "warning"), ("09:05", "recovery")]),
        (", begin: '2026-03-04T05:06:00Z', until: 1h", [("05:06", "warning"), ("05:11", "recovery")]),
    ],
)
def test_monitors_are_evaluated_every_minute_until_it_ends(
    more: str, expected: list[tuple[str, str]]
) -> None:
    outcome = one(f"  - {{name: r, event: {FAIL}{more}}}\n")
    assert [move[:2] for move in moves(outcome)] == expected


@pytest.mark.parametrize("until", ["", "    until: 90s\n", "    until: 1s\n"])
def test_the_last_event_is_evaluated_even_between_two_minutes_and_after_the_end(until: str) -> None:
    events = f"    events: [{{event: {FAIL}}}, {{event: {FAIL}, after: 90s}}]\n"
    found = moves(one(f"  - name: r\n{events}{until}"))
    assert [move[:2] for move in found][:2] == [("09:00", "warning"), ("09:02", "alert")]


def test_who_is_told_depends_on_what_happens() -> None:
    outcome = one(f"  - {{name: r, events: [{{event: {FAIL}, times: 2}}], until: 10m}}\n")
    assert moves(outcome) == [
        ("09:00", "warning", ["slack-said", "slack-a"]),
        ("09:01", "alert", ["slack-said", "pagerduty-a"]),
        ("09:05", "warning", ["slack-said", "slack-a"]),
        ("09:06", "recovery", ["slack-said", "slack-a"]),
    ]


@pytest.mark.parametrize(
    ("date", "is_kept"),
    [
        ("2026-01-04T15:00:00Z", True), ("2026-01-04T14:59:59.999Z", False),
        ("2026-01-05T11:00:00Z", True), ("2026-01-05T11:00:00.001Z", False),
    ],
)  # fmt: skip
def test_a_log_that_is_dated_too_far_away_is_dropped(date: str, is_kept: bool) -> None:
    found = faults(f"  - {{name: r, event: {{timestamp: '{date}'}}, expect: {{status: info}}}}\n")
    full = date if "." in date else date.replace("Z", ".000Z")
    dropped = f"Datadog drops the log: its date {full} is over 18 h before, or 2 h after, it comes (2026-01-05T09:00:00.000Z)"
    assert found == ([] if is_kept else [dropped])


def test_a_date_that_a_pipeline_sets_counts_too() -> None:
    assets = ASSETS.replace(
        "    processors:\n", "    processors:\n      - {type: date-remapper, sources: [when]}\n", 1
    )
    text = "  - {name: r, event: {event_type: FLOW_FAIL, when: '2026-01-01T00:00:00Z'}, expect: {status: error, monitors: []}}\n"
    outcome = one(text, assets)
    assert [fault.partition(" is ")[0] for fault in outcome.faults] == [
        "Datadog drops the log: its date 2026-01-01T00:00:00.000Z"
    ]
    assert outcome.notifications == ()


def test_a_late_event_is_counted_at_the_time_when_it_happened() -> None:
    events = f"[{{event: {START}}}, {{event: {{event_type: FLOW_FAIL, flow: F, timestamp: '2026-01-05T08:59:00Z'}}, after: 4m}}]"
    assert faults(f"  - {{name: r, events: {events}, expect: {{status: error, monitors: []}}}}\n") == [
        'status: is "info", not "error" (log 1 of 2)'
    ]
    text = f"  - {{name: r, events: {events.replace('08:59', '09:04')}, expect: {{monitors: [Failures]}}}}\n"
    assert faults(text) == []


@pytest.mark.parametrize(
    ("expect", "fault"),
    [
        ("status: warn", 'status: is "error", not "warn"'),
        ("service: x", 'service: is "okta", not "x"'),
        ("host: x", 'host: is not there, not "x"'),
        ("trace_id: x", 'trace_id: is not there, not "x"'),
        ("attributes: {level: warn}", 'attributes.level: is "error", not "warn"'),
        ("attributes: {level: }", 'attributes.level: is "error"; none is expected'),
        ("attributes: {usr.id: x}", 'attributes.usr.id: is not there, not "x"'),
        ("attributes: {count: true}", "attributes.count: is 1, not true"),
        ("tags: ['team:b']", "tags: team:b is not there; there are source:okta-workflows-els, env:production, service:okta"),
        ("monitors: []", "monitors: 'Failures' is not expected to move; what happens is: warning for @flow:Onboard"),
        ("monitors: [{name: Failures, to: alert}]", "monitors: 'Failures' has no alert; what happens is: warning for @flow:Onboard"),
        ("monitors: [{name: Failures, group: {'@flow': Other}}]", "monitors: 'Failures' has no change for @flow:Other; what happens is: warning for @flow:Onboard"),
        ("monitors: [Failures, Disk]", "monitors: 'Disk' is not rehearsed: a monitor of type 'query alert' reads more than logs: only log alert is rehearsed"),
        ("monitors: [{name: Failures, message: [failed 1 times]}]", "monitors: 'Failures' does not say 'failed 1 times', but: [Warn on {@flow:Onboard}] Failures: @slack-said"),
        ("monitors: [{name: Failures, notifies: [slack-a]}]", "monitors: 'Failures': notifies: slack-said is told, and is not expected; of 'Failures' (warning), by the message"),
        ("notifies: [slack-said]", "notifies: slack-a is told, and is not expected; of 'Failures' (warning), by the rule 'Who', for want of a condition that holds"),
        ("notifies: [slack-a, slack-said, x]", "notifies: x is not told; who is: slack-said, slack-a"),
    ],
)  # fmt: skip
def test_each_difference_is_a_line(expect: str, fault: str) -> None:
    event = "{event_type: FLOW_FAIL, flow: Onboard, count: 1}"
    assert faults(f"  - name: r\n    event: {event}\n    expect:\n      {expect}\n") == [fault]


def test_nobody_at_all_is_expected_to_be_told_with_an_empty_list() -> None:
    assert faults(f"  - {{name: r, event: {FAIL}, expect: {{notifies: []}}}}\n") == [
        "notifies: slack-said is told, and is not expected; of 'Failures' (warning), by the message",
        "notifies: slack-a is told, and is not expected; of 'Failures' (warning), by the rule 'Who', for want of a condition that holds",
    ]
    assert faults(f"  - {{name: r, event: {START}, expect: {{notifies: []}}}}\n") == []
    assert faults(f"  - {{name: r, event: {START}, expect: {{notifies: [slack-a]}}}}\n") == [
        "notifies: slack-a is not told; who is: nobody"
    ]


def test_what_is_not_named_may_be_anything() -> None:
    assert faults(f"  - {{name: r, event: {FAIL}}}\n") == []


@pytest.mark.parametrize(
    ("numbers", "suffix"),
    [
        ([1], " (log 1 of 4)"),
        ([2, 4], " (2 logs, the first is log 2 of 4)"),
        ([1, 2, 3, 4], " (each of 4 logs)"),
    ],
)
def test_of_several_logs_it_is_told_which_ones_differ(numbers: list[int], suffix: str) -> None:
    events = ", ".join(f"{{event: {START if number in numbers else FAIL}}}" for number in range(1, 5))
    assert faults(f"  - {{name: r, events: [{events}], expect: {{status: error}}}}\n") == [
        f'status: is "info", not "error"{suffix}'
    ]


def test_each_group_moves_by_itself() -> None:
    events = f"[{{event: {FAIL}, times: 2, every: 0s}}, {{event: {{event_type: FLOW_FAIL, flow: Other}}}}]"
    monitors = (
        "{name: Failures, to: alert, group: {'@flow': Onboard}, message: ['Onboard failed 2 times', Triggered], notifies: [slack-said, pagerduty-a]}, "
        "{name: Failures, to: warning, group: {'@flow': Other}, notifies: 'slack-said, slack-a'}"
    )
    assert faults(f"  - {{name: r, events: {events}, expect: {{monitors: [{monitors}]}}}}\n") == []
    wrong = "{name: Failures, to: alert, group: {'@flow': Other}}"
    assert faults(f"  - {{name: r, events: {events}, expect: {{monitors: [{wrong}]}}}}\n") == [
        "monitors: 'Failures' has no alert for @flow:Other; what happens is: alert for @flow:Onboard, warning for @flow:Other"
    ]


def test_a_rehearsal_that_fails_says_what_may_be_the_reason() -> None:
    text = "  - {name: r, event: {event_type: FLOW_FAILS, flow: F}, expect: {status: error, monitors: [Failures]}}\n"
    outcome = one(text)
    assert outcome.faults == (
        'status: is "info", not "error"',
        "monitors: 'Failures' has no change; what happens is: nothing",
    )
    assert outcome.hints == (
        "Flows > 1. lookup-processor: 'FLOW_FAILS' is not in the table: the default, 'info', is written",
        f"the search of 'Failures' finds 0 of 1 logs: {SEARCH}; it alerts at count by @flow >= 2 within 5 m",
    )


def test_a_log_that_no_pipeline_matches_says_so() -> None:
    outcome = one("  - {name: r, log: {message: m, ddsource: other, service: s}, expect: {status: error}}\n")
    assert outcome.hints == ("no pipeline matches the log: service 's', source 'other'",)
    outcome = one("  - {name: r, log: {message: m}, expect: {status: error}}\n")
    assert outcome.hints == ("no pipeline matches the log: it has no service, no source and no host",)


def test_rehearsals_know_nothing_of_each_other() -> None:
    found = ran(
        f"  - {{name: a, event: {FAIL}}}\n  - {{name: b, event: {FAIL}, begin: '2026-01-05T09:01:00Z'}}\n"
    )
    assert [[move[1] for move in moves(outcome)] for outcome in found] == [["warning"], ["warning"]]


def test_what_could_not_be_rehearsed_is_told_with_its_monitor() -> None:
    assets = ASSETS.replace("{{value}}", "{{log.link}}")
    outcome = one(f"  - {{name: r, events: [{{event: {FAIL}, times: 2}}]}}\n", assets)
    assert outcome.left == ('{{log.link}} (monitor "Failures")',)


def test_what_is_declared_to_be_absent_takes_no_part() -> None:
    assets = ASSETS.replace("  - name: Who\n", "  - name: Who\n    ensure: absent\n")
    assert moves(one(f"  - {{name: r, event: {FAIL}}}\n", assets)) == [("09:00", "warning", ["slack-said"])]


@pytest.mark.parametrize(
    ("place", "status"), [("", "error"), ("before: Flows", "warn"), ("after: Flows", "error")]
)
def test_pipelines_stand_where_their_place_says(place: str, status: str) -> None:
    """Of the status remappers, the first counts."""
    second = (
        "  - name: Second\n    filter: source:okta-workflows-els\n    processors:\n      - {type: status-remapper, sources: [other]}\n"
        + (f"    place: {{{place}}}\n" if place else "")
        + "monitors:\n"
    )
    assets = ASSETS.replace("monitors:\n", second, 1)
    text = f"  - {{name: r, event: {{event_type: FLOW_FAIL, other: warn}}, expect: {{status: {status}}}}}\n"
    assert faults(text, assets) == []
