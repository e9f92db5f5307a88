"""Sends every recorded request of pipelines, monitors and rules to the sandbox, and compares the answers.

The exchanges of one source, in their order, meet a sandbox of their own. Ids are mapped: where Datadog gave
one, the sandbox gave another. Everything else must be equal, but for what `NOT_HELD` tells, with its reason.

Left out are exchanges that the recording alone cannot explain:

- paths that search monitors, which the sandbox does not have;
- requests that name, and answers that hold, a resource which no earlier exchange of the source made
  (other products made it, or it lived in the recorded organisation before). An order of pipelines is not
  left out: the pipelines that it holds besides are made first.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from datadog_assets.sandbox.app import Sandbox

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "recorded"
AREAS = ["logs_pipelines", "logs_pipeline_order", "monitors", "notification_rules"]
ORDER = "/api/v1/logs/config/pipeline-order"
PIPELINES = "/api/v1/logs/config/pipelines"
FLOOR = 1.0
"""This share of the exchanges that are not left out must agree."""

ID = re.compile(r"(?<![\w-])([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{22}|\d{6,})(?![\w-])")

TIME = re.compile(r".*\.(created|modified|overall_state_modified)(_at)?$")
"""Of a time only its form is compared: digits are as good as other digits."""

NOT_HELD = [
    (r"\w+ [+-](\[\])?\.creator$|\w+ ~(\[\])?\.creator\.", "who made it: the sandbox has one user"),
    (r"\w+ [-+~]\.(included\[\]|data\.relationships\.created_by)\.", "as above"),
    (r"\w+ ~\.data\.attributes\.modified_at:", "of a new rule it is 1970, sometimes the time of creation"),
    (r"(POST|PUT) \+\.(assets|draft_status|restriction_policy)$", "recorded before Datadog had the field"),
    (r"GET \+(\[\])?\.draft_status$", "recorded before Datadog had the field"),
    (r"GET -(\[\])?\.assets$", "until early 2026 Datadog showed assets unasked"),
    (r"\w+ -\.(restricted|run_as|options\.avalanche_window)$", "some organisations have it: a trial"),
    (r"\w+ -\.options\.locked$", "recorded while Datadog still had the field"),
    (r"(POST|GET) \+\.options\.groupby_simple_monitor$", "in 2023 not added, before and since it is"),
    (r"\w+ ~(\[\])?\.overall_state(_modified)?:", "when Datadog evaluated first, a recording does not tell"),
    (r"GET ~\.matching_downtimes:|GET -\.options\.silenced\.", "downtimes are another product"),
    (r"POST ~\.options\.thresholds\.\w+: (\d+) -> \1\.0$", "until 2022 whole thresholds stayed whole"),
]
"""A pattern of differences, and why they do not count. A difference is written `METHOD +path` (only the sandbox
has it), `METHOD -path` (only Datadog has it) or `METHOD ~path: theirs -> ours`; a list's places are `[]`."""

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside this checkout")

Exchange = dict[str, Any]


class Outcome(NamedTuple):
    exchange: Exchange
    differences: list[str]

    def __str__(self) -> str:
        where = "{source} {seq} {method} {path}".format(**self.exchange)
        return f"{where}: {'; '.join(self.differences)}"


def sources() -> dict[str, list[Exchange]]:
    found: dict[str, list[Exchange]] = defaultdict(list)
    for area in AREAS:
        for line in (RECORDED / f"{area}.jsonl").read_text().splitlines():
            exchange = json.loads(line)
            found[exchange["source"]].append(exchange)
    return {source: sorted(exchanges, key=lambda one: one["seq"]) for source, exchanges in found.items()}


def made(exchange: Exchange) -> list[str]:
    """The ids of what an exchange made, as text."""
    if exchange["method"] != "POST" or exchange["status"] != 200:
        return []
    body = exchange["response"]
    return [str(part["id"]) for part in (body, body.get("data", {})) if "id" in part]


def organisations(exchanges: list[Exchange]) -> Iterator[list[Exchange]]:
    """Split a source where it goes on in another organisation: where the order holds other strangers."""
    own = {key for exchange in exchanges for key in made(exchange)}
    part: list[Exchange] = []
    strangers: set[str] | None = None
    for exchange in exchanges:
        if exchange["path"] == ORDER:
            found = set(exchange["response"]["pipeline_ids"]) - own
            if strangers is not None and found != strangers:
                yield part
                part = []
            strangers = found
        part.append(exchange)
    yield part


