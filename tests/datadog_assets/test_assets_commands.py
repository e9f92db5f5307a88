"""The commands as a person or a pipeline uses them: real processes against a sandbox on a real socket."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import orjson
import pytest
from commanding import ALL_KINDS, OUTSIDE, Command, Here, Ran, environment, names, written

from datadog_assets.resource import MANAGED_TAG
from datadog_assets.sandbox.app import Sandbox


@pytest.fixture
def command(url: str, tmp_path: Path) -> Command:
    return Command(tmp_path, environment(url))


@pytest.fixture
def here(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    return Here(tmp_path, environment(url), monkeypatch, capsys)


@pytest.mark.parametrize(("file", "count"), [(None, 14), ("assets.yaml", 5)])
def test_plan_says_2_apply_does_it_and_then_there_is_nothing_to_do(
    command: Command, sandbox: Sandbox, file: str | None, count: int
) -> None:
    command.write(ALL_KINDS)
    paths = [file] if file else []
    first = command.run("plan", *paths, "--detailed-exitcode")
    assert (first.code, first.err) == (2, "")
    assert f"Plan: {count} to create, 0 to update, 0 to delete, " in first.out
    assert names(sandbox) == []
    applied = command.run("apply", *paths, "--yes")
    assert applied.code == 0
    assert applied.out == first.out
    assert applied.err.endswith("Done.\n")
    assert len(names(sandbox)) == len(set(names(sandbox))) == count
    second = command.run("plan", *paths, "--detailed-exitcode")
    assert second == Ran(0, "No change: Datadog is as declared.\n", "")
    before = written(sandbox)
    assert command.run("apply", *paths) == second
    assert written(sandbox) == before
    assert command.saved() == []


def test_what_has_tags_is_marked_as_managed_and_a_place_is_kept(here: Here, sandbox: Sandbox) -> None:
    assert here.run("apply", here.write(ALL_KINDS), "--yes").code == 0
    assert [one["name"] for one in sandbox.pipelines] == ["First", "Second"]
    for one in [*sandbox.pipelines, *sandbox.monitors]:
        assert isinstance(one["tags"], list)
        assert MANAGED_TAG in one["tags"]
    assert "${HOME}" in str(sandbox.monitors[0]["message"])


def test_without_a_terminal_apply_and_destroy_need_yes(command: Command, sandbox: Sandbox) -> None:
    nobody = "Nothing was changed: nobody can be asked here. Look at the plan, then use --yes."
    for verb in ("apply", "destroy"):
        if verb == "destroy":
            assert command.run("apply", "--yes").code == 0
        before = written(sandbox)
        ran = command.run(verb)
        assert (ran.code, ran.err) == (os.EX_USAGE, f"datadog-assets: {nobody}\n")
        assert "Plan: " in ran.out
        assert written(sandbox) == before
    assert command.saved() == []


def on_a_terminal(command: Command, answer: bytes | signal.Signals, *arguments: str) -> tuple[int, str]:
    """Run it on a terminal, and type that, or send it, once it asks."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb+", buffering=0) as terminal:
        process = subprocess.Popen(
            [sys.executable, "-m", "datadog_assets", *arguments],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=command.folder, env=command.env,
        )  # fmt: skip
        os.close(theirs)
        said = b""
        with process:
            while chunk := read(terminal.fileno()):
                said += chunk
                if not said.endswith(b"does: "):
                    continue
                if isinstance(answer, bytes):
                    terminal.write(answer)
                else:
                    wait_until_asleep(process.pid)
                    process.send_signal(answer)
                    while not select.select([terminal], [], [], 2.0)[0]:
                        process.send_signal(
                            answer
                        )  # it slept for another reason, just before it began to read
    return process.returncode, said.decode()


def wait_until_asleep(pid: int) -> None:
    """Until it waits for the answer: a signal between the question and that is noticed with the next one only."""
    while not subprocess.check_output(["ps", "-o", "state=", "-p", str(pid)], text=True).startswith("S"):
        pass


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: nobody has the other end any more
        return b""


def test_on_a_terminal_it_asks_and_a_yes_goes_on(command: Command, sandbox: Sandbox) -> None:
    code, said = on_a_terminal(command, b"yes\n", "apply")
    assert (code, len(names(sandbox))) == (0, 14)
    assert "\x1b[32m+ create pipeline" in said
    assert "monitors in Datadog: 0\r\n" in said
    assert said.endswith("Done.\r\n")


@pytest.mark.parametrize("typed", [b"y\n", b"\n", b"YES\n", b"no\n", b"\x04"])
def test_on_a_terminal_anything_else_changes_nothing(
    command: Command, sandbox: Sandbox, typed: bytes
) -> None:
    code, said = on_a_terminal(command, typed, "apply")
    assert (code, written(sandbox)) == (1, [])
    assert said.endswith("datadog-assets: Nothing was changed.\r\n")


