"""No key, token, password or payload stands in anything that the relay tells; and its files are its user's alone."""

import asyncio
import base64
import gzip
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from fakes import listening
from process import Server, run_server
from running import NOWHERE, RelayProcess, environment, relay_process

from relay.current import Current
from relay.errors import ConfigurationError
from relay.metrics import Metrics
from relay.settings import VARIABLES, read

_PATIENCE = 90.0
"""Seconds that end a test which failed: nothing takes so long."""


def _secret(name: str, length: int = 20) -> str:
    """A text that stands nowhere else, the same each time."""
    return hashlib.sha256(name.encode()).hexdigest()[:length]


KEY, NEW_KEY, APP_KEY = _secret("key", 32), _secret("new key", 32), _secret("application key", 40)
TOKEN, SECOND_TOKEN, FILE_TOKEN, WRONG_TOKEN = (
    _secret(name, 64) for name in ("token", "second token", "token in a file", "wrong token")
)
PASSWORD = _secret("password of the proxy and of the URL")
CREDENTIALS = base64.b64encode(f"relay:{PASSWORD}".encode()).decode()
PROXY = f"http://relay:{PASSWORD}@127.0.0.1:1"

KEYS = {
    "DD_API_KEY": KEY,
    "the new DD_API_KEY": NEW_KEY,
    "DD_APP_KEY": APP_KEY,
    "the first RELAY_TOKEN": TOKEN,
    "the second RELAY_TOKEN": SECOND_TOKEN,
    "RELAY_TOKEN_FILE": FILE_TOKEN,
    "the client's wrong token": WRONG_TOKEN,
    "the password": PASSWORD,
    "the password in base64": CREDENTIALS,
}
FLOW = _secret("flow name")
PAYLOAD = {
    "the error's message": _secret("error message"),
    "the user's address": _secret("user email"),
    "an unknown field": _secret("unknown field"),
    "an unknown field's name": _secret("name of a field"),
    "an unknown type": _secret("event type"),
    "an entry": _secret("entry"),
    "a malformed body": _secret("malformed body"),
    "a path": _secret("path"),
    "a query": _secret("query"),
    "a header": _secret("header"),
    "X-Forwarded-For": _secret("forwarded"),
}
ALL = {**KEYS, "the flow's name": FLOW, **PAYLOAD}


def shown(planted: Mapping[str, str], told: Mapping[str, str]) -> list[str]:
    """What of the planted stands in what was told, and where; the beginning of a secret is enough."""
    return [
        f"{name} in {where}: {text[max(0, text.find(secret[:12]) - 80) :][:200]!r}"
        for where, text in told.items()
        for name, secret in planted.items()
        if secret[:12] in text
    ]


def event(number: int, **more: object) -> dict[str, object]:
    return {
        "event_type": "FLOW_FAIL",
        "execution_id": f"execution-{number}",
        "timestamp": "2026-03-04T05:06:07.000Z",
        "flow_name": FLOW,
        "error_message": PAYLOAD["the error's message"],
        "user_email": PAYLOAD["the user's address"] + "@example.com",
        PAYLOAD["an unknown field's name"]: {"nested": [PAYLOAD["an unknown field"]]},
        **more,
    }


@dataclass(slots=True)
class Datadog:
    """Echoes key and payload in all that an answer can hold: its first line, its headers, its body.

    Attributes:
        mode: the status of its answers; or what of an answer is broken, `status line` or `header line`.
        answers: how many there were, by mode.
        heard: all that was sent to it.
    """

    mode: str = "202"
    answers: Counter[str] = field(default_factory=Counter)
    heard: str = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            headers = dict(re.findall(r"^([\w-]+): (.*)\r$", head.lower(), re.MULTILINE))
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            self.heard += head + body.decode()
            told = [re.search(rf"(?im)^{name}: (.*)\r$", head) for name in _CREDENTIAL_HEADERS]
            echo = " ".join([*(found[1] for found in told if found), body.decode()])
            writer.write(_answer("407" if head.startswith("CONNECT") else self.mode, echo))
            self.answers[self.mode] += 1
            await writer.drain()
        writer.close()


