"""`relay send-test-event --verify`: from the relay to Datadog and through its pipeline, leg by leg."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from running import API_KEY, NOWHERE, RelayProcess, relay_process

from datadog_assets import packs
from datadog_assets.api import Api
from datadog_assets.apply import apply
from datadog_assets.environment import Access
from datadog_assets.load import load_text
from datadog_assets.plan import Options, make_plan
from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox
from datadog_assets.state import read_state

APP_KEY = "test-app-key"


async def verify(url: str, datadog_url: str, *more: str, **env: str) -> tuple[int, list[str], str]:
    """Run the command as a process; gives its exit code, what it printed, each time as N, and stderr."""
    needed = {
        "DD_API_KEY": API_KEY,
        "DD_APP_KEY": APP_KEY,
        "DD_API_URL": datadog_url,
        "RELAY_TOKEN": "test-token",
    }
    own = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "RELAY_"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relay", "send-test-event", "--verify", "--url", url, *more),
        env={**own, **needed, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    stdout, stderr = await asyncio.wait_for(process.communicate(), 120)
    lines = [re.sub(r" +\d+\.\d s$", " N s", line) for line in stdout.decode().splitlines()]
    return process.returncode or 0, lines, stderr.decode()


def apply_pack(url: str, folder: Path) -> None:
    declared = load_text(packs.OKTA, packs.read(packs.OKTA), {"alert_recipients": "slack-okta"}, {}).declared
    with Api(Access(url, API_KEY, APP_KEY), tell=lambda _: None) as api:
        state = read_state(api, lambda _: None)
        apply(make_plan(declared, state.live, state.order, Options()), api, lambda _: None, folder)


WITHOUT_PACK = {APP_KEY: {"logs_read_config"}, "reads": {"logs_read_data"}}
"""Application keys, and what each may do."""


def against_a_sandbox(
    check: Callable[[RelayProcess, str], Awaitable[None]], folder: Path, *, with_pack: bool = True
) -> Sandbox:
    sandbox = Sandbox(api_keys={API_KEY}, app_keys={APP_KEY} if with_pack else WITHOUT_PACK)

    async def main() -> None:
        async with run_sandbox(sandbox) as url, relay_process(folder / "spool.db", url) as relay:
            if with_pack:
                await asyncio.to_thread(apply_pack, url, folder)
            await check(relay, url)

    asyncio.run(main())
    return sandbox


@pytest.mark.parametrize("event_type", ["FLOW_FAIL", "FLOW_THROTTLE", "FLOW_CANCEL", "FLOW_COMPLETE"])
def test_an_event_that_is_processed_passes_every_leg(tmp_path: Path, event_type: str) -> None:
    async def check(relay: RelayProcess, url: str) -> None:
        code, lines, stderr = await verify(relay.url, url, "--type", event_type)
        assert lines == [
            "ok     relay took it N s",
            "ok     Datadog shows it N s",
            "ok     it was processed N s",
        ]
        assert (code, stderr) == (0, "")

    sandbox = against_a_sandbox(check, tmp_path)
    [log] = sandbox.logs
    assert log["trace_id"] == log["attributes"]["execution_id"]
    assert str(log["trace_id"]).startswith("relay-test-")


def test_where_no_pipeline_is_it_says_what_is_missing_and_where_to_look(tmp_path: Path) -> None:
    async def check(relay: RelayProcess, url: str) -> None:
        code, lines, _ = await verify(relay.url, url, DD_APP_KEY="reads")
        assert code == 1
        assert lines[:2] == ["ok     relay took it N s", "ok     Datadog shows it N s"]
        assert lines[2:4] == ["WRONG  it was processed N s", "       its status is info, not error"]
        assert lines[4].startswith("       its error.kind is None, not ")
        assert lines[5].startswith("       its trace id is not relay-test-")
        assert lines[6].startswith("       Is the bundled pack's pipeline there, enabled, ")

    against_a_sandbox(check, tmp_path, with_pack=False)


def test_a_key_that_may_not_search_is_told(tmp_path: Path) -> None:
    async def check(relay: RelayProcess, url: str) -> None:
        code, lines, _ = await verify(relay.url, url)
        assert code == 1
        assert lines[1] == "WRONG  Datadog shows it N s"
        assert "logs_read_data" in lines[2]
        assert lines[-1].startswith("       The search needs DD_API_KEY, and DD_APP_KEY with the permission")

    against_a_sandbox(check, tmp_path, with_pack=False)


def test_an_event_that_went_to_another_datadog_is_missing_and_the_relay_is_well(tmp_path: Path) -> None:
    async def check(relay: RelayProcess, _: str) -> None:
        other = Sandbox(api_keys={API_KEY}, app_keys={APP_KEY})
        async with run_sandbox(other) as url:
            code, lines, _ = await verify(relay.url, url, "--timeout", "2")
        assert code == 1
        assert lines[1:3] == ["WRONG  Datadog shows it N s", "       It was not there after 2 s."]
        assert lines[3].startswith("       The relay is well (http://")

    against_a_sandbox(check, tmp_path)


def test_a_relay_that_cannot_deliver_says_why(tmp_path: Path) -> None:
    async def main() -> None:
        sandbox = Sandbox(api_keys={API_KEY}, app_keys={APP_KEY})
        refused = {"DD_API_KEY": "revoked"}
        async with (
            run_sandbox(sandbox) as url,
            relay_process(tmp_path / "spool.db", url, **refused) as relay,
        ):
            code, lines, _ = await verify(relay.url, url, "--timeout", "2")
            assert code == 1
            assert lines[3].startswith("       The relay has it and cannot deliver: http://")
            assert "refuses the API key" in lines[3]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        ("wrong", "answered HTTP 403. Look at the relay's log, and at RELAY_TOKEN."),
        ("", "answered HTTP 401."),
    ],
)
def test_a_relay_that_refuses_the_event_ends_it(tmp_path: Path, token: str, fault: str) -> None:
    async def check(relay: RelayProcess, url: str) -> None:
        code, lines, _ = await verify(relay.url, url, RELAY_TOKEN=token)
        assert (code, lines[0], len(lines)) == (1, "WRONG  relay took it N s", 2)
        assert fault in lines[1]

    against_a_sandbox(check, tmp_path)


def test_where_no_relay_listens_it_says_so() -> None:
    code, lines, _ = asyncio.run(verify(f"{NOWHERE}/okta/events", NOWHERE))
    assert (code, len(lines)) == (1, 2)
    assert lines[1].startswith(f"       {NOWHERE}/okta/events: ConnectError")
    assert lines[1].endswith("Does a relay listen there? Start it with relay serve.")


def test_without_an_application_key_nothing_is_sent() -> None:
    code, lines, stderr = asyncio.run(verify(f"{NOWHERE}/okta/events", NOWHERE, DD_APP_KEY=""))
    assert (code, lines) == (1, [])
    assert stderr.startswith("relay: DD_APP_KEY: is not set. ")
