"""One event followed through all that is declared: what is warned of, and how it is shown."""

import json
from typing import Any

import pytest
from rehearsing import ASSETS, loaded

from datadog_assets.rehearse.explain import Explanation, explain
from datadog_assets.rehearse.run import Stage, entry_of
from datadog_assets.rehearse.scenario import Sent
from datadog_assets.render import rehearsals, rehearsals_json

NOW = 1_767_603_600_000
"""2026-01-05T09:00:00Z"""

NESTED = "      - {type: pipeline, name: Inner, filter: status:error, processors: [{type: status-remapper, sources: [level]}]}\nmonitors:\n"


def followed(event: dict[str, object], assets: str = ASSETS) -> Explanation:
    return explain(Stage(loaded("", assets).declared), entry_of(Sent(event=event), {}), NOW)


def entered(entry: dict[str, object], assets: str = ASSETS) -> Explanation:
    return explain(Stage(loaded("", assets).declared), entry, NOW)


def with_processor(text: str) -> str:
    return ASSETS.replace("monitors:\n", f"      - {text}\nmonitors:\n", 1)


@pytest.mark.parametrize(
    ("event", "assets", "warnings"),
    [
        ({"event_type": "FLOW_FAIL"}, ASSETS, []),
        ({"event_type": "FLOW_X"}, ASSETS, ["Flows > 1. lookup-processor: 'FLOW_X' is not in the table: the default, 'info', is written"]),
        ({"event_type": "FLOW_X"}, ASSETS.replace("        default_lookup: info\n", ""), ["Flows > 1. lookup-processor: 'FLOW_X' is not in the table: nothing is written"]),
        ({"event_type": "FLOW_FAIL", "other": "warn"}, with_processor("{type: status-remapper, sources: [other]}"), ["Flows > 3. status-remapper: does nothing: an earlier processor has set the status already"]),
        ({"event_type": "FLOW_FAIL"}, with_processor("{type: trace-id-remapper, name: Trace, sources: [a], is_enabled: false}"), ["Flows > 3. trace-id-remapper: Trace: is disabled"]),
        ({"event_type": "FLOW_FAIL"}, ASSETS.replace("    processors:", "    is_enabled: false\n    processors:", 1), ["no pipeline matches the log: service 'okta', source 'okta-workflows-els'", "Flows: is disabled"]),
        ({"event_type": "FLOW_FAIL"}, ASSETS.replace("    filter: source:okta-workflows-els", "    filter: source:x", 1), ["no pipeline matches the log: service 'okta', source 'okta-workflows-els'"]),
        ({"event_type": "FLOW_FAIL"}, "monitors: []\n", ["no pipeline matches the log: service 'okta', source 'okta-workflows-els'"]),
        ({"event_type": "FLOW_FAIL"}, ASSETS.replace("monitors:\n", NESTED, 1), ["Flows > Inner > 1. status-remapper: does nothing: an earlier processor has set the status already"]),
        ({"event_type": "FLOW_FAIL", "timestamp": "2026-01-04T14:00:00Z"}, ASSETS, ["Datadog would drop the log: its date 2026-01-04T14:00:00.000Z is over 18 h before it comes; what is told is as if it had come in time"]),
        ({"event_type": "FLOW_FAIL", "timestamp": "2026-01-05T12:00:00Z"}, ASSETS, ["Datadog would drop the log: its date 2026-01-05T12:00:00.000Z is over 2 h after it comes; what is told is as if it had come in time"]),
        ({"event_type": "FLOW_FAIL", "when": 0}, with_processor("{type: date-remapper, sources: [when]}"), ["Datadog would drop the log: its date 1970-01-01T00:00:00.000Z is over 18 h before it comes; what is told is as if it had come in time"]),
    ],
)  # fmt: skip
def test_what_is_probably_not_meant_is_a_warning(
    event: dict[str, object], assets: str, warnings: list[str]
) -> None:
    assert list(followed(event, assets).warnings) == warnings


def test_a_log_with_an_old_date_shows_what_it_would_have_told_in_time() -> None:
    found = followed({"event_type": "FLOW_FAIL", "flow": "F", "timestamp": "2020-01-01T00:00:00Z"})
    assert [str(one.transition.kind) for one in found.notifications] == ["warning"]


def test_a_reference_table_is_not_rehearsed() -> None:
    assets = ASSETS.replace(
        "        lookup_table: {FLOW_FAIL: error}\n", "        lookup_enrichment_table: types\n"
    )
    assert followed({"event_type": "FLOW_FAIL"}, assets).left == (
        "Flows > 1. lookup-processor: the reference table types cannot be known offline",
    )


