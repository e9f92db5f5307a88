"""How the relay begins and ends."""

import asyncio
import contextlib
import logging
import os
import re
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import httpx2
import orjson
import pytest
from load import Answers, post_all
from running import API_KEY, HEADERS, NOWHERE, certificate_files, environment, relay_process, sandbox, until

import relay.spool
from datadog_assets.sandbox.server import run_sandbox
from relay import cli, okta_sample
from relay.current import Current
from relay.errors import ConfigurationError, Died
from relay.metrics import Metrics
from relay.serve import serve
from relay.settings import read

EVENT = orjson.dumps(next(okta_sample.events(seed=3)))


@asynccontextmanager
async def silent_datadog() -> AsyncIterator[str]:
    """Takes requests and never answers; ends them when the block does."""
    connections: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)

    listening = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        for connection in connections:
            connection.close()
        await listening.wait_closed()


def test_sigterm_ends_it_with_0_and_what_is_not_delivered_waits_in_the_spool(tmp_path: Path) -> None:
    async def main() -> None:
        datadog = sandbox()
        async with relay_process(tmp_path / "spool.db", NOWHERE) as relay:
            assert (await relay.post(EVENT)).status_code == 202
            assert await relay.end(signal.SIGTERM) == 0
            assert "Waiting in the spool: 1." in relay.server.lines[-1]
        async with run_sandbox(datadog) as logs_url, relay_process(tmp_path / "spool.db", logs_url):
            await until(lambda: datadog.stats.logs_accepted == 1)

    asyncio.run(main())


