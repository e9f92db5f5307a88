"""What a plan of 100 resources costs against an organization that has thousands: CPU of the command.

It is measured against an interpreter that only starts and, with orjson, parses what Datadog answered.

usage: python bench/plan.py [ROUNDS]
"""

import asyncio
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx2
import orjson

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


async def fill(sandbox: Sandbox) -> None:
    """Put as much into a sandbox as `LIVE` says, in its own process; the first ones carry the managed tag."""
    transport = httpx2.ASGITransport(app=sandbox.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox", headers=KEYS) as client:
        for key, kind in KINDS.items():
            for number in range(MISSING, MISSING + LIVE[key]):
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


async def rounds(number: int) -> list[tuple[float, float]]:
    """Measure plan and parsing in turn; gives the CPU seconds of both, for each round."""
    sandbox = Sandbox(api_keys={"k"}, app_keys={"a"})
    await fill(sandbox)
    given = answered(sandbox)
    live = ", ".join(f"{count:,} {key.replace('_', ' ')}" for key, count in LIVE.items())
    print(f"{live}: {len(given) / 1e6:.1f} MB; {sum(DECLARED.values())} declared; {number} rounds")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "assets.yaml"
        file.write_text(declared(), encoding="utf-8")
        async with run_sandbox(sandbox) as url:
            for _ in range(number):
                plan, _ = await cpu_seconds(["-m", "datadog_assets", "plan", str(file)], url)
                parse, _ = await cpu_seconds(["-c", PARSE], url, given)
                found.append((plan, parse))
    return found


def main() -> None:
    """Print the medians."""
    found = asyncio.run(rounds(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
    for name, position in (("plan", 0), ("start, parse", 1)):
        print(f"{name:14}{statistics.median(one[position] for one in found):6.2f} CPU s")
    ratio = statistics.median(plan / parse for plan, parse in found)
    print(f"plan / start, parse  {ratio:.1f} x the CPU")


if __name__ == "__main__":
    main()
