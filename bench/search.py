"""How many logs a second a query is held against, beside a function written by hand that asks the same.

Each log has 25 attributes, and both are called for each. Other queries follow, alone.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from figure import Bound, Figure, Reference
from rounds import in_turn
from size import Size

from datadog_assets.search import parse

Log = Mapping[str, Any]

QUERY = "@outcome.result:FAIL status:error"
OTHERS = (
    "service:okta-workflows env:prod",
    "@duration:[1000 TO 5000] @flow.name:Onboard*",
    "-@error.kind:* OR @steps.name:(read OR write)",
    'failed "step 3"',
    "CIDR(@client.ip, 10.0.0.0/8, 2001:db8::/32)",
    "*:connector",
)
LEAST = 200_000.0
"""Logs a second for `QUERY`."""


def make_log(number: int) -> dict[str, Any]:
    """Make a log such as a failed flow gives; every second one is of a flow that went well."""
    is_failed = number % 2 == 0
    attributes = {
        "event_type": "FLOW_FAIL" if is_failed else "FLOW_SUCCESS",
        "outcome": {"result": "FAIL" if is_failed else "SUCCESS", "reason": "step timed out"},
        "flow": {"id": str(number), "name": "Onboard user", "version": 7},
        "org": {"id": "00o1", "name": "example"},
        "actor": {"id": "00u1", "type": "User", "name": "jane"},
        "client": {"ip": "10.1.2.3", "agent": "Mozilla/5.0"},
        "execution": {"id": f"e{number}", "attempt": 1, "mode": "async"},
        "steps": [{"name": "read", "card": "connector"}, {"name": "write", "card": "table"}],
        "duration": 1200 + number % 100,
        "throttled": False,
        "error_code": 504,
        "region": "eu",
        "labels": ["hr", "iam"],
        "url": "https://example.workflows.okta.com/app/folders/1/flows/2",
    }
    return {
        "message": f"Flow Onboard user failed: step 3 timed out (execution e{number})",
        "status": "error" if is_failed else "info",
        "service": "okta-workflows",
        "host": "example.workflows.okta.com",
        "source": "okta",
        "tags": ["team:iam", "env:prod", "version:1.2.3"],
        "attributes": attributes,
        "timestamp": 1_772_600_767_000 + number,
    }


def by_hand(log: Log) -> bool:
    """Tell what `QUERY` tells."""
    return bool(log["attributes"]["outcome"]["result"] == "FAIL" and log["status"] == "error")


def rate(test: Callable[[Log], bool], logs: list[dict[str, Any]]) -> float:
    """Give how many logs a second a function is held against."""
    began = time.perf_counter()
    for log in logs:
        test(log)
    return len(logs) / (time.perf_counter() - began)


async def measure(size: Size) -> list[Figure]:
    """Measure the query beside the function, then other queries.

    Raises:
        RuntimeError: the query and the function do not agree.
    """
    logs = [make_log(number) for number in range(size.logs)]
    matches = parse(QUERY).matches
    if [matches(log) for log in logs] != [by_hand(log) for log in logs]:
        raise RuntimeError("the query and the function do not agree")

    async def rate_of(test: Callable[[Log], bool]) -> float:
        return rate(test, logs)

    tests = {"by hand": by_hand} | {query: parse(query).matches for query in (QUERY, *OTHERS)}
    turns = await in_turn(size, {name: partial(rate_of, test) for name, test in tests.items()})
    found = turns.samples
    first = Figure(
        "search.rate",
        QUERY,
        "/s",
        found[QUERY],
        Reference("by hand", found["by hand"]),
        Bound(LEAST, at="least"),
    )
    others = [
        Figure(f"search.other_{number}.rate", query, "/s", found[query])
        for number, query in enumerate(OTHERS, 1)
    ]
    return [first, *others]
