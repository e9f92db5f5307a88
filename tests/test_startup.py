"""A command loads what it needs and no more: so it starts fast, however much there is beside it."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from relay import terminal

HEAVY = {
    *(
        "asyncio",
        "httpx2",
        "hypercorn",
        "prometheus_client",
        "pydantic",
        "regex",
        "rich",
        "starlette.requests",
    ),
    *("ua_parser", "uvicorn", "uvloop", "xml", "yaml"),
}
"""What takes long to load. `starlette.types` alone, which only names types, does not."""

PARSED = {"pydantic"}
"""What typer checks options with, once there is a command."""
SET = {"asyncio"}
"""What comes with the relay's settings: those of its log know how asyncio cancels."""

RELAY = [
    ("--help", 0, SET),
    ("--nonsense", 64, SET),
    ("--version", 0, SET),
    ("serve --bind nowhere", 1, SET | PARSED),
    ("send-test-event --type NONE", 64, SET | PARSED),
    ("send-test-event --count 1 --url http://127.0.0.1:1/okta/events", 1, SET | PARSED | {"httpx2"}),
    ("check --running", 1, SET | PARSED | {"httpx2"}),
    ("okta-settings --public-url https://relay.example.com", 0, SET | PARSED),
    ("dead-letters list --spool sqlite:none.db", 1, SET | PARSED),
]
"""Each command of the relay, its exit code, and what it may load of what is heavy."""

ASSETS = [
    ("--help", 0, set()),
    ("--nonsense", 64, set()),
    ("init .", 0, PARSED),
    ("schema", 0, PARSED | {"yaml"}),
    ("validate", 0, PARSED | {"yaml"}),
    ("rehearse", 0, PARSED | {"yaml"}),
    ("plan", 1, PARSED | {"yaml"}),  # nothing is sent without keys
    ("sandbox --bind 192.0.2.1:0", 1, PARSED | {"asyncio", "hypercorn", "starlette.requests"}),
]
"""The same for datadog-assets, on the bundled pack."""

SHOWN = """
import sys
before = {*sys.modules}
from PACKAGE.cli import run
code = run(sys.argv[1:])
print(*{*sys.modules} - before, file=sys.stderr)
sys.exit(code)
"""
"""Runs a command; the last line on stderr names the modules that it loaded."""


def start(package: str, arguments: str, folder: Path, **more: str) -> "subprocess.Popen[str]":
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("DD_", "OKTA_", "RELAY_"))}
    return subprocess.Popen(
        [sys.executable, "-c", SHOWN.replace("PACKAGE", package), *arguments.split()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=outside | {"OKTA_ALERT_RECIPIENTS": "slack-okta"} | more,
    )


def heavy(told: str) -> set[str]:
    return HEAVY.intersection(told.splitlines()[-1].split())


def loaded(package: str, arguments: str, folder: Path, code: int) -> set[str]:
    with start(package, arguments, folder) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, out + err
    return heavy(err)


@pytest.mark.parametrize(("arguments", "code", "most"), RELAY, ids=[one[0] for one in RELAY])
def test_a_command_of_the_relay_loads_only_what_it_needs(
    arguments: str, code: int, most: set[str], tmp_path: Path
) -> None:
    assert loaded("relay", arguments, tmp_path, code) <= most


@pytest.mark.parametrize(("arguments", "code", "most"), ASSETS, ids=[one[0] for one in ASSETS])
def test_a_command_of_datadog_assets_loads_only_what_it_needs(
    arguments: str, code: int, most: set[str], tmp_path: Path
) -> None:
    assert loaded("datadog_assets", arguments, tmp_path, code) <= most


def test_serve_loads_its_own_server_and_not_the_other(tmp_path: Path) -> None:
    settings = {"DD_API_KEY": "k", "DD_LOGS_URL": "http://127.0.0.1:1"}
    with start("relay", "serve --bind 127.0.0.1:0", tmp_path, **settings) as process:
        assert process.stderr
        told = [next(line for line in process.stderr if "Taking events on" in line)]
        process.send_signal(signal.SIGTERM)
        told += process.stderr.readlines()
    assert process.returncode == 0, told
    found = heavy(told[-1])
    assert found >= {"hypercorn", "starlette.requests", "httpx2", "prometheus_client"}
    assert not found & {"uvicorn", "rich", "yaml", "regex"}  # uvloop does both good, where it is there


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    with terminal.progress("events", 2) as advance:
        advance()
    assert "events" in screen.getvalue()
    assert "1/2" in screen.getvalue()
