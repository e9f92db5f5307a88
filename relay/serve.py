"""Puts the relay together and runs it: the spool, and beside each other the server and the forwarder."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial

from relay import allocation, certificate, server
from relay.current import Current
from relay.errors import ConfigurationError, Died, RelayError, first_cause
from relay.forwarder import IN_FLIGHT, Forwarder, Pace
from relay.intake import Intake
from relay.kept_spool import KeptSpool
from relay.metrics import Metrics
from relay.okta import EVENTS_PATH
from relay.readiness import Readiness
from relay.receiver import create_app
from relay.server import Listening
from relay.settings import Settings
from relay.spool import is_durable
from relay.workers.pool import Workers
from relay.workers.worker_process import Behind

log = logging.getLogger(__name__)

DRAIN_SECONDS = 7.0
"""So long have requests under way, on either side, after SIGTERM: `docker stop` kills after 10 s."""


async def serve(
    settings: Settings,
    metrics: Metrics,
    stop: asyncio.Event,
    ready: Callable[[str], None] = lambda _: None,
    read: Callable[[], Settings] | None = None,
    reload: asyncio.Event | None = None,
) -> None:
    """Run the relay until `stop` is set.

    Args:
        settings: checked for serving.
        metrics: counts what happens.
        stop: set it to end in order.
        ready: is called with the URL for events once they are taken.
        read: reads the settings again; None leaves them as they are.
        reload: set it to have that done now; it is also done while Datadog refuses the key.

    Raises:
        ConfigurationError: the address cannot be used.
        SpoolUnusable: the spool cannot be one.
        Died: the server or the forwarder ended although nobody asked it to.
    """
    if not is_durable(settings.spool):
        raise ConfigurationError(
            [f"RELAY_SPOOL: {settings.spool} would not outlive the process. Use sqlite:PATH."]
        )
    current = Current(settings, read or (lambda: settings), metrics)
    async with contextlib.AsyncExitStack() as stack:
        tls = certificate.context(settings)
        listening = Listening(server.bind(settings.host, settings.port), tls, DRAIN_SECONDS)
        stack.callback(listening.socket.close)
        spool = KeptSpool(settings.spool, settings.spool_max_bytes, metrics)
        stack.push_async_callback(spool.close)
        await spool.open()

        async def read_again() -> None:
            if await current.reload():
                forwarder.pace = _pace(current.settings)
                forwarder.try_again()
                receiving.follow(current.settings)

        async def on_request(asked: asyncio.Event) -> None:
            while True:
                await asked.wait()
                asked.clear()
                await read_again()
                forwarder.try_again()
                if certificate.renew(tls, current.settings):
                    receiving.follow(current.settings, renew=True)

        intake = await stack.enter_async_context(
            Intake(settings.logs_url, lambda: current.settings.api_key, IN_FLIGHT, read_again)
        )
        forwarder = Forwarder(spool, intake.send, metrics, _pace(settings))
        unready = Readiness(spool, forwarder).reasons
        behind = Behind(spool, metrics.received, unready, metrics.show)
        receiving = (
            _Here(settings, listening, behind, current)
            if settings.workers == 1
            else Workers(settings, listening, behind)
        )
        stack.callback(asyncio.create_task(on_request(reload or asyncio.Event())).cancel)
        try:
            async with asyncio.TaskGroup() as siblings:
                taking = partial(ready, listening.url + EVENTS_PATH)
                siblings.create_task(_part("server", receiving.run(stop, taking), stop))
                siblings.create_task(_part("forwarder", forwarder.run(stop, DRAIN_SECONDS), stop))
        except ExceptionGroup as group:
            raise first_cause(group) from group
        log.info("Stopped. Waiting in the spool: %d.", spool.depth().waiting)


async def serve_until_signal(settings: Settings, read: Callable[[], Settings]) -> None:
    """Run the relay until SIGTERM or SIGINT; a second one ends it at once. SIGHUP reads the settings again.

    Raises as `serve` does.
    """
    allocation.share_one_arena()
    stop, reload = asyncio.Event(), asyncio.Event()

    def end() -> None:
        if stop.is_set():
            logging.shutdown()
            os._exit(0)  # what is not delivered is on disk: nothing is lost
        log.info("Stopping. Requests under way have %g s; a second signal ends it at once.", DRAIN_SECONDS)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    if not settings.tokens:
        log.warning("RELAY_TOKEN is not set: whoever reaches %s may send events.", settings.host)
    if settings.workers > (processors := os.cpu_count() or 1):
        text = "RELAY_WORKERS is %d, more than there are processors (%d): the others only take memory."
        log.warning(text, settings.workers, processors)

    def ready(url: str) -> None:
        allocation.settle()
        log.info("Taking events on %s", url)

    await serve(settings, Metrics(), stop, ready, read, reload)


class _Here:
    """Receives in this process, as `Workers` does in several."""

    def __init__(self, settings: Settings, listening: Listening, behind: Behind, current: Current) -> None:
        self._server = settings.server
        self._listening = listening
        self._app = create_app(
            behind.spool, lambda: current.policy, behind.tally, behind.unready, behind.show
        )

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        ready()
        await server.run(self._server, self._app, self._listening, stop)

    def follow(self, settings: Settings, *, renew: bool = False) -> None:
        """What has changed, has changed for this process already."""


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


def _pace(settings: Settings) -> Pace:
    return Pace(settings.batch_wait, settings.bury_limit)