def test_ctrl_c_at_the_question_is_one_line(command: Command, sandbox: Sandbox) -> None:
    code, said = on_a_terminal(command, signal.SIGINT, "apply")
    assert (code, written(sandbox)) == (130, [])
    assert said.endswith("does: datadog-assets: interrupted\r\n")


def test_no_color_leaves_the_colours_out(command: Command) -> None:
    command.env["NO_COLOR"] = "1"
    code, said = on_a_terminal(command, b"", "plan")
    assert code == 0
    assert "\x1b" not in said


def test_json_is_all_of_stdout_and_a_warning_goes_to_stderr(command: Command) -> None:
    warned = ALL_KINDS.replace("type: query alert", "type: brand new alert")
    ran = command.run("plan", command.write(warned), "--output", "json")
    found = json.loads(ran.out)
    assert (found["format"], found["counts"]["create"]) == (1, 5)
    assert ran.code == 0
    assert ran.err.startswith("warning: assets.yaml:")
    assert ran.err.count("\n") == 1


def test_markdown_is_for_pull_requests(here: Here) -> None:
    ran = here.run("plan", "--output", "markdown")
    assert (ran.code, ran.err) == (0, "")
    assert "Okta Workflows: flow failures" in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan", "--nonsense"], "No such option: --nonsense"),
        (["plan", "--output", "xml"], "Invalid value for '--output': Value error, 'xml' is not one of 'text', 'json', 'markdown'"),
        (["plan", "--var", "env"], "Invalid value for --var: env is not NAME=VALUE"),
        (["apply", "--var", "=x"], "Invalid value for --var: =x is not NAME=VALUE"),
        (["destroy", "--prune"], "No such option: --prune"),
        (["export", "--kind", "monitor"], "Invalid value for --kind: monitor is none of pipelines, notification_rules, monitors"),
        (["init"], "Missing argument 'DIR'"),
    ],
)  # fmt: skip
def test_wrong_usage_is_64(here: Here, arguments: list[str], says: str) -> None:
    ran = here.run(*arguments)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err == f"datadog-assets: {says} (datadog-assets --help tells more)\n"


def test_what_cannot_be_used_is_1_with_every_fault(here: Here, sandbox: Sandbox) -> None:
    file = here.write("monitors:\n  - name: M\n    type: log alert\npipelines: 5\n")
    for verb in ("plan", "apply", "destroy", "validate"):
        ran = here.run(verb, file)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.splitlines() == [
            "datadog-assets: assets.yaml:2: monitors[0].query: is missing",
            "datadog-assets: assets.yaml:4: pipelines: is no list; each entry begins with a dash",
        ]
    assert sandbox.calls == []


def test_without_keys_it_is_1_and_says_which(here: Here, sandbox: Sandbox) -> None:
    del here.env["DD_API_KEY"], here.env["DD_APP_KEY"]
    ran = here.run("apply", "--yes")
    assert ran.code == 1
    assert [line.split(": is not set")[0] for line in ran.err.splitlines()] == [
        "datadog-assets: DD_API_KEY",
        "datadog-assets: DD_APP_KEY",
    ]
    assert sandbox.calls == []


