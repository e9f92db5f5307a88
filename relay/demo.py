"""The whole loop on one machine: sample events, the relay, and the sandbox in Datadog's place.

The sandbox does what Datadog does with the bundled pack: it processes the logs, evaluates the monitors, and
tells whom their rule names.
"""

import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import httpx2
from rich.console import Console
from rich.live import Live

from datadog_assets import packs
from datadog_assets.api import Api
from datadog_assets.apply import apply
from datadog_assets.environment import Access
from datadog_assets.load import load_text
from datadog_assets.plan import Options, make_plan
from datadog_assets.sandbox.alerts import Notified
from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox
from datadog_assets.state import read_state
from relay import demo_view, okta_sample, outbound, sender
from relay.jsontext import JsonObject
from relay.metrics import Metrics
from relay.serve import serve
from relay.settings import Settings, read

_FAILURES = "Okta Workflows: flow failures"
"""The monitor of the bundled pack that a failed flow puts into another state."""

_KEYS = {"DD-API-KEY": "demo-api-key", "DD-APPLICATION-KEY": "demo-app-key"}
_ARRIVAL_SECONDS = 30.0
_POLL_SECONDS = 0.2
_WIDTH = 120
_EVENTS_A_SECOND = 4.0
_REFRESHES_A_SECOND = 4


@dataclass(frozen=True, slots=True)
class Stage:
    """The running parts of a demo.

    Attributes:
        events_url: where the relay takes events.
        datadog_url: where the sandbox answers as Datadog.
        settings: the relay's.
        metrics: the relay's.
        made: what the bundled pack made in the sandbox, a line each.
        sandbox: in Datadog's place.
    """

    events_url: str
    datadog_url: str
    settings: Settings
    metrics: Metrics
    made: tuple[str, ...]
    sandbox: Sandbox


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Run sandbox and relay on free ports, with a spool of their own, while the block runs.

    The bundled pack is applied to the sandbox first, as a user would to Datadog.
    """
    sandbox = Sandbox(api_keys={_KEYS["DD-API-KEY"]}, app_keys={_KEYS["DD-APPLICATION-KEY"]})
    with tempfile.TemporaryDirectory(prefix="relay-demo-", ignore_cleanup_errors=True) as folder:
        async with run_sandbox(sandbox) as datadog_url, asyncio.TaskGroup() as tasks:
            made = await asyncio.to_thread(_apply_pack, datadog_url, Path(folder))
            settings = read(
                {
                    "DD_API_KEY": _KEYS["DD-API-KEY"],
                    "DD_API_URL": datadog_url,
                    "DD_LOGS_URL": datadog_url,
                    "RELAY_BIND": "127.0.0.1:0",
                    "RELAY_SPOOL": f"sqlite:{Path(folder, 'spool.db')}",
                    "RELAY_TOKEN": "demo-token",
                },
                serving=True,
            )
            stop = asyncio.Event()
            metrics = Metrics()
            url: asyncio.Future[str] = asyncio.get_running_loop().create_future()

            def ready(found: str) -> None:
                if not url.done():  # it is, if the demo was interrupted meanwhile
                    url.set_result(found)

            tasks.create_task(serve(settings, metrics, stop, ready))
            try:
                yield Stage(await url, datadog_url, settings, metrics, made, sandbox)
            finally:
                stop.set()


def _apply_pack(datadog_url: str, folder: Path) -> tuple[str, ...]:
    loaded = load_text(packs.OKTA, packs.read(packs.OKTA), {"alert_recipients": "slack-okta"}, {})
    access = Access(datadog_url, _KEYS["DD-API-KEY"], _KEYS["DD-APPLICATION-KEY"])
    with Api(access, tell=_quiet) as api:
        state = read_state(api, _quiet)
        plan = make_plan(loaded.declared, state.live, state.order, Options())
        apply(plan, api, _quiet, folder)
    return tuple(f"{change.kind}: {change.name}" for change in plan.changes)


def _quiet(_: str) -> None:
    """The demo has its own view."""


async def once(
    now: Callable[[], datetime] = lambda: datetime.now(UTC), patience: float = _ARRIVAL_SECONDS
) -> int:
    """Send a fixed set of events, wait until each has arrived, print them; 0 if all did, else 1.

    At the end it shows how a failed flow came to be told of.

    Args:
        now: the time of the events.
        patience: how long to wait for their arrival, in seconds.
    """
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    events = list(islice(okta_sample.events(seed=1, now=now), okta_sample.CYCLE))
    async with stage() as parts, outbound.client(headers=_KEYS) as datadog:
        console.print(f"The relay takes events on {parts.events_url}")
        console.print(f"{parts.datadog_url} stands in for Datadog, and has from the bundled pack:")
        for line in parts.made:
            console.print(f"  {line}", highlight=False)
        summary = await sender.send(parts.events_url, events, headers=parts.settings.token_headers)
        logs = await _wait_for(len(events), datadog, parts.datadog_url, patience)
    console.print(demo_view.log_table(logs))
    console.print(demo_view.outcome(summary, len(logs)))
    if way := _way(parts.sandbox):
        console.print(demo_view.way(way))
    arrived = {_identity(log["attributes"]) for log in logs}
    missing = [event for event in events if _identity(event) not in arrived]
    for event in missing:
        console.print(
            f"MISSING: {event['event_type']} of {event['flow_name']}, execution {event['execution_id']}"
        )
    for fault, number in summary.faults.items():
        console.print(f"NOT ACCEPTED, {number} times: {fault}")
    return 1 if missing or summary.faults else 0


async def live() -> int:
    """Send events until Ctrl-C, and show what becomes of them."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with stage() as parts, outbound.client(headers=_KEYS) as datadog:
        summary = sender.Summary()
        headers = parts.settings.token_headers
        flow = sender.send(
            parts.events_url, okta_sample.events(), headers=headers, rate=_EVENTS_A_SECOND, summary=summary
        )
        sending = asyncio.create_task(flow)
        by_hand = _by_hand(parts)
        with Live(refresh_per_second=_REFRESHES_A_SECOND) as screen:
            while not stop.is_set():
                lines = demo_view.room_for_logs(screen.console.height)
                logs = await _search(datadog, parts.datadog_url, limit=lines)
                notices = [_notice(told) for told in parts.sandbox.notifications[-demo_view.NOTICES :]]
                counts = _counts(parts.metrics)
                screen.update(
                    demo_view.screen(by_hand, len(parts.made), counts, summary, logs, notices[::-1])
                )
                await _pause(stop, 1 / _REFRESHES_A_SECOND)
        sending.cancel()
    return 0