def test_sigterm_under_load_ends_it_with_0_and_each_event_that_was_answered_202_is_kept(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        datadog = sandbox()
        sent = [orjson.dumps(event) for event in islice(okta_sample.events(seed=5), 100_000)]
        answers = Answers()
        async with run_sandbox(datadog) as logs_url:
            async with relay_process(tmp_path / "spool.db", logs_url) as relay:
                posting = asyncio.create_task(
                    post_all(relay.url, sent, connections=16, headers=HEADERS, answers=answers)
                )
                await until(lambda: len(answers.accepted) > 500)
                assert await relay.end(signal.SIGTERM) == 0
                with pytest.raises(ConnectionError):
                    await posting
            async with relay_process(tmp_path / "spool.db", logs_url):
                await until(lambda: len(datadog.logs) >= len(answers.accepted))
        arrived = Counter(log["message"].encode() for log in datadog.logs)
        assert Counter(answers.accepted) - arrived == Counter()

    asyncio.run(main())


def test_sigterm_does_not_wait_for_a_datadog_that_never_answers_nor_for_a_sender_that_never_ends(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with silent_datadog() as logs_url, relay_process(tmp_path / "spool.db", logs_url) as relay:
            assert (await relay.post(EVENT)).status_code == 202
            host, port = relay.url.removeprefix("http://").removesuffix("/okta/events").split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /okta/events HTTP/1.1\r\nHost: relay\r\nContent-Length: 9\r\n\r\n{")
            await writer.drain()
            async with asyncio.timeout(60):
                assert await relay.end(signal.SIGTERM) == 0
            writer.close()
            assert "Waiting in the spool: 1." in relay.server.lines[-1]
            assert "Traceback" not in "".join(relay.server.lines)

    asyncio.run(main())


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_a_second_sigterm_ends_it_at_once_with_0_and_nothing_is_lost(tmp_path: Path, server: str) -> None:
    async def main() -> None:
        datadog = sandbox()
        async with (
            silent_datadog() as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, RELAY_SERVER=server) as relay,
        ):
            assert (await relay.post(EVENT)).status_code == 202
            await until(lambda: _under_way(logs_url))
            relay.server.process.terminate()
            await until(lambda: any("Stopping." in line for line in relay.server.lines))
            assert await relay.end() == 0
            assert "Stopped." not in "".join(relay.server.lines)
        async with run_sandbox(datadog) as logs_url, relay_process(tmp_path / "spool.db", logs_url):
            await until(lambda: datadog.stats.logs_accepted == 1)

    asyncio.run(main())


def test_sighup_reads_keys_tokens_and_file_again_and_drops_no_connection(tmp_path: Path) -> None:
    token, key, env_file = tmp_path / "token", tmp_path / "key", tmp_path / "relay.env"
    token.write_text("old-token")
    key.write_text("revoked")
    env_file.write_text("DD_TAGS=team:old\n")

    async def main() -> None:
        datadog = sandbox()
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(
                tmp_path / "spool.db",
                logs_url,
                ["--env-file", str(env_file)],
                DD_API_KEY="",
                DD_API_KEY_FILE=str(key),
                RELAY_TOKEN="",
                RELAY_TOKEN_FILE=str(token),
            ) as relay,
            httpx2.AsyncClient(limits=httpx2.Limits(max_connections=1)) as sender,
        ):

            async def post(given: str, number: int) -> int:
                found = next(okta_sample.events(seed=number))
                return (
                    await sender.post(relay.url, json=found, headers={"Authorization": given})
                ).status_code

            def changed() -> list[str]:
                """What was told of; at once, or in parts if the refused key was read again meanwhile."""
                told = "".join(relay.server.lines)
                return [name for names in re.findall(r"Changed: (.*)\.", told) for name in names.split(", ")]

            assert await post("old-token", 1) == 202
            opened = await relay.metric("relay_requests_total")
            token.write_text("new-token")
            key.write_text(API_KEY)
            env_file.write_text("DD_TAGS=team:new\nRELAY_BIND=127.0.0.1:1\nRELAY_SPOOL=sqlite:other.db\n")
            relay.server.process.send_signal(signal.SIGHUP)
            await until(lambda: len(changed()) >= 3)
            assert await post("old-token", 2) == 403
            assert await post("new-token", 3) == 202
            assert opened == 1
            await until(lambda: datadog.stats.logs_accepted == 2)
            tags = sorted(tag for log in datadog.logs for tag in log["tags"] if tag.startswith("team:"))
            assert tags == ["team:new", "team:old"]
            told = "".join(relay.server.lines)
            assert sorted(changed()) == ["api_key", "tags", "tokens"]
            assert "new-token" not in told
            assert API_KEY not in told
            assert await relay.metric("relay_delivery_state") == 1
            token.unlink()
            relay.server.process.send_signal(signal.SIGHUP)
            await until(lambda: any("are left as they are" in line for line in relay.server.lines))
            assert await post("new-token", 4) == 202
            assert await relay.metric("relay_settings_reloads_total", 'outcome="changed"') == told.count(
                "Changed"
            )
            assert await relay.metric("relay_settings_reloads_total", 'outcome="failed"') == 1

    asyncio.run(main())


def test_a_change_that_takes_a_restart_is_told_and_not_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first = read(environment(tmp_path / "spool.db", NOWHERE))
    later = replace(first, host="0.0.0.0", port=1, spool="sqlite:other.db", tags=("team:new",))
    current = Current(first, lambda: later, Metrics())
    assert asyncio.run(current.reload())
    assert not asyncio.run(current.reload())
    assert current.settings == replace(first, tags=("team:new",))
    assert current.policy.envelope.tags == ("env:production", "service:okta", "team:new")
    assert [record.message for record in caplog.records] == [
        "A change of RELAY_BIND, RELAY_SPOOL takes a restart.",
        "Settings were read again. Changed: tags.",
    ]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_read_again_from_its_file_until_it_works(tmp_path: Path, status: int) -> None:
    key = tmp_path / "key"
    key.write_text("revoked" if status == 403 else API_KEY)
    refusing = {"path": "/api/v2/logs", "status": 401, "times": 1}

    async def main() -> None:
        datadog = sandbox()
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, DD_API_KEY="", DD_API_KEY_FILE=str(key)) as relay,
            httpx2.AsyncClient() as client,
        ):
            if status == 401:
                await client.post(f"{logs_url}/sandbox/faults", json=[refusing])
            assert (await relay.post(EVENT)).status_code == 202
            await until(lambda: any(f"HTTP {status}" in line for line in relay.server.lines))
            if status == 403:
                text = (await relay.get("/metrics")).text
                assert 'relay_delivery_state{state="key_refused"} 1.0' in text
            key.write_text(API_KEY)
            await until(lambda: datadog.stats.logs_accepted == 1)
            assert (await relay.get("/readyz")).status_code == 200
            assert await relay.metric("relay_records_buried_total") == 0

    asyncio.run(main())


def _under_way(logs_url: str) -> bool:
    """Whether anybody has a connection to this address of ours."""
    port = f"{int(logs_url.rpartition(':')[2]):04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(fields[2].endswith(f":{port}") and fields[3] == "01" for fields in map(str.split, lines))