def test_a_plan_with_problems_is_1_and_cannot_be_applied(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    client.post("/api/v1/logs/config/pipelines", json={"name": "Second", "filter": {"query": "x"}})
    file = here.write(ALL_KINDS)
    assert here.run("plan", file, "--detailed-exitcode").code == 1
    before = written(sandbox)
    ran = here.run("apply", file, "--yes")
    assert ran.code == 1
    assert (
        ran.err == "datadog-assets: Nothing was changed: the plan cannot be applied while it has problems.\n"
    )
    assert written(sandbox) == before


def test_a_kept_plan_is_carried_out_later(command: Command, sandbox: Sandbox) -> None:
    file = command.write(ALL_KINDS)
    assert command.run("plan", file, "--out", "a.plan", "--detailed-exitcode").code == 2
    assert (command.folder / "a.plan").stat().st_mode & 0o777 == 0o600
    (command.folder / file).unlink()
    ran = command.run("apply", "a.plan")
    assert (ran.code, written(sandbox)) == (64, [])
    assert command.run("apply", "a.plan", "--yes").code == 0
    assert len(names(sandbox)) == 5


def test_a_kept_plan_of_one_kind_deletes_what_of_the_others_is_not_declared(
    here: Here, sandbox: Sandbox
) -> None:
    here.run("apply", here.write(ALL_KINDS), "--yes")
    only = here.write("monitors:\n  - {name: Only, type: query alert, query: 'avg(last_5m):avg:a{*} > 1'}\n")
    assert here.run("plan", only, "--prune", "--out", "a.plan").code == 0
    assert here.run("apply", "a.plan", "--yes").code == 0
    assert sorted(names(sandbox)) == [("monitors", "Only"), ("notification_rules", "Told")]


def test_a_kept_plan_is_refused_once_datadog_has_changed(
    here: Here, client: httpx2.Client, sandbox: Sandbox
) -> None:
    here.run("plan", here.write(ALL_KINDS), "--out", "a.plan")
    client.post("/api/v1/logs/config/pipelines", json={"name": "Second", "tags": [MANAGED_TAG]})
    before = written(sandbox)
    ran = here.run("apply", "a.plan", "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[-1] == (
        "datadog-assets: Datadog has changed since a.plan was made; nothing was changed. Plan anew."
    )
    assert 'create pipeline "Second": is not to be done any more' in ran.err
    assert written(sandbox) == before


def test_a_kept_plan_is_refused_elsewhere(here: Here, url: str, sandbox: Sandbox) -> None:
    here.run("plan", "--out", "a.plan")
    elsewhere = url.replace("127.0.0.1", "localhost")
    here.env["DD_API_URL"] = elsewhere
    ran = here.run("apply", "a.plan", "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"datadog-assets: a.plan was made for {url}, not for {elsewhere}. Set DD_SITE, or plan anew.\n"
    )
    assert written(sandbox) == []


@pytest.mark.parametrize("option", [["--adopt"], ["--prune"], ["--force"], ["--var", "env=x"]])
def test_a_kept_plan_has_its_options_already(here: Here, sandbox: Sandbox, option: list[str]) -> None:
    here.run("plan", "--out", "a.plan")
    ran = here.run("apply", "a.plan", "--yes", *option)
    assert (ran.code, ran.out, written(sandbox)) == (64, "", [])
    assert ran.err == (
        f"datadog-assets: Invalid value for {option[0]}: a.plan is a kept plan, made with its own options; "
        "plan anew (datadog-assets --help tells more)\n"
    )


def test_init_writes_the_pack_once(command: Command) -> None:
    ran = command.run("init", "assets/okta")
    path = "assets/okta/okta_workflows.yaml"
    assert ran == Ran(0, f"{path}\n", "Next: datadog-assets plan assets/okta\n")
    (command.folder / path).write_text("mine")
    assert command.run("init", "assets/okta") == Ran(
        1, "", f"datadog-assets: {path} is there already. Delete it, or choose another folder.\n"
    )
    assert (command.folder / path).read_text() == "mine"


def test_what_init_wrote_plans_as_the_bundled_pack(here: Here) -> None:
    here.run("init", "assets")
    ours, bundled = here.run("plan", "assets"), here.run("plan")
    assert ours.out.replace("assets/okta", "okta") == bundled.out


def test_init_says_why_it_cannot_write(here: Here) -> None:
    here.write("", "taken")
    assert here.run("init", "taken") == Ran(
        1, "", "datadog-assets: taken/okta_workflows.yaml cannot be written: File exists.\n"
    )


def test_validate_asks_nobody_and_needs_no_key(here: Here, sandbox: Sandbox) -> None:
    del here.env["DD_API_KEY"], here.env["DD_APP_KEY"]
    assert here.run("validate") == Ran(0, "pipelines: 1\nnotification_rules: 1\nmonitors: 12\n", "")
    assert here.run("validate", here.write(ALL_KINDS)).out == (
        "pipelines: 2\nnotification_rules: 1\nmonitors: 2\n"
    )
    assert sandbox.calls == []


def test_schema_is_json_alone(command: Command) -> None:
    ran = command.run("schema")
    assert (ran.code, ran.err) == (0, "")
    assert orjson.loads(ran.out)["properties"].keys() >= {"variables", "pipelines", "monitors"}


def test_without_recipients_the_error_says_what_to_set(here: Here, sandbox: Sandbox) -> None:
    del here.env["OKTA_ALERT_RECIPIENTS"]
    ran = here.run("plan")
    assert (ran.code, ran.out, sandbox.calls) == (1, "", [])
    for line in ran.err.splitlines():
        assert "variable alert_recipients, which has no value: set OKTA_ALERT_RECIPIENTS" in line


def test_a_closed_stdout_is_one_line(command: Command) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, "-m", "datadog_assets", "schema"],
        stdout=writing, stderr=subprocess.PIPE, env=OUTSIDE, text=True,
    ) as process:  # fmt: skip
        os.close(writing)
        _, err = process.communicate(timeout=60)
    assert "Traceback" not in err


@pytest.fixture(autouse=True)
def _nothing_left(tmp_path: Path) -> Iterator[None]:
    yield
    assert list(tmp_path.glob(".*")) == []