_CREDENTIAL_HEADERS = ("DD-API-KEY", "Authorization", "Proxy-Authorization")


def _answer(mode: str, echo: str) -> bytes:
    body = json.dumps({"errors": [{"detail": f"refused: {echo}"}], "valid": mode == "200"})
    lines = {
        "status line": [f"{echo} is no status line", ""],
        "header line": ["HTTP/1.1 200 OK", f"this is no header {echo}"],
    }.get(mode, [f"HTTP/1.1 {mode} {echo}", f"X-Echo: {echo}"])
    lines += [f"Retry-After: {echo}", f"Content-Length: {len(body)}", "Connection: close", "", body]
    return "\r\n".join(lines).encode()


def private(folder: Path) -> dict[str, str]:
    """The environment of somebody who has everything set, the key in a file of `folder`."""
    (folder / "key").write_text(f"{KEY}\n")
    (folder / "token").write_text(f"{FILE_TOKEN}\n")
    proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), PROXY)
    return {
        **proxies,
        **dict.fromkeys(("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "DD_API_KEY"), ""),
        "DD_API_KEY_FILE": str(folder / "key"),
        "DD_APP_KEY": APP_KEY,
        "RELAY_TOKEN": f"{TOKEN},{SECOND_TOKEN}",
    }


@dataclass(slots=True)
class Told:
    """All that relays have told.

    Attributes:
        logs: what each has printed; answers: status, headers and body of each answer.
        statuses: of the answers.
        commands: stdout and stderr of each command that may show nothing at all.
        table, letters: what `dead-letters list` shows, and what shows letters whole.
        spool: every file that is left of the spool.
    """

    logs: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)
    commands: dict[str, str] = field(default_factory=dict)
    table: str = ""
    letters: dict[str, str] = field(default_factory=dict)
    spool: dict[str, str] = field(default_factory=dict)

    async def ask(
        self,
        client: httpx2.AsyncClient,
        method: str,
        url: str,
        content: bytes = b"",
        **headers: str,
    ) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await client.request(method, url, content=content, headers=named)
        self.statuses.add(answer.status_code)
        head = f"{answer.status_code} {answer.reason_phrase} {answer.headers.raw}"
        self.answers[f"the answer {len(self.answers)} to {method} {url}"] = f"{head} {answer.text}"

    async def ask_badly(self, url: str, request: bytes) -> None:
        """Send what is no HTTP, or not quite, and read until the relay closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx2.URL(url).port)
        writer.write(request)
        answer = b""
        with suppress(ConnectionError):
            answer = await reader.read()
        if status := re.match(rb"HTTP/1.1 (\d+)", answer):
            self.statuses.add(int(status[1]))
        self.answers[f"the answer {len(self.answers)} to {request[:60]!r}"] = answer.decode("latin-1")
        writer.close()


async def run(*arguments: str, cwd: Path, **env: str) -> tuple[int, str, str]:
    """Run `relay ARGUMENTS` as a process; gives its exit code, stdout and stderr."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "RELAY_"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relay", *arguments),
        env={**own, **env},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        stdout, stderr = await asyncio.wait_for(process.communicate(), _PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, stdout.decode(), stderr.decode()


async def nudged(server: Server, condition: Callable[[], bool]) -> None:
    """Have the relay try again at once, until something has happened."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():
            server.process.send_signal(signal.SIGHUP)
            await asyncio.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Scene:
    """A relay that runs, what it sends to, and what is kept of what it tells."""

    relay: RelayProcess
    datadog: Datadog
    client: httpx2.AsyncClient
    told: Told

    async def becomes(self, mode: str, line: str) -> None:
        """Let Datadog answer otherwise, and wait until the relay has logged that."""
        before = len(self.relay.server.lines)
        self.datadog.mode = mode
        lines = self.relay.server.lines
        await nudged(self.relay.server, lambda: any(line in text for text in lines[before:]))

    async def look(self) -> None:
        for path in ("/livez", "/readyz", "/metrics"):
            await self.told.ask(self.client, "GET", self.relay.url.replace("/okta/events", path))


async def _accepted(scene: Scene) -> None:
    url, told = scene.relay.url, scene.told
    shipper = url.replace("/okta/events", "/api/v2/logs")
    entry = json.dumps([{"message": PAYLOAD["an entry"], PAYLOAD["an unknown field"]: 1}]).encode()
    unknown = json.dumps(event(2, event_type=PAYLOAD["an unknown type"])).encode()
    secret = {"X_Secret": PAYLOAD["a header"], "Cookie": PAYLOAD["a header"], "Referer": PAYLOAD["a header"]}
    query = f"?ddtags={PAYLOAD['a query']}&dd-api-key={KEY}&token={TOKEN}"
    ask = told.ask
    await ask(scene.client, "POST", url, json.dumps(event(1)).encode(), Authorization=f"Bearer {TOKEN}")
    await ask(scene.client, "POST", url + query, unknown, Authorization=SECOND_TOKEN, **secret)
    await ask(scene.client, "POST", shipper + query, entry, DD_API_KEY=TOKEN, **secret)
    await ask(scene.client, "POST", url, b"", Authorization=f"Bearer {TOKEN}")


async def _changes_of_the_key(scene: Scene, file: Path) -> None:
    file.write_text(f"{NEW_KEY} {KEY}")
    await scene.becomes("202", "are left as they are")
    await scene.look()
    file.write_text(NEW_KEY)
    await scene.becomes("202", "Changed: api_key")


async def _refused_by_datadog(scene: Scene) -> None:
    scene.datadog.mode = "500"
    await scene.told.ask(
        *(scene.client, "POST", scene.relay.url, json.dumps(event(3)).encode()), Authorization=TOKEN
    )
    await scene.becomes("500", "does not take records: HTTP 500")
    await scene.look()
    for broken in ("status line", "header line"):
        await scene.becomes("403", "refuses the API key")
        await scene.look()
        await scene.becomes(broken, "does not take records")
        await scene.look()
    await scene.becomes("400", "kept as a dead letter")
    scene.datadog.mode = "202"
    await scene.look()


async def _refused_by_the_relay(scene: Scene) -> None:
    url, client, bad = scene.relay.url, scene.client, PAYLOAD["a malformed body"]
    shipper = url.replace("/okta/events", "/api/v2/logs")
    let_in = {"Authorization": f"Bearer {TOKEN}"}
    ask = scene.told.ask
    bodies = [
        f'{{"flow_name": "{bad}"',
        bad,
        f'["{bad}"]',
        f'"{bad}"',
        f'{{"message": "{{"{bad}": "{bad}"',
        f'{{"message": "{bad}\x01"}}',
        f'{{"{bad}": {"[" * 300}"{bad * 50_000}"{"]" * 300}}}',
        f'{{"{bad}": "\ud800"}}',
        f'{{"{bad}": 1}}' * 3,
        f'{{"{bad}": 1}}\n' * 10_001,
        f"{bad}" * 300_000,
    ]
    for path in (url, shipper):
        for body in bodies:
            await ask(client, "POST", path, body.encode(errors="surrogatepass"), **let_in)
        await ask(client, "POST", path, bad.encode(), Content_Encoding="gzip", **let_in)
        await ask(client, "POST", path, bad.encode(), Content_Encoding=PAYLOAD["a header"], **let_in)
        await ask(client, "POST", path, json.dumps(event(4)).encode())
        await ask(client, "POST", path, json.dumps(event(4)).encode(), Authorization=WRONG_TOKEN)
        await ask(client, "POST", path, bad.encode(), Authorization=f"Bearer {WRONG_TOKEN}")
        await ask(client, "POST", path, bad.encode(), X_Forwarded_For=PAYLOAD["X-Forwarded-For"], **let_in)
        await ask(client, "PUT", path, bad.encode(), **let_in)
    await ask(client, "POST", shipper, json.dumps({"no": PAYLOAD["an entry"]}).encode(), **let_in)
    await ask(client, "POST", shipper, json.dumps([{"message": bad}] * 1001).encode(), **let_in)
    await ask(client, "POST", f"{url}/{PAYLOAD['a path']}?{PAYLOAD['a query']}", bad.encode(), **let_in)
    await scene.look()


async def _no_http(scene: Scene) -> None:
    """What is refused before it is looked at, or not whole within its time."""
    async with asyncio.timeout(_PATIENCE), asyncio.TaskGroup() as tasks:
        for request in _bad_requests():
            tasks.create_task(scene.told.ask_badly(scene.relay.url, request))


def _bad_requests() -> Iterable[bytes]:
    bad, header = PAYLOAD["a malformed body"], PAYLOAD["a header"]
    begin = f"POST /okta/events?{PAYLOAD['a query']} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\nAuthorization: {TOKEN}\r\n"
    good = f"GET /livez HTTP/1.1\r\nHost: relay\r\nAuthorization: {TOKEN}\r\n\r\n"
    ends = [
        f"{header}\r\n\r\n",
        f"{header} : 1\r\n\r\n",
        f"X: {header}\x00\r\n\r\n",
        f"Content-Length: {header}\r\n\r\n",
        f"Transfer-Encoding: {header}\r\n\r\n",
        f"Content-Length: 1\r\nContent-Length: 2{header}\r\n\r\n",
        f"Transfer-Encoding: chunked\r\n\r\n{bad}\r\n{bad}\r\n",
        f"X: {header * 2_000}\r\n",
        f"Content-Length: 1000\r\n\r\n{bad}",
    ]
    texts = [
        f"{bad}\r\n\r\n",
        f"GET /{bad} HTTP/9.9\r\n\r\n",
        f"{good}{bad}\r\n\r\n",
        f"\x16\x03\x01{bad}\r\n\r\n",
    ]
    return [text.encode("latin-1") for text in (*texts, *(begin + end for end in ends))]


async def _commands(scene: Scene, folder: Path, env: Mapping[str, str]) -> None:
    """Let the commands say what they have to say, with a relay that runs and a Datadog that refuses."""
    told = scene.told
    letters = await run("dead-letters", "list", cwd=folder, **env)
    told.table = letters[1] + letters[2]
    for arguments in (["list", "--output", "json"], ["show", re.findall(r"(?m)^\d+", told.table)[0]]):
        _, stdout, stderr = await run("dead-letters", *arguments, cwd=folder, **env)
        told.letters[" ".join(arguments)] = stdout + stderr
    url = ["--url", scene.relay.url]
    for arguments, more in (
        (["check"], {}),
        (["check", "--running"], {}),
        (["okta-settings", "--public-url", "https://relay.example.com"], {}),
        (["send-test-event", *url], {}),
        (["send-test-event", *url], {"RELAY_TOKEN": WRONG_TOKEN}),
        (["serve"], {}),
    ):
        code, stdout, stderr = await run(*arguments, cwd=folder, **{**env, **more})
        told.commands[f"{' '.join(arguments)} {more}"] = f"ended with {code}: {stdout}{stderr}"


async def _anew_on_a_damaged_spool(folder: Path, url: str, more: Mapping[str, str], told: Told) -> None:
    spool = folder / "spool" / "spool.db"
    with spool.open("r+b") as file:
        file.write(FLOW.encode() * 200)
    env = {**more, "RELAY_TOKEN_FILE": str(folder / "token"), "RELAY_SPOOL_MAX_BYTES": "1"}
    async with relay_process(spool, url, **env) as relay, httpx2.AsyncClient(timeout=_PATIENCE) as client:
        relay.server.url = relay.url.rstrip('"}')
        scene = Scene(relay, Datadog(), client, told)
        content = json.dumps(event(5)).encode()
        await told.ask(client, "POST", relay.url, content, Authorization=FILE_TOKEN)
        await told.ask(client, "POST", relay.url, content, Authorization=TOKEN)
        await scene.look()
        assert await relay.end() == 0
    told.logs["the log of the relay that began on a damaged spool"] = "".join(relay.server.lines)


async def _everything(folder: Path, more: Mapping[str, str]) -> Told:
    told, datadog = Told(), Datadog()
    (folder / "spool").mkdir()
    spool = folder / "spool" / "spool.db"
    env = {
        **private(folder),
        "RELAY_ALLOWED_NETWORKS": "127.0.0.1",
        "RELAY_TRUSTED_PROXIES": "127.0.0.1",
        **more,
    }
    async with (
        listening(datadog) as url,
        httpx2.AsyncClient(timeout=_PATIENCE, trust_env=False) as client,
    ):
        async with relay_process(spool, url, **env) as relay:
            relay.server.url = relay.url.rstrip('"}')  # in JSON the line goes on
            scene = Scene(relay, datadog, client, told)
            await _accepted(scene)
            await _changes_of_the_key(scene, folder / "key")
            async with asyncio.TaskGroup() as meanwhile:
                meanwhile.create_task(_no_http(scene))
                await _refused_by_datadog(scene)
                await _refused_by_the_relay(scene)
            datadog.mode = "403"
            await _commands(scene, folder, {**environment(spool, url), **env})
            arguments = Path(f"/proc/{relay.server.process.pid}/cmdline")
            told.commands["the arguments of the process"] = (
                arguments.read_text() if arguments.exists() else ""
            )
            datadog.mode = "202"
            assert await relay.end() == 0
        told.logs["the log"] = "".join(relay.server.lines)
        await _anew_on_a_damaged_spool(folder, url, env, told)
    for file in spool.parent.iterdir():
        told.spool[f"the file {file.name}"] = file.read_bytes().decode("latin-1")
    assert KEY in datadog.heard
    assert NEW_KEY in datadog.heard
    return told


@pytest.fixture(
    scope="module", params=[("hypercorn", "text"), ("hypercorn", "json"), ("uvicorn", "text")], ids="-".join
)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    server, form = request.param
    more = {"RELAY_SERVER": server, "RELAY_LOG_FORMAT": form}
    return asyncio.run(_everything(tmp_path_factory.mktemp("secrets"), more))


def test_no_log_line_shows_a_secret_or_a_payload(told: Told) -> None:
    log, anew = told.logs.values()
    for line in ("HTTP 500", "refuses the API key", "dead letter", "are left as they are", "Stopped"):
        assert line in log
    assert "The damaged spool is kept as" in anew
    assert shown(ALL, told.logs) == []


def test_no_answer_shows_a_secret_or_a_payload(told: Told) -> None:
    assert told.statuses >= {200, 202, 400, 401, 403, 404, 405, 408, 413, 415, 503}
    assert shown(ALL, told.answers) == []


def test_no_command_shows_a_secret_or_a_payload(told: Told) -> None:
    assert any("NOT ACCEPTED: HTTP 403" in text for text in told.commands.values())
    assert any("WRONG  DD_API_KEY" in text for text in told.commands.values())
    assert shown(ALL, told.commands) == []


def test_the_list_of_dead_letters_shows_the_flows_name_and_nothing_else_of_the_payload(told: Told) -> None:
    assert FLOW in told.table
    assert shown({**KEYS, **PAYLOAD}, {"the list": told.table}) == []


def test_who_looks_at_a_dead_letter_sees_its_payload_but_no_key(told: Told) -> None:
    for text in told.letters.values():
        assert PAYLOAD["the user's address"] in text
        assert '"answer":' in text
    assert shown(KEYS, told.letters) == []


def test_the_spools_files_hold_payloads_but_no_key(told: Told) -> None:
    assert any(".damaged-" in name for name in told.spool)
    assert any(PAYLOAD["the user's address"] in text for text in told.spool.values())
    assert shown(KEYS, told.spool) == []


@asynccontextmanager
async def behind_a_proxy(folder: Path) -> AsyncIterator[dict[str, str]]:
    """The environment in which a proxy that refuses stands between relay and Datadog."""
    async with listening(Datadog()) as url:
        proxy = url.replace("://", f"://relay:{PASSWORD}@")
        datadog = dict.fromkeys(("DD_API_URL", "DD_LOGS_URL"), "https://datadog.example")
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy)
        yield {**environment(folder / "spool.db", NOWHERE), **private(folder), **datadog, **proxies}


def test_a_proxy_that_echoes_its_password_finds_nobody_to_repeat_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with behind_a_proxy(tmp_path) as env:
            _, stdout, stderr = await run("check", cwd=tmp_path, **env)
            assert "407" in stdout
            async with (
                run_server(["-m", "relay", "serve"], env) as server,
                httpx2.AsyncClient(trust_env=False) as client,
            ):
                headers = {"Authorization": TOKEN}
                assert (await client.post(server.url, json=event(1), headers=headers)).status_code == 202
                await nudged(server, lambda: any("does not take records" in line for line in server.lines))
            assert "407" in "".join(server.lines)
            assert shown(ALL, {"check": stdout + stderr, "the log": "".join(server.lines)}) == []

    asyncio.run(main())


@pytest.mark.parametrize("broken", ["status line", "header line"])
def test_check_repeats_nothing_of_an_answer_that_is_no_http(broken: str, tmp_path: Path) -> None:
    async def main() -> None:
        datadog = Datadog(broken)
        async with listening(datadog) as url:
            env = {**environment(tmp_path / "spool.db", url), **private(tmp_path)}
            code, stdout, stderr = await run("check", cwd=tmp_path, **env)
            assert code == 1
            assert "cannot be reached" in stdout
            assert KEY in datadog.heard
            assert shown(ALL, {"check": stdout + stderr}) == []

    asyncio.run(main())


@pytest.mark.parametrize("mode", ["404", "status line"])
def test_send_test_event_repeats_no_token_to_whoever_it_was_sent(mode: str, tmp_path: Path) -> None:
    async def main() -> None:
        stranger = Datadog(mode)
        async with listening(stranger) as url:
            arguments = ["send-test-event", "--type", "FLOW_FAIL", "--url", f"{url}/okta/events"]
            code, stdout, stderr = await run(*arguments, cwd=tmp_path, **private(tmp_path))
            assert code == 1
            assert "NOT ACCEPTED" in stdout
            assert TOKEN in stranger.heard
            assert shown(ALL, {"send-test-event": stdout + stderr}) == []

    asyncio.run(main())


MISTAKES = {
    **dict.fromkeys(VARIABLES, KEY),  # pasted where it does not belong
    **dict.fromkeys(("DD_ENV", "DD_SERVICE", "DD_SOURCE", "DD_TAGS", "DD_HOSTNAME"), f"{KEY}\x07"),
    "DD_API_KEY": f"{KEY} {KEY}",
    "DD_API_URL": f"https://intake.example/v1/input/{KEY}",
    "DD_LOGS_URL": f"https://relay:{PASSWORD}@intake.example",
    "RELAY_TOKEN": f"{TOKEN},tök{SECOND_TOKEN}",
    "RELAY_TOKEN_HEADER": f"Authorization: {TOKEN}",
    "RELAY_TLS_KEY": f"-----BEGIN PRIVATE KEY-----\\n{CREDENTIALS}",
}


@pytest.mark.parametrize("command", ["serve", "check"])
def test_no_fault_of_any_variable_shows_the_secret_that_was_put_there(command: str, tmp_path: Path) -> None:
    files = {name for name in MISTAKES if name.endswith("_FILE")}
    values = {name.removesuffix("_FILE") for name in files}
    opened = {"RELAY_SPOOL"}  # once all others are right

    async def faults_of(names: set[str]) -> str:
        told = await run(command, cwd=tmp_path, **{name: MISTAKES[name] for name in names})
        return told[1] + told[2]

    async def main() -> None:
        texts = {
            "the values": await faults_of({*MISTAKES} - files - opened),
            "the files": await faults_of({*MISTAKES} - values - opened),
        }
        right = {**environment(tmp_path / "spool.db", NOWHERE), "RELAY_SPOOL": MISTAKES["RELAY_SPOOL"]}
        _, stdout, stderr = await run(command, cwd=tmp_path, **right)
        texts["the spool"] = stdout + stderr
        told = "".join(texts.values())
        assert "Traceback" not in told
        assert {name for name in VARIABLES if f" {name}: " not in told} == set()
        assert shown(ALL, texts) == []

    asyncio.run(main())


@pytest.mark.parametrize(
    "url",
    [
        f"https://relay:{PASSWORD}@intake.example",
        f"https://relay:a@b{PASSWORD}@intake.example",
        f"https://relay:a/{PASSWORD}@intake.example",
        f"ftp://relay:{PASSWORD}@intake.example",
        f"https:/relay:{PASSWORD}@intake.example",
        f"relay:{PASSWORD}@intake.example:8443",
        f"https://intake.example?dd-api-key={KEY}",
        f"https://{KEY}:intake.example",
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(url: str, tmp_path: Path) -> None:
    env = {**environment(tmp_path / "spool.db", url), "DD_API_KEY": KEY}
    code, stdout, stderr = asyncio.run(run("serve", cwd=tmp_path, **env))
    assert code == 1
    assert stderr.count(" is no URL of a host") == 2
    assert shown(ALL, {"stdout": stdout, "stderr": stderr}) == []


@pytest.mark.parametrize(
    "url", [f"https://relay:{PASSWORD}@relay.example.com", f"https://relay.example.com/?token={TOKEN}"]
)
@pytest.mark.parametrize("arguments", [["send-test-event", "--url"], ["okta-settings", "--public-url"]])
def test_a_url_that_was_typed_is_told_without_its_password(
    arguments: list[str], url: str, tmp_path: Path
) -> None:
    code, stdout, stderr = asyncio.run(run(*arguments, url, cwd=tmp_path))
    assert code == 64
    assert " is no URL " in stderr
    assert shown(ALL, {"stdout": stdout, "stderr": stderr}) == []


@pytest.mark.parametrize(
    "proxy",
    [
        f"http://relay:{PASSWORD}@127.0.0.1:port",
        f"http://relay:{PASSWORD}/x@127.0.0.1:1",
        f"http://relay:{PASSWORD}#x@127.0.0.1:1",
        f"http://relay:{PASSWORD}?x@127.0.0.1:1",
        f"gopher://relay:{PASSWORD}@127.0.0.1:1",
    ],
)
@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    command: str, proxy: str, tmp_path: Path
) -> None:
    async def main() -> None:
        env = {**environment(tmp_path / "spool.db", NOWHERE), **private(tmp_path)}
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy)
        code, stdout, stderr = await run(command, cwd=tmp_path, **{**env, **proxies})
        assert code == 1
        assert "HTTPS_PROXY" in stdout + stderr
        assert shown(ALL, {command: stdout + stderr}) == []

    asyncio.run(main())


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["serve", "--no-such-flag"],
        ["serve", "--bind", "nowhere"],
        ["serve", "--spool", "nowhere"],
        ["serve", "--env-file", "private.env"],
        ["check", "--env-file", "no-such.env"],
        ["send-test-event", "--count", "0"],
        ["okta-settings"],
        ["dead-letters", "show", "none"],
        ["dead-letters", "list", "--output", "xml"],
        ["dead-letters", "list"],
    ],
    ids=" ".join,
)
def test_wrong_usage_shows_no_secret_and_no_traceback(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "private.env").write_text(f"RELAY_TOKEN={FILE_TOKEN}\nthis is no '{NEW_KEY}\n")
    env = {**environment(tmp_path / "spool.db", NOWHERE), **private(tmp_path)}
    code, stdout, stderr = asyncio.run(run(*arguments, cwd=tmp_path, **env))
    assert code in {1, 64}
    assert stderr.startswith("relay: ")
    assert "Traceback" not in stderr
    assert shown(ALL, {"stdout": stdout, "stderr": stderr}) == []


def test_nothing_that_holds_secrets_shows_them_when_it_is_printed(tmp_path: Path) -> None:
    env = {**environment(tmp_path / "spool.db", NOWHERE), "DD_API_KEY": KEY, "RELAY_TOKEN": TOKEN}
    settings = read(env)
    policy = Current(settings, lambda: settings, Metrics()).policy
    with pytest.raises(ConfigurationError) as caught:
        read(MISTAKES)
    assert settings.api_key == KEY
    assert policy.access.tokens == (TOKEN.encode(),)
    printed = {
        f"{how.__name__} of {type(thing).__name__}": how(thing)
        for how in (repr, str)
        for thing in (settings, policy, policy.access, caught.value, caught.value.faults)
    }
    assert shown(ALL, printed) == []


_WATCHED = """
import contextlib, os, runpy, sys, threading

os.umask(0)
folder, report = sys.argv[1:3]
del sys.argv[1:3]
out = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
this = threading.local()

def look(event, _):
    if event not in {"open", "os.link", "os.remove", "os.rename", "sqlite3.connect/handle"} or vars(this):
        return
    this.looks = True
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):
            os.write(out, f"{name} {os.stat(os.path.join(folder, name)).st_mode & 0o777:o}\\n".encode())
    del this.looks

