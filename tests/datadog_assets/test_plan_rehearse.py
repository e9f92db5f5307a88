"""What `plan --rehearse` says of changes: what they do to the events of the rehearsals."""

import json
from pathlib import Path

import pytest
from commanding import Command, environment

ASSETS = """
pipelines:
  - name: Flows
    filter: source:okta-workflows-els
    processors:
      - {type: lookup-processor, source: event_type, target: level, lookup_table: {FLOW_FAIL: STATUS}}
      - {type: status-remapper, sources: [level]}
monitors:
  - name: Failures
    type: log alert
    query: 'logs("status:error").index("*").rollup("count").by("@flow_name").last("5m") >= THRESHOLD'
    message: "It failed. @slack-message"
    tags: ["team:x"]
notification_rules:
  - name: Who
    filter: {tags: ["team:x"]}
    recipients: [RECIPIENT]
rehearsals:
  - name: one failure
    event: {event_type: FLOW_FAIL, flow_name: Onboard}
  - name: two more, and a start
    events:
      - {event: {event_type: FLOW_FAIL, flow_name: Offboard}, times: 2}
      - {event: {event_type: FLOW_START, flow_name: Offboard}}
"""


def assets(status: str = "error", threshold: int = 1, recipient: str = "slack-a") -> str:
    text = ASSETS.replace("STATUS", status).replace("THRESHOLD", str(threshold))
    return text.replace("RECIPIENT", recipient)


@pytest.fixture
def command(url: str, tmp_path: Path) -> Command:
    command = Command(tmp_path, environment(url))
    assert command.run("apply", command.write(assets()), "--yes").code == 0
    return command


def rehearsed(command: Command, text: str, *more: str) -> list[str]:
    ran = command.run("plan", command.write(text), "--rehearse", *more)
    assert (ran.code, ran.err) == (0, "")
    return [line.strip() for line in ran.out.splitlines() if "rehearsed: " in line]


def test_a_pipeline_that_changes_tells_how_many_logs_change_and_who_is_told(command: Command) -> None:
    assert rehearsed(command, assets(status="warning")) == [
        "rehearsed: 3 of 4 logs go from error to warn",
        "rehearsed: 3 of 4 logs change attributes.level",
        "rehearsed: in 2 of 2 rehearsals 'Failures' (alert) is no longer told to @slack-a",
        "rehearsed: in 2 of 2 rehearsals 'Failures' (alert) is no longer told to @slack-message",
    ]


def test_a_monitor_that_changes_tells_who_is_no_longer_told(command: Command) -> None:
    assert rehearsed(command, assets(threshold=2)) == [
        "rehearsed: in 1 of 2 rehearsals 'Failures' (alert) is no longer told to @slack-a",
        "rehearsed: in 1 of 2 rehearsals 'Failures' (alert) is no longer told to @slack-message",
    ]


def test_a_rule_that_changes_tells_who_is_told_instead(command: Command) -> None:
    assert rehearsed(command, assets(recipient="slack-b")) == [
        "rehearsed: in 2 of 2 rehearsals 'Failures' (alert) is told to @slack-b, and was not",
        "rehearsed: in 2 of 2 rehearsals 'Failures' (alert) is no longer told to @slack-a",
    ]


def test_a_change_that_does_nothing_to_them_says_so(command: Command) -> None:
    other = assets().replace("It failed.", "A flow failed.")
    assert rehearsed(command, other) == ["rehearsed: nothing changes for 4 logs"]


def test_changes_are_tried_one_after_the_other_so_that_a_first_plan_tells_who_will_be_told(
    url: str, tmp_path: Path
) -> None:
    command = Command(tmp_path, environment(url))
    assert rehearsed(command, assets()) == [
        "rehearsed: 3 of 4 logs go from info to error",
        "rehearsed: 3 of 4 logs get attributes.level",
        "rehearsed: nothing changes for 4 logs",
        "rehearsed: in 2 of 2 rehearsals 'Failures' (alert) is told to @slack-a, and was not",
        "rehearsed: in 2 of 2 rehearsals 'Failures' (alert) is told to @slack-message, and was not",
    ]


def test_a_monitor_that_is_not_rehearsed_says_so(command: Command) -> None:
    metric = "  - {name: M, type: query alert, query: 'avg(last_5m):avg:a{*} > 1', message: m}\n"
    text = assets().replace("notification_rules:", f"{metric}notification_rules:")
    [line] = rehearsed(command, text)
    assert line.startswith("rehearsed: not at all: a monitor of type 'query alert'")


def test_json_and_markdown_say_it_too(command: Command) -> None:
    path = command.write(assets(recipient="slack-b"))
    [change] = json.loads(command.run("plan", path, "--rehearse", "--output", "json").out)["changes"]
    assert change["effects"][0].startswith("in 2 of 2 rehearsals 'Failures' (alert) is told to @slack-b")
    assert "# rehearsed: in 2 of 2 rehearsals 'Failures' (alert) is told to @slack-b" in (
        command.run("plan", path, "--rehearse", "--output", "markdown").out
    )
    [change] = json.loads(command.run("plan", path, "--output", "json").out)["changes"]
    assert change["effects"] == []


def test_without_a_rehearsal_it_is_told_how_to_write_one(command: Command) -> None:
    ran = command.run("plan", command.write(assets().partition("rehearsals:")[0]), "--rehearse")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("datadog-assets: --rehearse: the YAML has no rehearsals")
