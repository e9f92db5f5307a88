"""Realistic events of every type, for the test-event sender, the demo and the benchmarks. Pure.

The events come in runs, as Okta's do: a parent flow calls a child flow; each starts before it ends; what
happens to the child shows in the parent. All names are made up.
"""

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle

from relay.jsontext import JsonObject

_FLOWS = (
    ("Onboard employee", "Create mailbox", "Lifecycle"),
    ("Offboard employee", "Revoke sessions", "Lifecycle"),
    ("Quarterly access review", "Collect entitlements", "Governance"),
    ("Sync contractors from HR", "Upsert user", "Integrations"),
)
_ERRORS = (
    ("Timeout", "The connector did not answer within 60 seconds."),
    ("HTTP 429", "Too many requests: the API asked to wait 30 seconds."),
    ("Validation", "The field 'department' is required, but the input has none."),
    ("Authentication", "The connection is no longer authorized. Reauthorize it and run the flow again."),
)
_TENANT = {
    "org_id": "00o1a2b3c4d5e6f7g8h9",
    "org_name": "acme-preview",
    "org_hostname": "acme-preview.workflows.okta.com",
    "engine_mode": "default",
}
# what happens in a run: who (parent 0, child 1), and what, in this order
_RUNS = (
    ((0, "FLOW_START"), (1, "FLOW_START"), (1, "FLOW_PAUSE"), (1, "FLOW_COMPLETE"), (0, "FLOW_COMPLETE")),
    ((0, "FLOW_START"), (1, "FLOW_START"), (1, "FLOW_FAIL"), (0, "FLOW_FAIL")),
    ((0, "FLOW_START"), (1, "FLOW_START"), (1, "FLOW_THROTTLE"), (1, "FLOW_CANCEL"), (0, "FLOW_CANCEL")),
)

CYCLE = sum(len(run) for run in _RUNS)
"""So many events after each other hold every type and, where they begin with a cycle, only whole runs."""


def events(
    seed: int | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[JsonObject]:
    """Events without end, run after run; the last of each run is dated now.

    Args:
        seed: the same seed gives the same events, but for their times.
        now: the time, with a zone.
    """
    rng = random.Random(seed)  # noqa: S311  # sample data, no secrets
    for run in cycle(_RUNS):
        yield from _run(run, rng, now())


def _run(run: tuple[tuple[int, str], ...], rng: random.Random, end: datetime) -> Iterator[JsonObject]:
    """The events of one run of a parent flow, which ends at `end`."""
    parent_name, child_name, folder = rng.choice(_FLOWS)
    parent = _execution(rng, parent_name, folder)
    child = _execution(rng, child_name, folder)
    ids = {
        "execution_id": parent["execution_id"],
        "flow_id": parent["flow_id"],
        "flow_name": parent["flow_name"],
    }
    child |= {f"{relation}_{name}": value for relation in ("parent", "root") for name, value in ids.items()}
    parent |= {f"root_{name}": value for name, value in ids.items()}
    error_type, error_message = rng.choice(_ERRORS)
    steps = [timedelta(milliseconds=rng.randint(40, 900)) for _ in run]
    time = end - sum(steps, timedelta())
    started: dict[int, datetime] = {}
    for (who, event_type), step in zip(run, steps, strict=True):
        time += step
        start = started.setdefault(who, time)
        event: JsonObject = {
            "event_type": event_type,
            "timestamp": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "idempotency_key": _uuid(rng),
            **_TENANT,
            **(parent, child)[who],
            "throttled": event_type == "FLOW_THROTTLE",
        }
        if event_type == "FLOW_COMPLETE":
            duration = (time - start) // timedelta(milliseconds=1)
            event |= {"duration": duration, "depth": who, "step_count": rng.randint(3, 60)}
            event["address"] = f"/flows/{event['flow_id']}/executions/{event['execution_id']}"
        if event_type == "FLOW_FAIL":
            event |= {"error_type": error_type, "error_message": error_message}
        yield event


def _execution(rng: random.Random, flow_name: str, folder: str) -> JsonObject:
    folder_id = rng.randint(1000, 9999)
    return {
        "execution_id": _uuid(rng),
        "flow_id": str(rng.randint(100_000, 999_999)),
        "flow_name": flow_name,
        "user_id": f"00u{rng.getrandbits(60):015x}",
        "user_email": f"automation-{rng.randint(1, 40)}@example.com",
        "folder_id": str(folder_id),
        "folder_id_path": f"1/17/{folder_id}",
        "folder_name": folder,
    }


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
