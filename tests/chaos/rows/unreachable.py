"""Datadog cannot be reached, or speaks no HTTP, or gives an answer that says nothing of the records.

In all of these rows the records wait and are tried again; nothing else may come of it.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trustme

from chaos import datadog
from chaos.datadog import Behaviour, Datadog, run_datadog
from chaos.faults import HOST, Faults
from chaos.relays import Relay
from chaos.sending import load, post_many
from chaos.trial import Row, Trial

MOST_LINES = 4
"""A fault may be logged when it begins, when it ends, and when it changes; never with each try."""

FAULT_SECONDS = (2, 75)
"""A fault lasts so long at least, in the quick and in the long form: long enough to show a loop without pauses,
and longer than any time-out of the relay's requests."""

IN_FLIGHT = 4
"""Requests at once."""


@asynccontextmanager
async def _watched(
    trial: Trial, relay: Relay, stub: Datadog, tries: int, asked: float | None = None
) -> AsyncIterator[None]:
    """A fault: it lasts some seconds, and until there were some tries; tries and lines of the log are counted.

    `asked` is how long Datadog wants each request to wait before its next try, in seconds.

    The tries have no upper bound but this: with pauses of up to 1 s, then 2 s, then more, four requests under
    way make a dozen tries in the first seconds, and fewer from then on. A loop without pauses makes hundreds
    a second.
    """
    lines, seen, done = len(relay.log()), stub.seen.requests, await _tries(relay)
    began = trial.now()
    yield
    async with load(relay.url, trial.ledger, connections=2, pause=0.02) as state:

        async def were_there() -> bool:
            return max(await _tries(relay) - done, stub.seen.requests - seen) >= tries

        await trial.until(were_there, f"{tries} tries")
        await asyncio.sleep(max(0.0, began + trial.size(*FAULT_SECONDS) - trial.now()))
    made = max(await _tries(relay) - done, stub.seen.requests - seen)
    took = trial.now() - began
    logged = relay.log()[lines:]
    trial.note = f"{trial.note}: {made} tries in {took:.1f} s, {len(logged)} lines logged"
    trial.expect(set(state.statuses) == {202}, f"meanwhile POST is answered {dict(state.statuses)}")
    most = IN_FLIGHT * (2 + took / asked if asked else 4 + took)
    trial.expect(made <= most, f"{made} tries in {took:.1f} s, more than {most:.0f}")
    trial.expect(len(logged) <= MOST_LINES, f"{len(logged)} lines, as {logged[-1].strip() if logged else ''}")
    ready = await relay.status("/readyz")
    trial.expect(ready == 200, f"/readyz is answered {ready}, though the relay takes events")


async def _tries(relay: Relay) -> int:
    return int(await relay.metric("relay_intake_requests_total"))


def _behaving(
    what: str, behaviour: Behaviour, tries: int = 8, asked: float | None = None
) -> Callable[[Trial], Awaitable[None]]:
    """A row in which Datadog behaves so for a while."""

    async def run(trial: Trial) -> None:
        trial.note = what
        async with run_datadog() as stub, trial.relay(stub) as relay:
            await post_many(relay.url, trial.ledger, trial.ledger.events(50))
            await trial.more_delivered(50 - len(trial.delivered()))
            async with _watched(trial, relay, stub, tries, asked):
                stub.become(behaviour)
            stub.become(datadog.take)
            await trial.settle(relay)
            trial.expect(not trial.dead, f"{trial.dead} dead letters")

    return run


async def refused(trial: Trial) -> None:
    """Nobody listens where Datadog was."""
    trial.note = "connection refused"
    async with run_datadog() as stub, trial.relay(stub) as relay:
        await post_many(relay.url, trial.ledger, trial.ledger.events(50))
        await trial.more_delivered(50 - len(trial.delivered()))
        async with _watched(trial, relay, stub, 8):
            await stub.leave()
        await stub.come()
        await trial.settle(relay)


