"""The demo: the whole loop on one machine."""

import asyncio
import os
import pty
import re
import select
import signal
import subprocess
import sys

import pytest

from relay import demo
from relay.okta import EVENT_TYPES

RELAY_DEMO = [sys.executable, "-m", "relay", "demo"]


def test_without_a_terminal_it_shows_that_every_event_arrived_and_ends_with_0() -> None:
    done = subprocess.run(
        RELAY_DEMO, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    for event_type in EVENT_TYPES:
        assert event_type in done.stdout
    for made in (
        "pipelines: Okta Workflows\n",
        "monitors: Okta Workflows: flow failures\n",
        "notification_rules: ",
    ):
        assert made in done.stdout
    assert re.search(r"^14 events sent, 14 accepted .* 14 arrived\.$", done.stdout, re.MULTILINE)
    assert re.search(r"FLOW_FAIL +error ", done.stdout)
    assert re.search(r"FLOW_CANCEL +notice ", done.stdout)


def test_it_ends_with_a_failed_flows_way_to_who_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert asyncio.run(demo.once()) == 0
    *_, event, log, monitor, says, told = capsys.readouterr().out.splitlines()
    flow = re.fullmatch(r"  event    FLOW_FAIL of ([\w ]+), execution [0-9a-f-]{36}", event)
    assert flow
    assert re.fullmatch(r"  log      status error, error\.kind \S.*, trace id [0-9a-f-]{36}", log)
    assert monitor == "  monitor  Okta Workflows: flow failures: Warn"
    assert says.startswith(f"  says     The flow **{flow[1]}** failed: ")
    assert told.startswith("  told     @slack-okta, by the rule 'Okta Workflows: who is told'")
    assert max(map(len, (event, log, monitor, says, told))) <= 120


def test_with_input_from_elsewhere_it_ends_even_on_a_terminal() -> None:
    controller, terminal = pty.openpty()
    done = subprocess.run(
        RELAY_DEMO,
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.PIPE,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    os.close(terminal)
    os.close(controller)


def read_until(terminal: int, wanted: bytes) -> bytes:
    """What a terminal shows, up to some text; the bound is only there to end a test that failed."""
    shown = b""
    while wanted not in shown:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, shown
        shown += os.read(terminal, 65536)
    return shown


def test_on_a_terminal_of_the_usual_width_it_goes_on_until_ctrl_c_and_tells_where_to_post() -> None:
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        RELAY_DEMO,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "COLUMNS": "80", "LINES": "40"},
    ) as process:
        try:
            shown = read_until(controller, b"on disk by then")  # the last line above the events
            lines = shown.decode().splitlines()  # a command may be pasted if it breaks at backslashes only
            posting = next(at for at, line in enumerate(lines) if line.startswith("curl"))
            assert lines[posting].endswith("""'{"event_type":"FLOW_FAIL"}' \\""")
            assert lines[posting + 1].endswith("/okta/events")
            assert "send-test-event --type FLOW_FAIL --url http://127.0.0.1:" in lines[posting - 1]
            assert lines[posting - 1].endswith("/okta/events")
            assert lines[posting - 2].endswith("\\")
            assert b"The bundled pack is applied: 14 pipelines" in shown
            assert b"received" in shown
            assert b"delivered" in shown
            read_until(controller, b"@slack-okta: [Warn on {@flow_name:")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
    os.close(controller)
    os.close(terminal)


def test_an_event_that_does_not_arrive_is_named_and_ends_it_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert asyncio.run(demo.once(patience=0.0)) == 1
    shown = capsys.readouterr().out
    assert "14 events sent, 14 accepted" in shown
    assert shown.count("MISSING: FLOW_") == 14
