"""A plan against an organization that has thousands of resources takes few calls."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx2
import orjson
import plan as bench
import pytest

from datadog_assets.sandbox.app import Sandbox


@pytest.mark.slow
def test_a_plan_of_100_against_2_800_lists_and_reads_nothing_one_by_one(
    sandbox: Sandbox, url: str, client: httpx2.Client, tmp_path: Path
) -> None:
    asyncio.run(bench.fill(sandbox))
    before = len(sandbox.calls)
    file = tmp_path / "assets.yaml"
    file.write_text(bench.declared(), encoding="utf-8")
    arguments = ["-m", "datadog_assets", "plan", str(file), "--output", "json"]
    seconds, out = asyncio.run(bench.cpu_seconds(arguments, url))
    print(f"{seconds:.2f} CPU s")
    found = orjson.loads(out)
    assert found["counts"] == {"create": 15, "update": 0, "delete": 0, "move": 0}
    assert found["problems"] == []
    calls = Counter(
        (call["method"], call["path"]) for call in client.get("/sandbox/requests").json()[before:]
    )
    assert calls == {
        ("GET", "/api/v1/logs/config/pipelines"): 1,
        ("GET", "/api/v1/monitor"): 3,
        ("GET", "/api/v2/monitor/notification_rule"): 1,
    }
