"""How many logs a second a query is held against, beside a function written by hand that asks the same.

A log of 25 attributes; both functions are called for every log, in turn, several times; the best is shown,
for what disturbs a run only makes it slower. One core.

usage: python bench/search.py [LOGS [ROUNDS]]
"""

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

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
ENOUGH = 200_000
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


def main(count: int, rounds: int) -> None:
    """Print the rates."""
    logs = [make_log(number) for number in range(count)]
    matches = parse(QUERY).matches
    if [matches(log) for log in logs] != [by_hand(log) for log in logs]:
        raise SystemExit("the query and the function do not agree")
    pairs = [(rate(matches, logs), rate(by_hand, logs)) for _ in range(rounds)]
    print(f"{count:,} logs, {rounds} rounds")
    reached = max(one for one, _ in pairs)
    print(f"{reached:12,.0f} logs/s  {QUERY}")
    print(f"{max(one for _, one in pairs):12,.0f} logs/s  the same, by hand")
    for query in OTHERS:
        test = parse(query).matches
        print(f"{max(rate(test, logs) for _ in range(rounds)):12,.0f} logs/s  {query}")
    print(f"query / by hand  {statistics.median(one / other for one, other in pairs):.2f} x the logs/s")
    if reached < ENOUGH:
        raise SystemExit(f"fewer than {ENOUGH:,} logs/s")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers + [50_000, 5][len(numbers) :]))
