"""Proof that an event reaches Datadog and is processed there, leg by leg: for `send-test-event --verify`."""

import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import httpx2

from datadog_assets import environment
from datadog_assets.api import Api
from datadog_assets.errors import AssetsError
from relay import outbound
from relay.errors import ConfigurationError
from relay.jsontext import JsonObject

STATUSES = {"FLOW_FAIL": "error", "FLOW_THROTTLE": "warn", "FLOW_CANCEL": "notice"}
"""The status that the bundled pack gives a type; info for every other."""

_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 5.0
"""Seconds between two searches: Datadog was seen to allow ten in ten seconds."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of the event's way.

    Attributes:
        name: what it leads from and to.
        seconds: how long it took.
        faults: what is wrong, and what to look at; none if all is well.
    """

    name: str
    seconds: float
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In a line, and a line for each fault."""
        mark = "WRONG" if self.faults else "ok"
        return "\n".join(
            [f"{mark:<6} {self.name:<16} {self.seconds:6.1f} s", *(f"       {one}" for one in self.faults)]
        )


def connect(values: Mapping[str, str]) -> Api:
    """Give Datadog's API as the variables say: DD_API_KEY, DD_APP_KEY, DD_SITE and so on.

    Raises:
        ConfigurationError: with every fault of these.
    """
    try:
        return Api(environment.access(values), tell=lambda line: print(line, file=sys.stderr))
    except environment.WrongEnvironment as error:
        raise ConfigurationError(error.faults) from error


def marked(event: JsonObject) -> JsonObject:
    """Give the event a run of its own, whose id nothing else in the world has."""
    mark = f"relay-test-{uuid.uuid4()}"
    return {**event, "execution_id": mark, "root_execution_id": mark, "flow_name": "Relay test"}


def verify(  # noqa: PLR0913  # clock and sleep are only given by tests
    event: JsonObject,
    url: str,
    headers: dict[str, str],
    *,
    api: Api,
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Leg]:
    """Send a marked event and follow it; ends with the first leg that fails.

    Args:
        event: as `marked` gives it.
        url: the relay's endpoint.
        headers: of the request to it: the token.
        api: Datadog's.
        patience: seconds that the event may take to show up in Datadog.
        clock: gives seconds that only grow.
        sleep: waits so many seconds.
    """
    began = clock()
    faults = tuple(_post(event, url, headers))
    yield Leg("relay took it", clock() - began, faults)
    if faults:
        return
    sent = clock()
    wait = _SHORTEST_WAIT
    found: list[JsonObject] = []
    try:
        while not (found := _search(api, f"@execution_id:{event['execution_id']}")):
            if clock() - sent + wait > patience:
                yield Leg("Datadog shows it", clock() - sent, tuple(_why_missing(url, api, patience)))
                return
            sleep(wait)
            wait = min(wait * 1.5, _LONGEST_WAIT)
        yield Leg("Datadog shows it", clock() - sent)
        shown = clock()
        faults = tuple(_unprocessed(event, found[0], api))
        faults = (*faults, _LOOK_AT_PIPELINES) if faults else ()
    except AssetsError as error:
        yield Leg("Datadog shows it", clock() - sent, (*str(error).splitlines(), _LOOK_AT_KEYS))
        return
    yield Leg("it was processed", clock() - shown, faults)


_LOOK_AT_KEYS = (
    "The search needs DD_API_KEY, and DD_APP_KEY with the permission logs_read_data, of the organization that"
    " the relay sends to."
)


_LOOK_AT_PIPELINES = (
    "Is the bundled pack's pipeline there, enabled, and for the relay's DD_SERVICE and DD_SOURCE, and does no"
    " earlier pipeline set the status? datadog-assets plan, then datadog-assets rehearse --event."
)


def _post(event: JsonObject, url: str, headers: dict[str, str]) -> Iterator[str]:
    with outbound.blocking_client(headers=headers, timeout=30) as client:
        try:
            answer = client.post(url, json=event)
        except httpx2.HTTPError as error:
            yield f"{url}: {outbound.why(error)}. Does a relay listen there? Start it with relay serve."
            return
    if answer.status_code != 202:
        yield f"{url} answered HTTP {answer.status_code}. Look at the relay's log, and at RELAY_TOKEN."


def _search(api: Api, query: str) -> list[JsonObject]:
    """Give the logs of the last quarter of an hour that match."""
    params: dict[str, str | int] = {"filter[query]": query, "filter[from]": "now-15m", "page[limit]": 10}
    answer = api.get("/api/v2/logs/events", permission="logs_read_data", params=params)
    data = answer.get("data") if isinstance(answer, dict) else None
    logs = [one.get("attributes") for one in data or () if isinstance(one, dict)]
    return [log for log in logs if isinstance(log, dict)]


def _why_missing(url: str, api: Api, patience: float) -> Iterator[str]:
    """Tell which leg it was: what the relay says of itself parts the two that are possible."""
    yield f"It was not there after {patience:g} s."
    ready = url.removesuffix("/okta/events") + "/readyz"
    with outbound.blocking_client(timeout=30) as client:
        try:
            answer = client.get(ready)
        except httpx2.HTTPError as error:
            yield f"The relay no longer answers: {outbound.why(error)}. What it took is in its spool."
            return
    if answer.status_code != 200:
        yield f"The relay has it and cannot deliver: {ready} says {answer.text.strip()[:300]}"
        return
    yield (
        f"The relay is well ({ready}). If relay_spool_waiting_records of its /metrics is 0, Datadog took the"
        f" event. Does {api.url} belong to the organization of the relay's DD_API_KEY, and does an index of"
        " Logs > Configuration > Indexes take the event, and not exclude it?"
    )


def _unprocessed(event: JsonObject, log: JsonObject, api: Api) -> Iterator[str]:
    """Give what the bundled pack's pipeline should have made, and has not."""
    wanted = STATUSES.get(str(event["event_type"]), "info")
    if log.get("status") != wanted:
        yield f"its status is {log.get('status')}, not {wanted}"
    attributes = log.get("attributes")
    error = attributes.get("error") if isinstance(attributes, dict) else None
    kind = error.get("kind") if isinstance(error, dict) else None
    if kind != event.get("error_type"):
        yield f"its error.kind is {kind}, not {event.get('error_type')}"
    mark = event["execution_id"]
    if not _search(api, f"@execution_id:{mark} trace_id:{mark}"):
        yield f"its trace id is not {mark}"
