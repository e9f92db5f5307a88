"""`relay dead-letters`, as a person types it."""

import asyncio
from pathlib import Path

import orjson
import pytest
from fakes import event, json_of
from running import relay_process, sandbox, until

from datadog_assets.sandbox.server import run_sandbox
from relay import cli
from relay.dead_letters import Wanted, seconds, table, whole
from relay.envelope import Envelope, Record
from relay.okta import Event
from relay.spool import Letter, open_spool

OLD = "2026-03-04T05:06:07.000Z"


def record(**fields: object) -> Record:
    found = event(**fields)
    return Envelope("source", "service").wrap(Event(json_of(found), found, {}))


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A spool with three dead letters, which RELAY_SPOOL names."""
    url = f"sqlite:{tmp_path / 'spool.db'}"

    async def fill() -> None:
        opened = await open_spool(url, max_bytes=10**9)
        for reason, flow in (("HTTP 400", "Offboard"), ("HTTP 413", "Review"), ("HTTP 400", "Review")):
            await opened.put([record(flow_name=flow, flow_id=f"id-{flow}", execution_id=f"{reason} {flow}")])
            (claimed,) = await opened.claim(1, 10**9, 0)
            await opened.bury([claimed], reason, '{"errors":["\x1b[31mno"]}')
        await opened.close()

    asyncio.run(fill())
    monkeypatch.setenv("RELAY_SPOOL", url)
    return url


def run(*arguments: str) -> int:
    return cli.run(["dead-letters", *arguments])


def ids(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[int]:
    assert run("list", "--output", "json", *arguments) == 0
    return [orjson.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]


def test_list_shows_a_line_for_each_letter(spool: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split("  ")[0] == "id"
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert "HTTP 400" in lines[0]
    assert "FLOW_FAIL" in lines[0]
    assert "Offboard" in lines[0]
    assert "\x1b" not in lines[0]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], [1, 2, 3]),
        (["--reason", "413"], [2]),
        (["--flow", "Review"], [2, 3]),
        (["--flow", "id-Offboard"], [1]),
        (["--flow", "Review", "--reason", "400"], [3]),
        (["--older-than", "1h"], []),
        (["--newer-than", "1h"], [1, 2, 3]),
    ],
)
def test_list_can_be_narrowed_by_reason_flow_and_age(
    spool: str, capsys: pytest.CaptureFixture[str], arguments: list[str], found: list[int]
) -> None:
    assert ids(capsys, *arguments) == found


def test_show_tells_all_that_is_known_of_a_letter(spool: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "2") == 0
    shown = orjson.loads(capsys.readouterr().out)
    assert shown["reason"] == "HTTP 413"
    assert shown["answer"] == '{"errors":["\x1b[31mno"]}'
    assert orjson.loads(shown["entry"]["message"])["flow_name"] == "Review"
    assert run("show", "2", "7") == 1
    assert capsys.readouterr().err == "relay: There is no dead letter 7.\n"


def test_retry_and_drop_want_to_be_told_which(spool: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("retry", "drop"):
        assert run(command) == 64
        assert "Say which: IDs, --reason, --flow" in capsys.readouterr().err
    assert ids(capsys) == [1, 2, 3]


def test_drop_asks_and_without_anybody_to_ask_needs_yes(
    spool: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("drop", "1") == 1
    assert capsys.readouterr().err == "relay: Nothing was dropped. With --yes nobody is asked.\n"
    assert run("drop", "--flow", "Review", "--yes") == 0
    assert capsys.readouterr().out == "2 dead letters dropped.\n"
    assert ids(capsys) == [1]
    assert run("drop", "--reason", "nothing") == 0
    assert capsys.readouterr().out == "0 dead letters dropped.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["list", "--older-than", "soon"], "soon is no age such as 90s, 30m, 12h or 7d"),
        (["list", "--output", "xml"], "xml is none of text, json"),
        (["show"], "Missing argument"),
        ([], "Missing command"),
    ],
)
def test_wrong_usage_ends_with_64(
    spool: str, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert run(*arguments) == 64
    assert told in capsys.readouterr().err


def test_without_a_spool_it_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELAY_SPOOL", f"sqlite:{tmp_path / 'none.db'}")
    assert run("list") == 1
    assert capsys.readouterr().err == (
        f"relay: There is no spool {tmp_path / 'none.db'}. Set RELAY_SPOOL to the relay's.\n"
    )


def test_what_is_retried_while_the_relay_runs_arrives_with_its_old_date_kept(
    spool: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        datadog = sandbox()
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(Path(spool.removeprefix("sqlite:")), logs_url) as relay,
        ):
            assert await relay.metric("relay_spool_dead_letters") == 3
            assert await asyncio.to_thread(run, "retry", "--all") == 0
            await until(lambda: datadog.stats.logs_accepted == 3)
            assert await relay.metric("relay_spool_dead_letters") == 0
            assert await relay.metric("relay_records_redated_total") == 3
        for log in datadog.logs:
            assert log["attributes"]["relay"] == {"original": {"timestamp": OLD}}
            assert "relay.redated:true" in log["tags"]

    asyncio.run(main())
    assert capsys.readouterr().out == "3 dead letters wait to be sent again.\n"


@pytest.mark.parametrize(("age", "number"), [("90s", 90), ("30m", 1_800), ("12h", 43_200), ("7d", 604_800)])
def test_an_age_is_a_number_and_a_unit(age: str, number: float) -> None:
    assert seconds(age) == number
    assert seconds(f"{age}x") is None


@pytest.mark.parametrize("data", [b"no JSON \xff", b"[]", b'{"message":7}', b'{"message":"text"}', b"{}"])
def test_a_letter_of_any_content_can_be_shown(data: bytes) -> None:
    letter = Letter(1, 0, 0, "HTTP 400", "", data)
    assert "HTTP 400" in table([letter])
    assert orjson.dumps(whole(letter))
    assert list(Wanted(flow="x").choose([letter], 0.0)) == []