async def tls(trial: Trial) -> None:
    """Something that speaks no TLS answers at an https URL."""
    trial.note = "no TLS at the https URL"
    authority = trustme.CA()
    certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(certificate)
    trusted = trial.folder / "trusted.pem"
    authority.cert_pem.write_to_path(trusted)
    async with (
        run_datadog(certificate=certificate) as stub,
        trial.relay(stub, SSL_CERT_FILE=str(trusted)) as relay,
    ):
        await post_many(relay.url, trial.ledger, trial.ledger.events(50))
        await trial.more_delivered(50 - len(trial.delivered()))
        async with _watched(trial, relay, stub, 8):
            await stub.leave()
            await stub.come(tls=False)
        await stub.leave()
        await stub.come()
        await trial.settle(relay)


async def dns(trial: Trial) -> None:
    """Datadog's name is not known for a while."""
    trial.note = "its name is not known"
    faults = Faults(trial.library, trial.spool.parent)
    faults.dns(known=True)
    async with run_datadog() as stub:
        url = f"http://{HOST}:{stub.port}"
        async with trial.relay(stub, faults, DD_LOGS_URL=url) as relay:
            await post_many(relay.url, trial.ledger, trial.ledger.events(50))
            await trial.more_delivered(50 - len(trial.delivered()))
            async with _watched(trial, relay, stub, 8):
                faults.dns(known=False)
                # open connections need no name
                await stub.leave()
                await stub.come()
            trial.expect(faults.denied, "the name was not asked for")
            faults.dns(known=True)
            await trial.settle(relay)


ODDITIES = datadog.one_after_the_other(
    datadog.refuse(200),
    datadog.refuse(
        200, b"<html><body>Welcome to the hotel's network</body></html>", {"Content-Type": "text/html"}
    ),
    datadog.refuse(404, b"not here"),
    datadog.refuse(204, b""),
    datadog.refuse(301, b"", {"Location": "http://127.0.0.1:1/elsewhere"}),
    datadog.refuse(418, b"x" * 1_000_000),
    datadog.refuse(999),
    datadog.raw(b"HTTP/1.1 202\x00 \xff\r\n\r\n"),
    datadog.raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    datadog.raw(b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\ncut"),
    datadog.raw(b"HTTP/1.1 503 Busy\r\n" + b"X-Long: " + b"x" * 1_000_000),
    datadog.raw(b""),
)

HTML = b"<html><head><title>502 Bad Gateway</title></head><body>" + b"nginx " * 5_000 + b"</body></html>"

_PAGE = {"Content-Type": "text/html"}

ROWS = (
    Row("datadog-refused", "connection refused", refused),
    Row(
        "datadog-reset-request",
        "reset",
        _behaving("reset in the middle of the request", datadog.reset_request),
    ),
    Row(
        "datadog-reset-answer", "reset", _behaving("reset in the middle of the answer", datadog.reset_answer)
    ),
    Row(
        "datadog-black-hole",
        "no answer",
        _behaving("it takes requests and never answers", datadog.black_hole, 1),
    ),
    Row("datadog-drip", "slow answer", _behaving("it answers at 1 byte a second", datadog.drip, 1)),
    Row("datadog-tls", "no TLS at the https URL", tls),
    Row("datadog-dns", "its name is not known", dns),
    Row("datadog-408", "408", _behaving("408", datadog.refuse(408))),
    Row("datadog-429", "429", _behaving("429", datadog.refuse(429))),
    Row(
        "datadog-429-reset",
        "429 with x-ratelimit-reset",
        _behaving(
            "429 with x-ratelimit-reset: 2", datadog.refuse(429, b"{}", {"x-ratelimit-reset": "2"}), asked=2
        ),
    ),
    Row("datadog-500", "500", _behaving("500", datadog.refuse(500))),
    Row("datadog-502", "502", _behaving("502 with an HTML page", datadog.refuse(502, HTML, _PAGE))),
    Row("datadog-503", "503", _behaving("503", datadog.refuse(503))),
    Row("datadog-odd", "odd answers", _behaving("200, 404, 301, no HTTP at all ...", ODDITIES, 12)),
)