sys.addaudithook(look)
runpy.run_module("relay", run_name="__main__", alter_sys=True)
"""
"""Runs the relay with umask 0, and notes the mode of each file in a folder before any of them can vanish."""


def test_every_file_that_the_relay_makes_is_its_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder, report = tmp_path / "spool", tmp_path / "report"
    folder.mkdir()
    spool = folder / "spool.db"
    command = ["-c", _WATCHED, str(folder), str(report), "serve"]

    async def main() -> None:
        async with run_server(command, environment(spool, NOWHERE)) as server:
            relay = RelayProcess(server)
            assert (await relay.post(json.dumps(event(1)))).status_code == 202
            assert await relay.end(signal.SIGKILL) == -signal.SIGKILL
        for file, size in ((spool, 4096), (Path(f"{spool}-wal"), 32)):
            with file.open("r+b") as broken:
                broken.write(b"x" * size)
        async with run_server(command, environment(spool, NOWHERE)) as server:
            relay = RelayProcess(server)
            assert (await relay.post(json.dumps(event(2)))).status_code == 202
            spool.unlink()
            async with asyncio.timeout(_PATIENCE):
                while not any("it goes on at" in line for line in server.lines):
                    await relay.get("/readyz")
                while (await relay.post(json.dumps(event(3)))).status_code != 202:
                    await relay.get("/readyz")
            assert await relay.end() == 0

    asyncio.run(main())
    seen = [line.split() for line in report.read_text().splitlines()]
    kinds = {re.sub(r"\d{8}T\d{6}Z(-\d+)?", "TIME", name) for name, _ in seen}
    after = (
        "",
        "-wal",
        "-shm",
        ".lock",
        ".reserve",
        ".saving",
        ".saving-copy",
        ".saving-copy-wal",
    )
    expected = {f"spool.db{end}" for end in (*after, ".saved", ".damaged-TIME", ".damaged-TIME-wal")}
    assert expected - kinds == set()
    assert {(name, mode) for name, mode in seen if mode != "600"} == set()
