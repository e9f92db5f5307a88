"""The monitors and the rule of the pack, from the logs of Okta to who is told."""

import json
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
import yaml

from datadog_assets.alerting.definition import NotRehearsed
from datadog_assets.alerting.message import Rendered, render
from datadog_assets.alerting.monitor import LogMonitor
from datadog_assets.alerting.rules import recipients
from datadog_assets.alerting.transition import Transition

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
SET = {
    "alert_recipients": "pagerduty-Okta", "warning_recipients": "slack-okta", "recovery_recipients": "slack-okta",
    "datadog_url": "https://app.example.com",
}  # fmt: skip


def pack() -> dict[str, Any]:
    text = files("datadog_assets.packs").joinpath("okta_workflows.yaml").read_text("utf-8")
    default = {
        name: str(one.get("default", "")) for name, one in yaml.safe_load(text)["variables"].items()
    } | SET
    found: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{(\w+)\}", lambda name: default[name[1]], text))
    return found


PACK = pack()
MONITORS = {one["name"].removeprefix("Okta Workflows: "): one for one in PACK["monitors"]}


def rule() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(PACK["notification_rules"][0]))
    by = found["conditional_recipients"]
    for one in by["conditions"]:
        one["recipients"] = [one["recipients"]]
    by["fallback_recipients"] = [by["fallback_recipients"]]
    return found


def everything(search: str) -> Callable[[object], bool]:
    del search
    return lambda log: True


def failure(at: int, flow: str = "Onboard") -> dict[str, Any]:
    attributes = {
        "flow_name": flow, "flow_id": "f1", "execution_id": "e1", "org_hostname": "t.workflows.okta.com",
        "folder_name": "HR", "error_type": "Timeout", "error_message": "step 3", "event_type": "FLOW_FAIL",
    }  # fmt: skip
    return {"message": "m", "timestamp": at, "tags": ["env:production"], "attributes": attributes}


def told(
    name: str, logs: list[dict[str, Any]], minutes: range
) -> list[tuple[Transition, Rendered, list[str]]]:
    body = MONITORS[name]
    rehearsed = LogMonitor(body, everything)
    for log in logs:
        rehearsed.add(log)
    found = []
    for minute in minutes:
        for one in rehearsed.evaluate(minute * MINUTE):
            said = render(body["message"], one, body)
            who = [each.handle for each in recipients([rule()], one, body["tags"], said.handles)]
            assert said.faults == () == said.unknown
            found.append((one, said, who))
    return found


def test_a_flow_that_fails_warns_alerts_is_told_again_and_recovers() -> None:
    logs = [failure((100 + minute) * MINUTE) for minute in (0, 1, 2, 3, 4)] + [failure(150 * MINUTE, "Other")]
    found = told("flow failures", logs, range(99, 300))
    assert [(one.at // MINUTE, str(one.kind), one.group["@flow_name"], who) for one, _, who in found] == [
        (100, "warning", "Onboard", ["@slack-okta"]),
        (104, "alert", "Onboard", ["@pagerduty-Okta"]),
        (150, "warning", "Other", ["@slack-okta"]),
        (160, "warning", "Onboard", ["@slack-okta"]),
        (164, "warning recovery", "Onboard", ["@slack-okta"]),
        (210, "warning recovery", "Other", ["@slack-okta"]),
    ]


def test_the_alert_names_the_flow_the_count_and_the_links_around_the_moment() -> None:
    _, said, _ = told("flow failures", [failure(2 * DAY)] * 5, range(2880, 2881))[0]
    assert said.title == "[Triggered on {@flow_name:Onboard}] Okta Workflows: flow failures"
    assert said.text.splitlines()[0] == "The flow **Onboard** failed 5 times within 1h."
    assert "One of the failures is Timeout: step 3" in said.text
    assert f"%22e1%22&from_ts={DAY}&to_ts={2 * DAY + 36 * 60 * MINUTE}&live=false" in said.text
    assert (said.priority, said.not_rehearsed) == ("P2", ("{{log.link}}",))


def test_the_warning_says_from_when_on_it_is_an_alert() -> None:
    _, said, _ = told("flow failures", [failure(0)], range(1))[0]
    assert said.text.splitlines()[0] == "The flow **Onboard** failed: 1 within 1h. From 5 on it is an alert."


def test_the_recovery_says_so_without_a_log() -> None:
    _, said, _ = told("flow failures", [failure(0)], range(61))[-1]
    assert said.text == "The flow **Onboard** has recovered: fewer than 1 failures within 1h."


def test_an_alert_that_lasts_is_told_again_with_the_time_since_when() -> None:
    logs = [failure(minute * MINUTE) for minute in range(0, 400, 5)]
    again = [
        (said, who) for one, said, who in told("flow failures", logs, range(400)) if one.kind == "renotify"
    ]
    assert [who for _, who in again] == [["@pagerduty-Okta"]] * 3
    assert again[0][0].text.endswith("This has been so since 1970-01-01 00:00:00 (UTC), and is not over.")
    assert again[0][0].title.startswith("[Re-Triggered on {@flow_name:Onboard}]")


def test_the_silence_alerts_before_the_first_event_and_recovers_with_it() -> None:
    found = told("the stream is silent", [failure(30 * MINUTE)], range(60))
    assert [(one.at // MINUTE, str(one.kind), who) for one, _, who in found] == [
        (0, "alert", ["@pagerduty-Okta"]), (30, "recovery", ["@slack-okta"])
    ]  # fmt: skip
    assert found[0][1].text.startswith("No event of Okta Workflows has come in for 24h")


def test_the_silence_alerts_when_a_day_has_passed_without_an_event() -> None:
    found = told("the stream is silent", [failure(0)], range(0, 2000, 10))
    assert [(one.at, str(one.kind)) for one, _, _ in found[:1]] == [(DAY, "alert")]


@pytest.mark.parametrize("name", ["the stream's settings changed", "step limit"])
def test_a_single_event_of_the_system_log_alerts_and_is_over_after_an_hour(name: str) -> None:
    log = {
        "timestamp": 0,
        "message": "m",
        "attributes": {"evt": {"name": "workflows.x"}, "usr": {"email": "a@b.example"}},
    }
    found = told(name, [log], range(100))
    assert [(one.at // MINUTE, str(one.kind), who) for one, _, who in found] == [
        (0, "alert", ["@pagerduty-Okta"]), (60, "recovery", ["@slack-okta"])
    ]  # fmt: skip
    assert "workflows.x" in found[0][1].text
    assert found[1][1].text == "No further workflows.x for an hour."
    assert found[0][1].handles == ()


def test_flows_that_are_throttled_warn_then_alert() -> None:
    found = told("flows throttled", [failure(minute * MINUTE) for minute in range(10)], range(12))
    assert [str(one.kind) for one, _, _ in found] == ["warning", "alert"]
    assert "was slowed down 10 times within 1h, with FLOW_FAIL for one." in found[1][1].text


def test_every_monitor_of_the_pack_is_rehearsed_or_says_why_not() -> None:
    refused = {}
    for name, body in MONITORS.items():
        try:
            LogMonitor(body, everything)
        except NotRehearsed as reason:
            refused[name] = str(reason)
    assert {name for name, body in MONITORS.items() if body["type"] == "query alert"} == set(refused)
    assert all("query alert" in reason for reason in refused.values())