TEXT = """\
The log, before any pipeline:
  date: 2026-01-05T09:00:00.000Z
  status: "info"
  service: "okta"
  source: "okta-workflows-els"
  tags: ["source:okta-workflows-els", "env:production", "service:okta"]
Pipeline "Flows": matches
  1. lookup-processor
    + attributes.level: "error"
  2. status-remapper
    ~ status: "info" -> "error"
Afterwards, all in all:
  ~ status: "info" -> "error"
  + attributes.level: "error"
Told at once, had no other log come before:
  2026-01-05T09:00:00.000Z [Warn on {@flow:On\\u001b[31mboard}] Failures to @slack-said, @slack-a
    | @slack-said
not rehearsed: a monitor of type 'query alert' reads more than logs: only log alert is rehearsed (monitor "Disk")"""


def test_text_shows_the_log_each_step_that_changes_it_and_who_is_told() -> None:
    found = followed({"event_type": "FLOW_FAIL", "flow": "On\x1b[31mboard"})
    assert rehearsals.explained(found) == TEXT


def test_text_of_a_log_that_nothing_matches() -> None:
    assert rehearsals.explained(entered({"message": "m", "ddsource": "x"})).splitlines() == [
        "The log, before any pipeline:",
        "  date: 2026-01-05T09:00:00.000Z",
        '  status: "info"',
        '  source: "x"',
        '  tags: ["source:x"]',
        'Pipeline "Flows": does not match',
        "Nobody is told at once.",
        "warning: no pipeline matches the log: source 'x'",
        "not rehearsed: a monitor of type 'query alert' reads more than logs: only log alert is rehearsed (monitor \"Disk\")",
    ]


def test_colours_are_only_around_lines() -> None:
    found = followed({"event_type": "FLOW_FAIL", "flow": "F"})
    coloured = rehearsals.explained(found, colour=True)
    assert '\x1b[32m    + attributes.level: "error"\x1b[0m' in coloured.splitlines()
    plain = rehearsals.explained(found)
    for code in ("\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_json_is_what_its_documentation_promises() -> None:
    found: dict[str, Any] = json.loads(
        rehearsals_json.explained(followed({"event_type": "FLOW_FAIL", "flow": "F"}))
    )
    assert list(found) == [
        "format", "before", "after", "steps", "notifications", "warnings", "not_rehearsed", "monitors_not_rehearsed"
    ]  # fmt: skip
    assert (found["format"], found["before"]["status"], found["after"]["status"]) == (1, "info", "error")
    assert [(one["pipeline"], one["processor"], one["outcome"]) for one in found["steps"]] == [
        (["Flows"], None, "matches"),
        (["Flows"], "1. lookup-processor", "changes"),
        (["Flows"], "2. status-remapper", "changes"),
    ]
    assert found["steps"][1]["differences"] == [
        {"path": "attributes.level", "before": None, "after": "error"}
    ]
    (notification,) = found["notifications"]
    assert list(notification) == [
        "at",
        "monitor",
        "group",
        "kind",
        "value",
        "threshold",
        "title",
        "text",
        "told",
    ]
    assert (notification["at"], notification["kind"], notification["group"]) == (
        NOW,
        "warning",
        {"@flow": "F"},
    )
    assert notification["told"] == [
        {"handle": "@slack-said", "because": ["the message"]},
        {"handle": "@slack-a", "because": ["the rule 'Who', for want of a condition that holds"]},
    ]
    assert (found["warnings"], found["not_rehearsed"], list(found["monitors_not_rehearsed"])) == (
        [],
        [],
        ["Disk"],
    )


def test_text_shows_what_is_taken_away_and_what_cannot_be_rehearsed() -> None:
    assets = with_processor("{type: trace-id-remapper, name: Trace, sources: [run]}")
    assets = assets.replace(
        "        lookup_table: {FLOW_FAIL: error}\n", "        lookup_enrichment_table: types\n"
    )
    lines = rehearsals.explained(followed({"event_type": "FLOW_FAIL", "run": "r1"}, assets)).splitlines()
    trace = lines.index("  3. trace-id-remapper: Trace")
    assert sorted(lines[trace + 1 : trace + 3]) == [
        '    + trace_id: "r1"',
        '    - attributes.run: "r1"',
    ]
    assert lines[-1] == (
        "not rehearsed: Flows > 1. lookup-processor: the reference table types cannot be known offline"
    )
