"""How many logs a second pass the bundled pack's pipeline, beside the orjson parse of the same events.

Logs are made by preprocessing first; what is measured is `Pipelines.process`, which copies each log, too.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

import orjson
from figure import Bound, Figure, Reference
from rounds import in_turn
from samples import singles
from size import Size

from datadog_assets import packs
from datadog_assets.load import load_text
from datadog_assets.preprocess import preprocess
from datadog_assets.rehearse.pipelines import Pipelines

LEAST = 20_000.0
"""Logs a second."""

T = TypeVar("T")


async def measure(size: Size) -> list[Figure]:
    """Measure both."""
    now = datetime.now(UTC)
    bodies = list(singles(size.logs // 5))
    entry = {"ddsource": "okta-workflows-els", "service": "okta", "ddtags": "env:production"}
    now_ms = int(now.timestamp() * 1000)
    logs = [preprocess({**entry, "message": body.decode()}, [], now_ms) for body in bodies]
    declared = load_text(packs.OKTA, packs.read(packs.OKTA), {"alert_recipients": "x"}, {}).declared
    pipelines = Pipelines([resource.body for resource in declared["pipelines"].values()])

    async def parse() -> float:
        return len(bodies) / _seconds(orjson.loads, bodies)

    async def process() -> float:
        return len(logs) / _seconds(lambda log: pipelines.process(log, now), logs)

    parses, passes = (await in_turn(size, {"orjson.loads": parse, "process": process})).samples.values()
    reference = Reference("orjson.loads", parses)
    what = "logs a second through the pack's pipeline"
    return [Figure("rehearse.rate", what, "/s", passes, reference, Bound(LEAST, at="least"))]


def _seconds(work: Callable[[T], object], given: Iterable[T]) -> float:
    began = time.perf_counter()
    for one in given:
        work(one)
    return time.perf_counter() - began
