"""How many logs a second pass the bundled pack's pipeline, beside the orjson parse of the same events.

Logs are made by preprocessing first; what is measured is `Pipelines.process`, which copies each log, too.
Both are done for every log, in turn, several times; the medians of the rounds are shown. One core.

usage: python bench/rehearse.py [LOGS [ROUNDS]]
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson

from datadog_assets import packs
from datadog_assets.load import load_text
from datadog_assets.preprocess import preprocess
from datadog_assets.rehearse.pipelines import Pipelines
from relay import okta_sample

ENOUGH = 20_000
"""Logs a second."""


def main() -> None:
    """Measure, print, and end with 1 if it is not enough."""
    number, rounds = (int(given) for given in (*sys.argv[1:], "20000", "5")[:2])
    now = datetime.now(UTC)
    now_ms = int(now.timestamp() * 1000)
    bodies = [orjson.dumps(event) for event in islice(okta_sample.events(seed=1), number)]
    entry = {"ddsource": "okta-workflows-els", "service": "okta", "ddtags": "env:production"}
    logs = [preprocess({**entry, "message": body.decode()}, [], now_ms) for body in bodies]
    declared = load_text(packs.OKTA, packs.read(packs.OKTA), {"alert_recipients": "x"}, {}).declared
    resources = [resource.body for resource in declared["pipelines"].values()]
    pipelines = Pipelines(resources)

    parses, passes = [], []
    for _ in range(rounds):
        parses.append(_rate(orjson.loads, bodies))
        passes.append(_rate(lambda log: pipelines.process(log, now), logs))
    ratios = [one / other for one, other in zip(passes, parses, strict=True)]
    print(f"{number:,} logs, {rounds} rounds")
    print(f"process        {statistics.median(passes):>9,.0f} logs/s")
    print(f"orjson.loads   {statistics.median(parses):>9,.0f} logs/s")
    print(f"process / orjson.loads  {statistics.median(ratios):.3f} x the logs/s")
    sys.exit(0 if statistics.median(passes) >= ENOUGH else 1)


def _rate(work: Callable[[Any], object], given: Sequence[object]) -> float:
    started = time.perf_counter()
    for one in given:
        work(one)
    return len(given) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
