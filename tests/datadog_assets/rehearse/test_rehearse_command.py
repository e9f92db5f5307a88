"""The command as a person or a pipeline uses it: real processes, without a network."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from commanding import OUTSIDE, Command, Here, Ran
from jsonschema import Draft202012Validator
from rehearsing import ASSETS, FIRST

from datadog_assets import packs
from datadog_assets.load.schema import schema

PASSES = "  - {name: it passes, event: {event_type: FLOW_FAIL}, expect: {status: error}}\n"
FAILS = '  - {name: "it <fails> & \\u0001", event: {event_type: FLOW_X, flow: F}, expect: {status: error, monitors: [Failures]}}\n'
NOT_REHEARSED = "not rehearsed: a monitor of type 'query alert' reads more than logs: only log alert is rehearsed (monitor \"Disk\")"
EVENT = '{"event_type": "FLOW_FAIL", "flow": "F"}'


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path, {**OUTSIDE})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(tmp_path, {**OUTSIDE}, monkeypatch, capsys)


def fed(command: Command, stdin: bytes, *arguments: str) -> Ran:
    """With something on stdin."""
    found = subprocess.run(
        [sys.executable, "-m", "datadog_assets", "rehearse", *arguments],
        input=stdin, capture_output=True, cwd=command.folder, env=command.env, check=False,
    )  # fmt: skip
    return Ran(found.returncode, found.stdout.decode(), found.stderr.decode())


def test_what_passes_is_0(command: Command) -> None:
    ran = command.run("rehearse", command.write(ASSETS + PASSES))
    assert ran == Ran(0, f"passed  it passes\n{NOT_REHEARSED}\n1 of 1 rehearsals passed.\n", "")


def test_what_fails_is_1_and_says_where_what_and_why(command: Command) -> None:
    ran = command.run("rehearse", command.write(ASSETS + PASSES + FAILS))
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines() == [
        "passed  it passes",
        f"FAILED  it <fails> & \\u0001 (assets.yaml:{FIRST + 1})",
        '        status: is "info", not "error"',
        "        monitors: 'Failures' has no change; what happens is: nothing",
        "        hint: Flows > 1. lookup-processor: 'FLOW_X' is not in the table: the default, 'info', is written",
        "        hint: the search of 'Failures' finds 0 of 1 logs: source:okta-workflows-els status:error; it alerts at count by @flow >= 2 within 5 m",
        NOT_REHEARSED,
        "1 of 2 rehearsals passed.",
    ]


def test_what_was_told_is_shown_when_it_fails_but_not_without_end(here: Here) -> None:
    events = ", ".join(f"{{event: {{event_type: FLOW_FAIL, flow: F{number}}}}}" for number in range(25))
    ran = here.run(
        "rehearse", here.write(ASSETS + f"  - {{name: r, events: [{events}], expect: {{monitors: []}}}}\n")
    )
    told = [line for line in ran.out.splitlines() if line.startswith("        told: ")]
    assert (
        told[0]
        == "        told: 2026-01-05T09:00:00.000Z [Warn on {@flow:F0}] Failures to @slack-said, @slack-a"
    )
    assert len(told) == 21
    assert told[-1] == "        told: 5 more; --output json shows all"


def test_the_pack_passes(command: Command) -> None:
    ran = command.run("rehearse", "--var", "alert_recipients=slack-okta")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("15 of 15 rehearsals passed.\n")
    assert ran.out.count("not rehearsed: ") == 2


def test_a_folder_holds_rehearsals_beside_what_they_rehearse(here: Here) -> None:
    here.write(ASSETS.removesuffix("rehearsals:\n"))
    here.write(f"rehearsals:\n{FAILS}", "rehearsals.yaml")
    ran = here.run("rehearse", ".")
    assert (ran.code, ran.err) == (1, "")
    assert "(rehearsals.yaml:2)" in ran.out


@pytest.mark.parametrize("text", [ASSETS, ASSETS.removesuffix("rehearsals:\n"), ""])
def test_without_a_rehearsal_it_is_told_how_to_write_one(here: Here, text: str) -> None:
    ran = here.run("rehearse", here.write(text))
    line = "datadog-assets: There is no rehearsal: the YAML has no section rehearsals. --help shows one.\n"
    assert ran == Ran(1, "", line)


def test_the_help_shows_a_rehearsal_that_loads(here: Here) -> None:
    ran = here.run("rehearse", "--help")
    lines = ran.out.partition("rehearsals:\n")[2].partition("\n\n")[0].splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip()) - 2
    shown = "\n".join(line[indent:] for line in lines) + "\n"
    assets = packs.read(packs.OKTA).partition("\nrehearsals:\n")[0]
    here.write(f"{assets}\nrehearsals:\n{shown}")
    ran = here.run("rehearse", "assets.yaml", "--var", "alert_recipients=slack-okta")
    assert (ran.code, ran.err) == (0, "")
    assert "passed  a failed flow is told to the channel" in ran.out


def test_faults_of_the_yaml_are_told_as_everywhere(here: Here) -> None:
    ran = here.run("rehearse", here.write(ASSETS + "  - {name: r}\n"))
    assert ran == Ran(
        1, "", f"datadog-assets: assets.yaml:{FIRST}: rehearsals[0]: needs one of event, log and events\n"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--event", "-", "--output", "junit"], "Invalid value for --output: junit is for rehearsals, not for one event"),
        (["--output", "xml"], "Invalid value for '--output': Value error, 'xml' is not one of 'text', 'json', 'junit'"),
        (["--event"], "Option '--event' requires an argument"),
        (["--events", "x"], "No such option: --events"),
    ],
)  # fmt: skip
def test_wrong_usage_is_64(here: Here, arguments: list[str], says: str) -> None:
    ran = here.run("rehearse", *arguments)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith(f"datadog-assets: {says}")
    assert ran.err.endswith("(datadog-assets --help tells more)\n")


def test_json_is_what_its_documentation_promises(here: Here) -> None:
    text = "  - {name: r, events: [{event: {event_type: FLOW_FAIL, flow: F}}, {log: {message: m, timestamp: 0}}], expect: {notifies: []}}\n"
    ran = here.run("rehearse", here.write(ASSETS + PASSES + text), "--output", "json")
    assert (ran.code, ran.err) == (1, "")
    found: dict[str, Any] = json.loads(ran.out)
    assert list(found) == ["format", "passed", "failed", "rehearsals", "monitors_not_rehearsed"]
    assert (found["format"], found["passed"], found["failed"]) == (1, 1, 1)
    assert list(found["monitors_not_rehearsed"]) == ["Disk"]
    _, failed = found["rehearsals"]
    assert list(failed) == [
        "name",
        "file",
        "line",
        "passed",
        "faults",
        "hints",
        "logs",
        "notifications",
        "not_rehearsed",
    ]
    assert (failed["name"], failed["file"], failed["line"], failed["passed"]) == (
        "r",
        "assets.yaml",
        FIRST + 1,
        False,
    )
    assert [one["dropped"] for one in failed["logs"]] == [False, True]
    assert [one["log"]["status"] for one in failed["logs"]] == ["error", "info"]
    (told,) = failed["notifications"]
    assert (told["monitor"], told["kind"], told["value"], told["threshold"]) == ("Failures", "warning", 1, 1)
    assert {one["handle"] for one in told["told"]} == {"@slack-said", "@slack-a"}
    assert failed["faults"][0].startswith("Datadog drops the log: ")


def test_junit_has_a_case_for_each_rehearsal(here: Here) -> None:
    ran = here.run("rehearse", here.write(ASSETS + PASSES + FAILS), "--output", "junit")
    assert (ran.code, ran.err) == (1, "")
    suites = ET.fromstring(ran.out)
    assert (suites.tag, suites.attrib) == ("testsuites", {"tests": "2", "failures": "1"})
    (suite,) = suites
    assert suite.attrib == {"name": "datadog-assets rehearse", "tests": "2", "failures": "1"}
    passed, failed = suite
    assert passed.attrib == {
        "name": "it passes",
        "classname": "rehearsals",
        "file": "assets.yaml",
        "line": str(FIRST),
    }
    assert list(passed) == []
    assert (failed.attrib["name"], failed.attrib["line"]) == ("it <fails> & \ufffd", str(FIRST + 1))
    (failure,) = failed
    assert failure.tag == "failure"
    assert failure.attrib == {"message": 'status: is "info", not "error"'}
    assert (failure.text or "").splitlines()[
        1
    ] == "monitors: 'Failures' has no change; what happens is: nothing"


def test_an_event_is_followed_from_a_file_or_from_stdin(command: Command) -> None:
    path, event = command.write(ASSETS), command.write(EVENT, "event.json")
    ran = command.run("rehearse", path, "--event", event)
    assert (ran.code, ran.err) == (0, "")
    assert '  ~ status: "info" -> "error"' in ran.out
    assert "[Warn on {@flow:F}] Failures to @slack-said, @slack-a" in ran.out
    piped = fed(command, EVENT.encode(), path, "--event", "-")
    assert piped.code == 0
    assert piped.out.splitlines()[6:13] == ran.out.splitlines()[6:13]


def test_a_byte_order_mark_is_no_part_of_an_event(command: Command) -> None:
    path = command.write(ASSETS)
    (command.folder / "event.json").write_bytes(b"\xef\xbb\xbf" + EVENT.encode())
    assert command.run("rehearse", path, "--event", "event.json").code == 0
    assert fed(command, b"\xef\xbb\xbf" + EVENT.encode(), path, "--event", "-").code == 0


def test_an_event_may_be_a_whole_entry(command: Command) -> None:
    entry = json.dumps({"message": EVENT, "ddsource": "okta-workflows-els", "hostname": "h", "service": "s"})
    ran = fed(command, entry.encode(), command.write(ASSETS), "--event", "-", "--output", "json")
    found: dict[str, Any] = json.loads(ran.out)
    assert (found["after"]["service"], found["after"]["host"], found["after"]["status"]) == (
        "s",
        "h",
        "error",
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "event.json:1: is no JSON: Expecting value."),
        (b'{\n  "a": 1,\n  b\n}', "event.json:3: is no JSON: Expecting property name enclosed in double quotes."),
        (b"[{}]", "event.json: is no JSON object; give one event."),
        (b'"text"', "event.json: is no JSON object; give one event."),
        (b'{"a": 1}\n{"a": 2}', "event.json:2: is no JSON: Extra data."),
        (b'{"a": NaN}', "event.json: is no JSON that can be read."),
        (b'{"a": ' + b"9" * 5000 + b"}", "event.json: is no JSON that can be read."),
        (b'{"a": ' + b"[" * 200_000, "event.json: is no JSON that can be read."),
        (b'{"message": "m", "ddsource": "x", "a": ' + b"[" * 150 + b"]" * 150 + b"}", "event.json: is nested too deeply."),
        (b'{"a": "\xff"}', "event.json is not UTF-8 text."),
    ],
)  # fmt: skip
def test_what_is_no_event_is_one_line(here: Here, content: bytes, says: str) -> None:
    (here.folder / "event.json").write_bytes(content)
    ran = here.run("rehearse", here.write(ASSETS), "--event", "event.json")
    assert ran == Ran(1, "", f"datadog-assets: {says}\n")


def test_stdin_is_told_by_its_name(command: Command) -> None:
    path = command.write(ASSETS)
    says = "datadog-assets: stdin:2: is no JSON: Extra data.\n"
    assert fed(command, b"{}\n{}", path, "--event", "-") == Ran(1, "", says)
    assert fed(command, b"\xff", path, "--event", "-").err == "datadog-assets: stdin is not UTF-8 text.\n"


def test_a_file_that_is_no_event_is_told_by_its_name(here: Here) -> None:
    path, event = here.write(ASSETS), here.write("{\n}}", "event.json")
    assert (
        here.run("rehearse", path, "--event", event).err
        == "datadog-assets: event.json:2: is no JSON: Extra data.\n"
    )
    ran = here.run("rehearse", path, "--event", "nowhere.json")
    assert ran == Ran(1, "", "datadog-assets: nowhere.json cannot be read: No such file or directory.\n")


@pytest.mark.parametrize(
    "content", [b'{"a": "\\ud800", "b": {"c.d": [1, null]}}', b"{}", b'{"a":"\\u0000\\u001b[31m"}']
)
def test_any_object_is_an_event(command: Command, content: bytes) -> None:
    path = command.write(ASSETS)
    for output in ("text", "json"):
        ran = fed(command, content, path, "--event", "-", "--output", output)
        assert (ran.code, ran.err) == (0, "")
        assert "\x1b" not in ran.out


SECRET = 'p"ä&<\\s'
SECRETS = (
    f"variables:\n  hook: {{default: {json.dumps(SECRET)}, secret: true}}\n  number: {{default: 48151, secret: true}}\n"
    + ASSETS.replace("team:x", "team:${hook}").replace("Failures", "F ${hook}")
)


@pytest.mark.parametrize("output", ["text", "json", "junit"])
def test_secrets_are_never_shown(here: Here, output: str) -> None:
    rehearsal = (
        "  - name: about ${hook}\n    event: {event_type: FLOW_FAIL, flow: \"${hook}\", number: \"${number}\", pin: 48151}\n"
        "    expect: {status: \"${hook}\", monitors: [], message: x, attributes: {\"${hook}\": 1, pin: 2}}\n"
    )  # fmt: skip
    ran = here.run("rehearse", here.write(SECRETS + rehearsal), "--output", output)
    assert (ran.code, ran.err) == (1, "")
    hidden(ran.out, output)


@pytest.mark.parametrize("output", ["text", "json"])
def test_secrets_are_never_shown_of_an_event(command: Command, output: str) -> None:
    event = json.dumps({"event_type": "FLOW_FAIL", "flow": SECRET, SECRET: [SECRET], "pin": 48151})
    ran = fed(command, event.encode(), command.write(SECRETS), "--event", "-", "--output", output)
    assert (ran.code, ran.err) == (0, "")
    hidden(ran.out, output)


def hidden(text: str, output: str) -> None:
    """No form of the secrets is there, and what is read again is still whole."""
    assert "(secret)" in text
    assert "ä" not in text
    assert "\\u00e4" not in text
    assert "48151" not in text
    if output == "json":
        assert 'p"' not in str(json.loads(text))
    if output == "junit":
        assert 'p"' not in "".join(ET.fromstring(text).itertext())


def on_a_terminal(command: Command, *arguments: str) -> bytes:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            [sys.executable, "-m", "datadog_assets", *arguments],
            stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=command.folder, env=command.env,
        )  # fmt: skip
        os.close(theirs)
        said = b""
        with process, suppress(OSError):  # EIO: nobody has the other end any more
            while chunk := os.read(terminal.fileno(), 65536):
                said += chunk
    assert process.returncode == 0
    return said


@pytest.mark.parametrize("event", [[], ["--event", "event.json"]])
def test_colours_are_for_terminals_that_want_them(command: Command, event: list[str]) -> None:
    command.write(EVENT, "event.json")
    arguments = ["rehearse", command.write(ASSETS + PASSES), *event]
    assert b"\x1b[32m" in on_a_terminal(command, *arguments)
    assert "\x1b" not in command.run(*arguments).out
    command.env["NO_COLOR"] = "1"
    assert b"\x1b" not in on_a_terminal(command, *arguments)


def test_editors_know_what_a_rehearsal_may_be() -> None:
    rehearsal = {
        "name": "r",
        "events": [{"event": {"a": 1}, "times": "${so_many}", "every": "5m", "after": "1h"}],
        "until": "2d",
        "begin": "2026-01-05T09:00:00Z",
        "expect": {
            "monitors": ["A", {"name": "B", "notifies": "a, b"}],
            "notifies": "${who}",
            "attributes": {"a": None},
        },
    }
    validator = Draft202012Validator(schema())
    assert list(validator.iter_errors({"rehearsals": [rehearsal]})) == []
    faults: list[dict[str, object]] = [{"until": 5}, {"expct": {}}, {"expect": {"monitors": [5]}}]
    for wrong in faults:
        assert list(validator.iter_errors({"rehearsals": [rehearsal | wrong]}))
