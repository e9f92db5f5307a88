import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from datadog_assets.cli import run

WITHOUT_KEYS = {name: value for name, value in os.environ.items() if not name.startswith("DD_")}


@contextmanager
def sandbox(
    *options: str, environment: dict[str, str] | None = None
) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The command in a process of its own, once it is ready; gives its URL."""
    command = [sys.executable, "-m", "datadog_assets", "sandbox", "--bind", "127.0.0.1:0", *options]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=WITHOUT_KEYS | (environment or {}),
    ) as process:
        assert process.stdout
        try:
            said, _, url = process.stdout.readline().rpartition(" ")
            assert said == "sandbox ready on"
            yield url.strip(), process
        finally:
            process.kill()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_sandbox_with_0_though_a_client_stays_connected(stop: signal.Signals) -> None:
    with sandbox() as (url, process), httpx2.Client() as client:
        answer = client.get(f"{url}/api/v1/validate", headers={"DD-API-KEY": "sandbox-api-key"})
        assert answer.status_code == 200
        process.send_signal(stop)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert out == ""
        assert (
            f"DD_API_URL={url} DD_LOGS_URL={url} DD_API_KEY=sandbox-api-key DD_APP_KEY=sandbox-app-key" in err
        )


def test_keys_come_from_the_environment_and_are_not_told() -> None:
    keys = {"DD_API_KEY": "secret-k", "DD_APP_KEY": "secret-a"}
    with sandbox(environment=keys) as (url, process):
        headers = {"DD-API-KEY": "secret-k", "DD-APPLICATION-KEY": "secret-a"}
        assert httpx2.get(f"{url}/api/v2/logs/events", headers=headers).status_code == 200
        process.terminate()
        assert "secret" not in process.communicate(timeout=30)[1]


def test_several_keys_may_be_given_and_few_logs_kept() -> None:
    with sandbox("--api-key", "one", "--api-key", "two", "--keep", "2") as (url, _):
        for key in ("one", "two"):
            entries = [{"message": "x"}] * 2
            answer = httpx2.post(f"{url}/api/v2/logs", json=entries, headers={"DD-API-KEY": key})
            assert answer.status_code == 202
        assert httpx2.get(f"{url}/sandbox/stats").json()["logs_forgotten"] == 2


def test_an_application_key_may_have_few_permissions() -> None:
    with sandbox("--app-key", "all", "--app-key", "few:monitors_read+monitors_write") as (url, _):

        def status(key: str, path: str) -> int:
            headers = {"DD-API-KEY": "sandbox-api-key", "DD-APPLICATION-KEY": key}
            return httpx2.get(f"{url}{path}", headers=headers).status_code

        assert status("few", "/api/v1/monitor") == 200
        assert status("few", "/api/v1/logs/config/pipelines") == 403
        assert status("all", "/api/v1/logs/config/pipelines") == 200


def test_a_taken_port_is_one_clear_line_and_1(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        assert run(["sandbox", "--bind", bind]) == 1
    assert capsys.readouterr() == ("", f"datadog-assets: cannot listen on {bind}: Address already in use\n")


def test_an_address_that_others_can_reach_is_one_clear_line_and_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "--bind", "0.0.0.0:8282"]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "loopback" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing command"),
        (["nonsense"], "No such command 'nonsense'"),
        (["sandbox", "extra"], "extra"),
        (["sandbox", "--nonsense"], "No such option: --nonsense"),
        (["sandbox", "--keep", "0"], "--keep"),
        (["sandbox", "--keep", "many"], "--keep"),
        (["sandbox", "--app-key", "k:fly"], "no such permission: fly; there are logs_read_config, "),
        (["sandbox", "--bind", "8282"], "8282 is not HOST:PORT"),
        (["sandbox", "--bind", ":8282"], ":8282 is not HOST:PORT"),
        (["sandbox", "--bind", "127.0.0.1:http"], "127.0.0.1:http is not HOST:PORT"),
        (["sandbox", "--bind", "127.0.0.1:65536"], "127.0.0.1:65536 is not HOST:PORT"),
    ],
)
def test_wrong_usage_is_one_clear_line_and_64(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert run(arguments) == os.EX_USAGE == 64
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err


def test_help_shows_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "--help"]) == 0
    assert (
        "  export DD_API_URL=http://127.0.0.1:8282 DD_LOGS_URL=http://127.0.0.1:8282\n"
        in capsys.readouterr().out
    )


def test_the_console_script_ends_with_the_exit_code() -> None:
    script = [sys.executable, "-c", "from datadog_assets.cli import main; main()", "nonsense"]
    assert subprocess.run(script, capture_output=True, check=False).returncode == os.EX_USAGE


def test_help_loads_no_server() -> None:
    code = "import sys, datadog_assets.cli as cli; cli.run(['--help']); sys.exit('starlette' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
