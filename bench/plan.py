"""A plan of 100 resources against an organization that has thousands: CPU of the command.

85 of the 100 are there already, so that they are compared in depth; the others would be made. Beside it an
interpreter only starts and, with orjson, parses what Datadog answered.
"""

import asyncio
import os
import resource
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx2
import orjson
from figure import Bound, Figure, Reference
from rounds import in_turn
from size import Size

from datadog_assets.export import dump
from datadog_assets.kinds import KINDS
from datadog_assets.resource import MANAGED_TAG, Json
from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox

KEYS = {"DD-API-KEY": "k", "DD-APPLICATION-KEY": "a"}
PATHS = {
    "pipelines": "/api/v1/logs/config/pipelines",
    "monitors": "/api/v1/monitor",
    "notification_rules": "/api/v2/monitor/notification_rule",
}
LIVE = {"pipelines": 300, "monitors": 2000, "notification_rules": 500}
DECLARED = {"pipelines": 10, "monitors": 80, "notification_rules": 10}
MISSING = 5
"""Of each kind, so many that are declared are not there yet."""
MOST = 2.0
"""CPU seconds."""

PARSE = "import sys, orjson; [orjson.loads(line) for line in sys.stdin.buffer]"


def _entry(kind: str, number: int) -> Json:
    name, source = f"{kind} {number}", f"source:s{number}"
    if kind == "monitors":
        query = (
            f'logs("{source} status:error").index("*").rollup("count").by("host").last("15m") > {number + 1}'
        )
        options = {"thresholds": {"critical": number + 1}, "renotify_interval": 120}
        return {
            "name": name,
            "type": "log alert",
            "query": query,
            "message": f"{source} fails on {{{{host.name}}}}.\n\n" + "What to do is in the runbook. " * 20,
            "tags": [f"team:t{number % 40}", f"service:s{number}", "env:production"],
            "options": options,
        }
    if kind == "pipelines":
        remappers = [
            {"type": "attribute-remapper", "name": f"R{at}", "sources": [f"a{at}"], "target": f"b{at}"}
            for at in range(10)
        ]
        return {"name": name, "filter": {"query": source}, "processors": remappers}
    return {"name": name, "filter": {"tags": [f"team:t{number}"]}, "recipients": [f"slack-{number}"]}


async def fill(sandbox: Sandbox, share: float = 1.0) -> None:
    """Put as much into a sandbox as `LIVE` says, or a share of it; the first ones carry the managed tag."""
    transport = httpx2.ASGITransport(app=sandbox.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox", headers=KEYS) as client:
        for key, kind in KINDS.items():
            for number in range(MISSING, MISSING + max(int(share * LIVE[key]), DECLARED[key])):
                body = kind.body(kind.model.model_validate(_entry(key, number)))
                if kind.has_tags and number < DECLARED[key]:
                    body["tags"] = [*_tags(body), MANAGED_TAG]
                wrapped = {"data": {"type": "monitor-notification-rule", "attributes": body}}
                sent = body if kind.has_tags else wrapped
                (await client.post(PATHS[key], json=sent)).raise_for_status()


def _tags(body: Json) -> list[object]:
    tags = body.get("tags")
    return tags if isinstance(tags, list) else []


def declared() -> str:
    """Give YAML of what `DECLARED` says: `MISSING` of each kind are to be made, the others are there."""
    return dump({key: [_entry(key, number) for number in range(count)] for key, count in DECLARED.items()})


async def cpu_seconds(arguments: Sequence[str], url: str, given: bytes = b"") -> tuple[float, bytes]:
    """Run `python ARGUMENTS`; gives its CPU, user and system, and what it printed.

    Raises:
        RuntimeError: it failed.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DD_")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={**kept, "DD_API_URL": url, "DD_API_KEY": "k", "DD_APP_KEY": "a"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(given)
    if process.returncode:
        raise RuntimeError(f"ended with {process.returncode}: {err.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, out


def answered(sandbox: Sandbox) -> bytes:
    """Give what the lists of a sandbox hold, as JSON, a list a line."""
    lists = (sandbox.pipelines, sandbox.monitors, sandbox.notification_rules)
    return b"\n".join(map(orjson.dumps, lists))


async def measure(size: Size) -> list[Figure]:
    """Measure plan and parsing in turn."""
    sandbox = Sandbox(api_keys={"k"}, app_keys={"a"})
    await fill(sandbox, size.live)
    given = answered(sandbox)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "assets.yaml"
        file.write_text(declared(), encoding="utf-8")
        async with run_sandbox(sandbox) as url:

            async def parse() -> float:
                return (await cpu_seconds(["-c", PARSE], url, given))[0]

            async def plan() -> float:
                return (await cpu_seconds(["-m", "datadog_assets", "plan", str(file)], url))[0]

            parses, plans = (await in_turn(size, {"start, parse": parse, "plan": plan})).samples.values()
    what = f"CPU of a plan, {len(given) / 1e6:.1f} MB live"
    return [Figure("plan.cpu", what, "s", plans, Reference("start, parse", parses), Bound(MOST))]
