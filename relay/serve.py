"""Puts the relay together and runs it: the spool, and beside each other the server and the forwarder."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable

from relay import server
from relay.envelope import Envelope, merge_tags
from relay.errors import ConfigurationError, Died, RelayError, SpoolError, first_cause
from relay.forwarder import IN_FLIGHT, Forwarder
from relay.intake import Held, Intake
from relay.metrics import Metrics
from relay.okta import EVENTS_PATH
from relay.receiver import Access, create_app
from relay.server import Listening
from relay.settings import Settings
from relay.spool import Spool, is_durable, open_spool

log = logging.getLogger(__name__)

DRAIN_SECONDS = 7.0
"""So long have requests under way, on either side, after SIGTERM: `docker stop` kills after 10 s."""


async def serve(
    settings: Settings,
    metrics: Metrics,
    stop: asyncio.Event,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Run the relay until `stop` is set.

    Args:
        settings: checked for serving.
        metrics: counts what happens.
        stop: set it to end in order.
        ready: is called with the URL for events once they are taken.

    Raises:
        ConfigurationError: the address cannot be used.
        SpoolUnusable: the spool cannot be opened.
        Died: the server or the forwarder ended although nobody asked it to.
    """
    if not is_durable(settings.spool):
        raise ConfigurationError(
            [f"RELAY_SPOOL: {settings.spool} would not outlive the process. Use sqlite:PATH."]
        )
    async with contextlib.AsyncExitStack() as stack:
        listening = Listening(server.bind(settings.host, settings.port), settings.tls, DRAIN_SECONDS)
        stack.callback(listening.socket.close)
        spool = await open_spool(settings.spool, max_bytes=settings.spool_max_bytes)
        stack.push_async_callback(spool.close)
        intake = await stack.enter_async_context(
            Intake(settings.logs_url, lambda: settings.api_key, IN_FLIGHT)
        )
        metrics.watch(spool.depth)
        forwarder = Forwarder(spool, intake.send, metrics, batch_wait=settings.batch_wait)
        app = create_app(spool, _envelope(settings), metrics, _access(settings), _readiness(spool, forwarder))
        try:
            async with asyncio.TaskGroup() as siblings:
                siblings.create_task(_part("server", server.run(settings.server, app, listening, stop), stop))
                siblings.create_task(_part("forwarder", forwarder.run(stop, DRAIN_SECONDS), stop))
                ready(listening.url + EVENTS_PATH)
        except ExceptionGroup as group:
            raise first_cause(group) from group
        log.info("Stopped. Waiting in the spool: %d.", spool.depth().waiting)


async def serve_until_signal(settings: Settings) -> None:
    """Run the relay until SIGTERM or SIGINT. Raises as `serve` does."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if not settings.tokens:
        log.warning("RELAY_TOKEN is not set: whoever reaches %s may send events.", settings.host)
    await serve(settings, Metrics(), stop, lambda url: log.info("Taking events on %s", url))


async def _part(name: str, work: Awaitable[None], stop: asyncio.Event) -> None:
    """Run one of the siblings; make its end an error unless it was asked for, so that the other ends too."""
    try:
        await work
    except RelayError:
        raise
    except Exception as error:
        cause = first_cause(error)
        raise Died(f"The {name} failed: {type(cause).__name__}: {cause}") from error
    if not stop.is_set():
        raise Died(f"The {name} ended although nobody asked it to.")


def _envelope(settings: Settings) -> Envelope:
    tags = merge_tags((f"env:{settings.env}", f"service:{settings.service}"), settings.tags)
    return Envelope(settings.source, settings.service, settings.hostname, tuple(tags))


def _access(settings: Settings) -> Access:
    return Access(
        tuple(token.encode() for token in settings.tokens), (settings.token_header.lower().encode(),)
    )


def _readiness(spool: Spool, forwarder: Forwarder) -> Callable[[], Awaitable[list[str]]]:
    async def unready() -> list[str]:
        reasons = []
        try:
            await spool.probe()
        except SpoolError as error:
            reasons.append(str(error))
        if not forwarder.running:
            reasons.append("The forwarder is not running.")
        if isinstance(forwarder.trouble, Held):
            reasons.append(
                f"Datadog refuses the API key ({forwarder.trouble.reason}). Check DD_API_KEY and DD_SITE."
            )
        return reasons

    return unready
