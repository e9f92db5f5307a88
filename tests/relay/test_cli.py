"""The commands as a person types them."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import API_KEY, NOWHERE, environment, relay_process, sandbox, until

from datadog_assets.sandbox.server import run_sandbox
from relay import __version__, cli
from relay.settings import VARIABLES


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user's shell with nothing set, in an empty folder."""
    for name in os.environ:
        if name.startswith(("DD_", "RELAY_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


async def run(*arguments: str, **env: str) -> tuple[int, str, str]:
    """Run `relay ARGUMENTS` as a process; gives its exit code, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "relay",
        *arguments,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    stdout, stderr = await process.communicate()
    return process.returncode or 0, stdout.decode(), stderr.decode()


@pytest.mark.parametrize(
    ("env", "line"),
    [
        (
            {"DD_SITE": "datadoghq.co"},
            "DD_SITE: is none of datadoghq.com, us3.datadoghq.com, us5.datadoghq.com, datadoghq.eu, ap1.datadoghq.com, ap2.datadoghq.com, uk1.datadoghq.com, ddog-gov.com, us2.ddog-gov.com. Did you mean datadoghq.com?",
        ),
        (
            {"DD_API_KEY": " "},
            "DD_API_KEY: is not set. Set it to an API key of your Datadog organization, or DD_API_KEY_FILE to a file that holds one.",
        ),
        (
            {"DD_API_KEY": "", "DD_API_KEY_FILE": "no/such/file"},
            "DD_API_KEY_FILE: the file that it names cannot be read: No such file or directory. Check the path and its permissions.",
        ),
        (
            {"RELAY_SPOOL": "sqlite:no/such/folder/spool.db"},
            "The directory of the spool 'no/such/folder/spool.db' does not exist. Make it, or set RELAY_SPOOL.",
        ),
        (
            {"RELAY_SPOOL": "sqlite:/proc/spool.db"},
            "The spool /proc/spool.db cannot be written: No such file or directory. Give this user the right, or set RELAY_SPOOL.",
        ),
        (
            {"RELAY_SPOOL": "postgres:here"},
            "RELAY_SPOOL: names no engine. Write sqlite:PATH.",
        ),
        (
            {"RELAY_BIND": "0.0.0.0:0", "RELAY_TOKEN": ""},
            "RELAY_TOKEN: is not set, and 0.0.0.0 can be reached from other machines. Set it to a long random text, or bind to 127.0.0.1.",
        ),
        ({"RELAY_BIND": "here"}, "RELAY_BIND: is no host:port, such as 0.0.0.0:8080 or [::1]:8080."),
        (
            {"RELAY_BIND": "two..dots:1"},
            "RELAY_BIND: cannot listen on two..dots:1: no such name. Choose another address, or stop what uses it.",
        ),
        (
            {"HTTPS_PROXY": "http://proxy.example:port"},
            "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE, SSL_CERT_DIR: one of them is no URL such as http://proxy.example:3128. A password's special signs are written as %23 and the like.",
        ),
    ],
)
def test_serve_tells_a_bad_setting_in_one_line_with_what_to_do_and_ends_with_1(
    tmp_path: Path, env: dict[str, str], line: str
) -> None:
    given = {**environment(tmp_path / "spool.db", NOWHERE), **env}
    code, stdout, stderr = asyncio.run(run("serve", **given))
    assert (code, stdout, stderr) == (1, "", f"relay: {line}\n")


def test_serve_tells_every_bad_setting_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DD_SITE", "nowhere")
    monkeypatch.setenv("RELAY_BATCH_WAIT", "soon")
    assert cli.run(["serve"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1] for line in lines] == [" DD_SITE", " RELAY_BATCH_WAIT", " DD_API_KEY"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["serve", "--no-such-flag"],
        ["send-test-event", "--type", "FLOW_DANCE"],
        ["send-test-event", "--count", "0"],
        ["send-test-event", "--verify", "--count", "3"],
        ["send-test-event", "--rate", "fast"],
        ["send-test-event", "--url", "localhost:8080"],
        ["send-test-event", "--url", "http://127.0.0.1:99999"],
        ["okta-settings", "--public-url", "http://relay.example.com"],
        ["okta-settings", "--public-url", "https://relay.example.com/elsewhere"],
        ["okta-settings"],
    ],
)
def test_wrong_usage_ends_with_64_and_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 64
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("relay: ")
    assert captured.err.count("\n") == 1


def test_help_names_every_command_and_serves_help_every_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    shown = capsys.readouterr().out
    for command in ("serve", "demo", "send-test-event", "check", "okta-settings"):
        assert command in shown
        assert cli.run([command, "--help"]) == 0
    capsys.readouterr()
    assert cli.run(["serve", "--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in VARIABLES if name not in shown] == []


def test_send_test_event_posts_whole_runs_and_sums_up(tmp_path: Path) -> None:
    async def main() -> None:
        datadog = sandbox()
        async with run_sandbox(datadog) as logs_url, relay_process(tmp_path / "spool.db", logs_url) as relay:
            code, stdout, stderr = await run("send-test-event", "--url", relay.url, RELAY_TOKEN="test-token")
            assert (code, stderr) == (0, "")
            assert stdout.startswith("14 of 14 events accepted in ")
            assert "FLOW_FAIL" in stdout
            assert "answered after p50 " in stdout
            await until(lambda: datadog.stats.logs_accepted == 14)
            code, stdout, _ = await run(
                "send-test-event", "--url", relay.url, "--type", "FLOW_FAIL", "--count", "3", "--rate", "1000",
                RELAY_TOKEN="test-token",
            )  # fmt: skip
            assert code == 0
            assert "3  FLOW_FAIL" in stdout

    asyncio.run(main())


def test_send_test_event_shows_every_refusal_and_ends_with_1(tmp_path: Path) -> None:
    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE) as relay:
            code, stdout, _ = await run("send-test-event", "--url", relay.url, RELAY_TOKEN="wrong")
            assert code == 1
            assert stdout.startswith("0 of 14 events accepted in ")
            assert "14  NOT ACCEPTED: HTTP 403: " in stdout
            assert "Set RELAY_TOKEN to what the relay has." in stdout
        code, stdout, _ = await run(
            "send-test-event", "--type", "FLOW_START", "--url", f"{NOWHERE}/okta/events"
        )
        assert code == 1
        assert "1  NOT ACCEPTED: ConnectError: " in stdout
        assert f"Does a relay listen on {NOWHERE}/okta/events?" in stdout

    asyncio.run(main())


def test_check_finds_nothing_wrong_where_nothing_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with run_sandbox(sandbox()) as logs_url:
            env = environment(tmp_path / "spool.db", logs_url)
            code, stdout, stderr = await run("check", **env)
            assert stdout.splitlines() == [
                "ok     configuration: complete",
                f"ok     spool: sqlite:{tmp_path / 'spool.db'} can be written; 0 waiting, 0 dead letters",
                f"ok     key: valid at {logs_url}",
                f"ok     intake: {logs_url} answers",
            ]
            assert (code, stderr) == (0, "")
            async with relay_process(tmp_path / "spool.db", logs_url):
                code, stdout, _ = await run("check", **env)
                assert code == 0
                assert "is in use by a relay that runs" in stdout

    asyncio.run(main())


def test_check_names_each_thing_that_is_wrong_and_ends_with_1(tmp_path: Path) -> None:
    async def main() -> None:
        async with run_sandbox(sandbox()) as logs_url:
            wrong = {"DD_API_KEY": "revoked", "DD_LOGS_URL": NOWHERE, "RELAY_SPOOL": "sqlite:no/spool.db"}
            code, stdout, _ = await run(
                "check", **{**environment(tmp_path, logs_url), **wrong, "RELAY_TOKENS": "misspelt"}
            )
            assert code == 1
            assert stdout.splitlines() == [
                "WRONG  RELAY_TOKENS: is not read. Did you mean RELAY_TOKEN?",
                "ok     configuration: complete",
                "WRONG  RELAY_SPOOL: The directory of the spool 'no/spool.db' does not exist. Make it, or set RELAY_SPOOL.",
                f"WRONG  DD_API_KEY: {logs_url} refuses it. Check the key, and that DD_SITE is the site where you log in to Datadog (now datadoghq.com).",
                f"WRONG  DD_SITE, DD_LOGS_URL: {NOWHERE} cannot be reached: ConnectError: All connection attempts failed. Check it, DNS, firewall and HTTPS_PROXY.",
            ]
        async with relay_process(tmp_path / "spool.db", NOWHERE) as relay:
            here = relay.url.removesuffix("/okta/events")
            code, stdout, _ = await run("check", **environment(tmp_path / "other.db", here))
            assert code == 1
            assert (
                f"WRONG  DD_SITE: {here}/api/v1/validate answered HTTP 404, which Datadog does not." in stdout
            )
        code, stdout, _ = await run("check", DD_SITE="nowhere")
        assert code == 1
        assert [line[:19] for line in stdout.splitlines()] == ["WRONG  DD_SITE: is ", "WRONG  DD_API_KEY: "]
        code, stdout, _ = await run("check", **environment(tmp_path / "other.db", NOWHERE))
        assert f"WRONG  DD_SITE, DD_API_URL: {NOWHERE} cannot be reached" in stdout
        assert "So the key could not be tried." in stdout

    asyncio.run(main())


def test_check_running_asks_the_relay_that_runs_here(tmp_path: Path) -> None:
    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE) as relay:
            bind = relay.url.removeprefix("http://").removesuffix("/okta/events")
            assert await run("check", "--running", RELAY_BIND=bind) == (0, "", "")
        code, _, stderr = await run("check", "--running", RELAY_BIND=bind)
        assert (code, stderr) == (1, f"relay: No relay answers at {bind}. Start it with relay serve.\n")

    asyncio.run(main())


def test_an_env_file_sets_what_the_environment_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "relay.env").write_text(
        f"DD_API_KEY={API_KEY}\nDD_SERVICE=flows\n# a comment\nRELAY_TOKEN='a b'\n"
    )
    arguments = ["okta-settings", "--public-url", "https://relay.example.com", "--env-file", "relay.env"]
    assert cli.run(arguments) == 0
    assert '"service": "flows"' in capsys.readouterr().out


@pytest.mark.parametrize(
    "given", ["https://relay.example.com/okta/events", "https://relay.example.com/okta/events/"]
)
def test_the_public_url_may_be_given_with_its_path(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["okta-settings", "--public-url", given]) == 0
    assert "    https://relay.example.com/okta/events\n" in capsys.readouterr().out


def test_an_env_file_with_a_line_that_sets_nothing_is_refused_by_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "relay.env").write_text("DD_ENV=staging\n\nthis is = no 'line\n")
    assert cli.run(["check", "--running", "--env-file", "relay.env"]) == 1
    assert capsys.readouterr().err == "relay: --env-file: relay.env:3: is no NAME=value.\n"


def test_serve_tells_of_variables_that_it_does_not_read_and_of_an_open_door(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "relay.env").write_text("RELAY_BATCHWAIT=2\n")
        env = {"RELAY_TOKEN": "", "RELAY_SPOL": "sqlite:elsewhere.db"}
        async with relay_process(
            tmp_path / "spool.db", NOWHERE, arguments=["--env-file", str(tmp_path / "relay.env")], **env
        ) as relay:
            shown = "".join(relay.server.lines)
            assert "RELAY_SPOL is not read. Did you mean RELAY_SPOOL?" in shown
            assert "RELAY_BATCHWAIT is not read. Did you mean RELAY_BATCH_WAIT?" in shown
            assert "RELAY_TOKEN is not set: whoever reaches 127.0.0.1 may send events." in shown

    asyncio.run(main())


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"relay {__version__}\n"


def test_okta_settings_tells_what_to_paste_and_keeps_the_token_back_until_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_TOKEN", "secret-one,secret-two")
    assert cli.run(["okta-settings", "--public-url", "https://relay.example.com/"]) == 0
    shown = capsys.readouterr().out
    assert "https://relay.example.com/okta/events" in shown
    assert "Bearer <the value of RELAY_TOKEN>" in shown
    assert '{"message": "${event}"}' in shown
    assert "secret" not in shown
    assert cli.run(["okta-settings", "--public-url", "https://relay.example.com", "--show-token"]) == 0
    shown = capsys.readouterr().out
    assert "Bearer secret-one\n" in shown
    assert "secret-two" not in shown


def test_a_token_header_of_ones_own_gets_the_bare_token(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_TOKEN", "secret")
    monkeypatch.setenv("RELAY_TOKEN_HEADER", "X-Relay")
    assert cli.run(["okta-settings", "--public-url", "https://relay.example.com", "--show-token"]) == 0
    shown = capsys.readouterr().out
    assert "key    X-Relay" in shown
    assert "value  secret" in shown


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["--help"], ["check"], ["demo", "--once"]])
def test_output_that_cannot_be_written_is_one_line(arguments: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "relay", *arguments],
            env={**os.environ, **environment(tmp_path / "spool.db", NOWHERE)},
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "relay: [Errno 28] No space left on device\n")