@pytest.fixture
def broken_engine() -> Iterator[str]:
    folder = str(Path(__file__).parents[1] / "engines")
    relay.spool.__path__.append(folder)
    yield "breaking:"
    relay.spool.__path__.remove(folder)


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_the_forwarders_death_ends_the_relay_with_one_clear_line_whoever_is_connected(
    tmp_path: Path, broken_engine: str, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    env = {**environment(tmp_path, NOWHERE), "RELAY_SPOOL": broken_engine, "RELAY_SERVER": server}

    async def main() -> None:
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            serve(read(env, serving=True), Metrics(), asyncio.Event(), url.set_result)
        )
        async with httpx2.AsyncClient(headers=HEADERS) as client:
            assert (await client.post(await url, content=EVENT)).status_code == 202
            await serving

    with pytest.raises(Died, match=r"^The forwarder failed: KeyError: 'a fault in the engine'$"):
        asyncio.run(main())
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_the_servers_death_ends_the_relay_with_one_clear_line(tmp_path: Path, server: str) -> None:
    settings = read({**environment(tmp_path / "spool.db", NOWHERE), "RELAY_SERVER": server}, serving=True)
    with pytest.raises(Died, match=r"^The server failed: OSError: .*[Ss]ocket operation on non-socket"):
        asyncio.run(serve(settings, Metrics(), asyncio.Event(), put_no_socket_in_its_place))


def put_no_socket_in_its_place(url: str) -> None:
    """Break what a server is about to listen on."""
    port = int(url.removesuffix("/okta/events").rpartition(":")[2])
    for file in (int(entry.name) for entry in Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError), socket.socket(fileno=file) as found:
            is_it = found.getsockname()[1:2] == (port,)
            found.detach()
            if is_it:
                nothing = os.open(os.devnull, os.O_RDONLY)
                os.dup2(nothing, file)
                os.close(nothing)


def test_a_certificate_that_broke_since_it_was_checked_is_told(tmp_path: Path) -> None:
    certificate, key = certificate_files(tmp_path)
    tls = {"RELAY_TLS_CERT": str(certificate), "RELAY_TLS_KEY": str(key)}
    settings = read({**environment(tmp_path / "spool.db", NOWHERE), **tls}, serving=True)
    certificate.write_text("no certificate any more")
    with pytest.raises(ConfigurationError, match=r"^RELAY_TLS_CERT, RELAY_TLS_KEY: "):
        asyncio.run(serve(settings, Metrics(), asyncio.Event()))


def test_a_relay_that_dies_ends_with_1_and_one_line_on_stderr(
    tmp_path: Path, broken_engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        bind = f"127.0.0.1:{free.getsockname()[1]}"
    for name, value in {
        **environment(tmp_path, NOWHERE),
        "RELAY_SPOOL": broken_engine,
        "RELAY_BIND": bind,
    }.items():
        monkeypatch.setenv(name, value)

    def post_as_soon_as_it_listens() -> None:
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=10), headers=HEADERS) as client:
            client.post(f"http://{bind}/okta/events", content=EVENT)

    with ThreadPoolExecutor() as threads:
        posting = threads.submit(post_as_soon_as_it_listens)
        assert cli.run(["serve"]) == 1
        posting.result()
    assert capsys.readouterr().err == "relay: The forwarder failed: KeyError: 'a fault in the engine'\n"


def test_an_address_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = read({**environment(tmp_path / "spool.db", NOWHERE), "RELAY_BIND": bind}, serving=True)
        with pytest.raises(ConfigurationError) as told:
            asyncio.run(serve(settings, Metrics(), asyncio.Event()))
    reason = f"cannot listen on {bind}: Address already in use"
    assert told.value.faults == (f"RELAY_BIND: {reason}. Choose another address, or stop what uses it.",)


def test_a_spool_that_does_not_outlive_the_process_is_refused(tmp_path: Path) -> None:
    settings = read({**environment(tmp_path, NOWHERE), "RELAY_SPOOL": "memory:"}, serving=True)
    with pytest.raises(ConfigurationError, match=r"^RELAY_SPOOL: memory: would not outlive the process"):
        asyncio.run(serve(settings, Metrics(), asyncio.Event()))


def test_a_second_relay_on_one_spool_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE):
            with pytest.raises(RuntimeError, match="is in use by another relay"):
                async with relay_process(tmp_path / "spool.db", NOWHERE):
                    raise AssertionError("it must not begin")

    asyncio.run(main())


def test_a_refused_key_makes_the_relay_unready_and_loses_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        datadog = sandbox()
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, DD_API_KEY="revoked") as relay,
        ):
            assert (await relay.get("/readyz")).status_code == 200
            assert (await relay.post(EVENT)).status_code == 202
            await until(lambda: any("HTTP 403" in line for line in relay.server.lines))
            answer = await relay.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["reasons"] == [
                "Datadog refuses the API key (HTTP 403). Check DD_API_KEY and DD_SITE."
            ]
            assert (await relay.get("/livez")).status_code == 200
            assert await relay.metric("relay_records_buried_total") == 0

    asyncio.run(main())