class Replay:
    """One organisation's exchanges against a sandbox of its own."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self.exchanges = exchanges
        self.client = TestClient(
            Sandbox(api_keys={"k"}, app_keys={"a"}).app,
            headers={"DD-API-KEY": "k", "DD-APPLICATION-KEY": "a"},
        )
        self.ours: dict[str, str] = {}
        orders = [exchange["response"]["pipeline_ids"] for exchange in exchanges if exchange["path"] == ORDER]
        own = {key for exchange in exchanges for key in made(exchange)}
        for stranger in [key for key in (orders or [[]])[0] if key not in own]:
            self.ours[stranger] = self.client.post(PIPELINES, json={"name": stranger}).json()["id"]

    def outcomes(self) -> Iterator[Outcome]:
        for exchange in self.exchanges:
            if not self.is_left_out(exchange):
                yield Outcome(exchange, self.differences(exchange))

    def is_left_out(self, exchange: Exchange) -> bool:
        if exchange["path"].endswith("/search"):
            return True
        if exchange["status"] >= 400:
            return False
        body = exchange["request"] or {}
        named = ids(exchange["path"])
        if body.get("type") == "composite":
            named += ids(body["query"])
        named += [value for name, value in exchange["query"] if name == "monitor_ids"]
        if isinstance(exchange["response"], list):
            named += [str(one["id"]) for one in exchange["response"]]
        return any(key not in self.ours for key in named)

    def mapped(self, value: Any) -> Any:
        match value:
            case dict():
                return {name: self.mapped(inner) for name, inner in value.items()}
            case list():
                return [self.mapped(inner) for inner in value]
            case str():
                return ID.sub(lambda found: self.ours.get(found[0], found[0]), value)
            case int() if str(value) in self.ours:
                return int(self.ours[str(value)])
        return value

    def differences(self, exchange: Exchange) -> list[str]:
        answer = self.client.request(
            exchange["method"],
            self.mapped(exchange["path"]),
            params=[(name, self.mapped(value)) for name, value in exchange["query"]],
            json=self.mapped(exchange["request"]) if exchange["request"] is not None else None,
        )
        if answer.status_code != exchange["status"]:
            return [f"~status: {exchange['status']} -> {answer.status_code} {answer.text[:200]}"]
        body = answer.json() if answer.content else None
        for theirs, ours in zip(made(exchange), made(exchange | {"response": body}), strict=True):
            self.ours[theirs] = ours
        found = [
            f"{exchange['method']} {one}" for one in differences(self.mapped(exchange["response"]), body)
        ]
        return [one for one in found if not any(re.match(pattern, one) for pattern, _ in NOT_HELD)]


def differences(theirs: Any, ours: Any, path: str = "") -> Iterator[str]:
    match theirs, ours:
        case dict(), dict():
            for name in sorted(theirs.keys() | ours.keys()):
                if name not in theirs:
                    yield f"+{path}.{name}"
                elif name not in ours:
                    yield f"-{path}.{name}"
                else:
                    yield from differences(theirs[name], ours[name], f"{path}.{name}")
        case list(), list() if len(theirs) == len(ours):
            for one, other in zip(theirs, ours, strict=True):
                yield from differences(one, other, f"{path}[]")
        case _ if TIME.match(path) and written(theirs) == written(ours):
            pass
        case _ if theirs != ours or type(theirs) is not type(ours):
            yield f"~{path}: {theirs!r} -> {ours!r}"


def ids(text: str) -> list[str]:
    return [found[0] for found in ID.finditer(text)]


def written(time: Any) -> str:
    return re.sub(r"[0-9]", "0", str(time))


def replayed() -> list[Outcome]:
    return [
        outcome
        for exchanges in sources().values()
        for part in organisations(exchanges)
        for outcome in Replay(part).outcomes()
    ]


def test_the_sandbox_answers_as_datadog_did(record_property: Any) -> None:
    outcomes = replayed()
    differing = [outcome for outcome in outcomes if outcome.differences]
    total = sum(map(len, sources().values()))
    agreeing = len(outcomes) - len(differing)
    report = f"{agreeing} of {len(outcomes)} exchanges agree, {total - len(outcomes)} of {total} left out"
    record_property("replay", report)
    print(report)
    assert agreeing >= FLOOR * len(outcomes), "\n".join([report, *map(str, differing)])
    # a rule that leaves out ever more would make the share above worth nothing
    assert len(outcomes) >= 0.8 * total