def _way(sandbox: Sandbox) -> demo_view.Way | None:
    """How a failed flow came to be told of; None if none was."""
    states = {monitor["id"]: str(monitor["overall_state"]) for monitor in sandbox.monitors}
    for told in sandbox.notifications:
        monitor = told["monitor"]
        if monitor["name"] != _FAILURES or told["kind"] not in {"alert", "warning"}:
            continue
        for log in sandbox.logs:
            event = log["attributes"]
            if log["status"] == "error" and told["group"] == {"@flow_name": event.get("flow_name")}:
                state, name = states[monitor["id"]], monitor["name"]
                return demo_view.Way(event, log["status"], log["trace_id"], name, state, _notice(told))
    return None


def _notice(told: Notified) -> demo_view.Notice:
    who = [(one["handle"], ", ".join(one["because"])) for one in told["told"]]
    return demo_view.Notice(told["at"], told["title"], told["text"], who)


def _by_hand(parts: Stage) -> tuple[str, str]:
    """Two commands that post an event to the relay, as they can be pasted, also from a narrow terminal."""
    token, url = parts.settings.tokens[0], parts.events_url
    program = sys.argv[0] if sys.argv[0].endswith("relay") else f"{sys.executable} -m relay"
    return (
        f"RELAY_TOKEN={token} {program} \\\n  send-test-event --type FLOW_FAIL --url {url}",
        f"curl -H 'Authorization: Bearer {token}' -d '{{\"event_type\":\"FLOW_FAIL\"}}' \\\n  {url}",
    )


def _counts(metrics: Metrics) -> dict[str, int]:
    names = {
        "received": "relay_events_accepted_total",
        "waiting in the spool": "relay_spool_waiting_records",
        "delivered": "relay_records_delivered_total",
    }
    return {what: int(metrics.value(name)) for what, name in names.items()}


async def _wait_for(
    number: int, datadog: httpx2.AsyncClient, url: str, patience: float
) -> list[demo_view.Attributes]:
    """The log entries, oldest first, once there are so many, or when it has taken too long."""
    logs: list[demo_view.Attributes] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            while len(logs) < number:
                await asyncio.sleep(_POLL_SECONDS)
                logs = await _search(datadog, url, limit=number)
    return logs[::-1]


async def _search(datadog: httpx2.AsyncClient, url: str, limit: int) -> list[demo_view.Attributes]:
    """The newest log entries, as Datadog's log search lists them."""
    query = {"filter": {"query": "*", "from": "now-1h"}, "sort": "-timestamp", "page": {"limit": limit}}
    answer = await datadog.post(f"{url}/api/v2/logs/events/search", json=query)
    answer.raise_for_status()
    return [log["attributes"] for log in answer.json()["data"]]


def _identity(event: JsonObject) -> tuple[object, ...]:
    return tuple(event.get(name) for name in ("execution_id", "event_type", "idempotency_key"))


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
