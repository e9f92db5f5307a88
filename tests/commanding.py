"""The command `datadog-assets` in tests: in a process of its own, or in this one, against a sandbox."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from datadog_assets.cli import run
from datadog_assets.sandbox.app import Sandbox

OUTSIDE = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "OKTA_"))}
"""What a command gets of the environment of the tests: nothing that it asks for."""

ALL_KINDS = """\
pipelines:
  - name: First
    filter: source:first
    place: {before: Second}
    tags: ["team:a"]
    processors:
      - type: pipeline
        name: Nested
        filter: source:first status:error
        processors:
          - type: string-builder-processor
            name: Greets
            template: "Hello %{usr.name}"
            target: greeting
      - type: status-remapper
        name: Status
        sources: [level]
  - name: Second
    filter: source:second
    is_enabled: false
monitors:
  - name: Too many
    type: log alert
    query: 'logs("source:first").index("*").rollup("count").last("5m") > 5'
    message: |
      Look here: $${HOME} costs {{value}}.
    tags: ["team:a", "size:1e3"]
    options: {thresholds: {critical: 5}}
  - name: Disk
    type: query alert
    query: avg(last_5m):avg:system.disk.in_use{*} by {host} > 0.9
    message: It fills up.
notification_rules:
  - name: Told
    filter: {tags: ["team:a"]}
    recipients: [slack-a]
"""
"""Every kind, a place and a nested pipeline: 5 resources."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Command:
    """The command, with what it has around it.

    Attributes:
        folder: where it runs.
        env: all of its environment.
    """

    folder: Path
    env: dict[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a process."""
        return subprocess.Popen(
            [sys.executable, "-m", "datadog_assets", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.env,
        )

    def run(self, *arguments: str) -> Ran:
        """Run it in a process of its own."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=120)
            return Ran(process.returncode, out, err)

    def write(self, text: str, name: str = "assets.yaml") -> str:
        """Write a file into the folder; gives its name."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def saved(self) -> list[dict[str, list[dict[str, object]]]]:
        """Give what the files hold that were made before something was replaced."""
        return [orjson.loads(path.read_bytes()) for path in sorted(self.folder.glob("datadog-before-*.json"))]


def environment(url: str, **more: str) -> dict[str, str]:
    """Give what the command needs, and what is outside of it."""
    needed = {"DD_API_URL": url, "DD_API_KEY": "k", "DD_APP_KEY": "a", "OKTA_ALERT_RECIPIENTS": "slack-okta"}
    return {**OUTSIDE, **needed, **more}


@dataclass(frozen=True, slots=True)
class Here(Command):
    """The same command, run in this process: no slower than it has to be."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Ran:
        """Run it here."""
        with self.monkeypatch.context() as patch:
            for name in os.environ.keys() - self.env.keys():
                patch.delenv(name)
            for name, value in self.env.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            self.capsys.readouterr()
            code = run(arguments)
        out, err = self.capsys.readouterr()
        return Ran(code, out, err)


def names(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Give kind and name of all that a sandbox has, but for Datadog's own; what is there twice is given twice."""
    found = (rule["attributes"] for rule in sandbox.notification_rules)
    rules = [one for one in found if isinstance(one, dict)]
    pipelines = [one for one in sandbox.pipelines if not one["is_read_only"]]
    kinds = {"pipelines": pipelines, "monitors": sandbox.monitors, "notification_rules": rules}
    return sorted((kind, str(one["name"])) for kind, bodies in kinds.items() for one in bodies)


def written(sandbox: Sandbox) -> list[str]:
    """Give the calls that were to change something, as "METHOD path"."""
    found = [call for call in sandbox.calls if call.method != "GET" and not call.path.endswith("/validate")]
    return [f"{call.method} {call.path}" for call in found]
