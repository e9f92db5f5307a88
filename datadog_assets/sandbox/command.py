"""The command that runs the sandbox."""

import re
import sys
from typing import Annotated

import typer

DEFAULT_API_KEY = "sandbox-api-key"
DEFAULT_APP_KEY = "sandbox-app-key"


def sandbox(
    bind: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Loopback only. Port 0 picks a free one.")
    ] = "127.0.0.1:8282",
    api_key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY", envvar="DD_API_KEY", help=f"A key to accept [default: {DEFAULT_API_KEY}]."
        ),
    ] = None,
    app_key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY[:PERMISSION+...]",
            envvar="DD_APP_KEY",
            help="An application key to accept, for everything but sending logs; with all permissions, or "
            f"only those given, such as KEY:monitors_read+monitors_write [default: {DEFAULT_APP_KEY}].",
        ),
    ] = None,
    keep: Annotated[
        int, typer.Option(min=1, metavar="N", help="Keep this many logs in memory, the newest.")
    ] = 100_000,
) -> None:
    """Stand in for Datadog on this machine, until interrupted.

    It takes logs as Datadog's intake does (POST /api/v2/logs: the same limits, the same refusals, old logs
    dropped without a word), validates keys (GET /api/v1/validate) and finds logs again, by Datadog's whole
    search syntax (POST /api/v2/logs/events/search). It keeps log pipelines and their order
    (/api/v1/logs/config/...), monitors (/api/v1/monitor) and monitor notification rules
    (/api/v2/monitor/notification_rule). Everything is in memory only.

    They do what they do in Datadog. Each log goes through the pipelines and is stored as they leave it. Log
    monitors are evaluated when logs arrive, and for each minute that has passed when somebody asks: their
    state is in GET /api/v1/monitor. Other monitors, and formulas over several queries, stay in "No Data".
    Nobody is really told of anything: GET /sandbox/notifications lists, oldest first, what would be told
    to whom and why, the newest 1,000.

    GET /sandbox/stats counts what arrived at the intake, GET /sandbox/requests lists all calls with their
    status.

    \b
    Point a relay or a log shipper at it:
      datadog-assets sandbox &
      export DD_API_URL=http://127.0.0.1:8282 DD_LOGS_URL=http://127.0.0.1:8282
      export DD_API_KEY=sandbox-api-key DD_APP_KEY=sandbox-app-key

    \b
    Look at what arrived in the last 15 minutes:
      curl -s http://127.0.0.1:8282/sandbox/stats
      curl -s "http://127.0.0.1:8282/api/v2/logs/events?filter[query]=@event_type:FLOW_FAIL" -g \\
        -H "DD-API-KEY: sandbox-api-key" -H "DD-APPLICATION-KEY: sandbox-app-key"

    \b
    Who would be told of what:
      curl -s http://127.0.0.1:8282/sandbox/notifications

    \b
    Let things go wrong (a list replaces the one before; [] ends it):
      curl -s http://127.0.0.1:8282/sandbox/faults -d '[
        {"method": "POST", "path": "/api/v1/monitor", "times": 2, "status": 503, "html": "<p>later</p>"},
        {"path": "/api/v1/logs/config", "skip": 3, "times": null, "delay": 5},
        {"method": "PUT", "close": "after"}]'
      curl -s http://127.0.0.1:8282/sandbox/rate_limits -d '[{"path": "/api/v1", "limit": 10, "period": 60}]'
    "status" takes "body" or "html", and "headers"; "close" is "before" or "after" the call is carried out.
    """
    import asyncio  # noqa: PLC0415 - `--help` and wrong usage should not wait for the server to load

    from datadog_assets.sandbox.app import Sandbox  # noqa: PLC0415 - as above
    from datadog_assets.sandbox.server import serve_until_signal  # noqa: PLC0415 - as above

    host, port = _host_and_port(bind)
    app_keys = dict(map(_key_and_permissions, app_key or [DEFAULT_APP_KEY]))
    served = Sandbox(api_keys=api_key or [DEFAULT_API_KEY], app_keys=app_keys, keep=keep)

    def ready(url: str) -> None:
        print(f"sandbox ready on {url}", flush=True)
        # a key that was given may be a real one, so it is not repeated
        keys = f"DD_API_KEY={DEFAULT_API_KEY if not api_key else '...'}"
        keys += f" DD_APP_KEY={DEFAULT_APP_KEY if not app_key else '...'}"
        print(f"point a relay at it: DD_API_URL={url} DD_LOGS_URL={url} {keys}", file=sys.stderr, flush=True)

    asyncio.run(serve_until_signal(served, host, port, ready))


def _key_and_permissions(text: str) -> tuple[str, frozenset[str]]:
    from datadog_assets.sandbox.access import PERMISSIONS  # noqa: PLC0415 - `--help` should not wait for it

    key, colon, permissions = text.partition(":")
    given = frozenset(permissions.split("+")) if colon else PERMISSIONS
    if unknown := given - PERMISSIONS:
        known = ", ".join(sorted(PERMISSIONS))
        raise typer.BadParameter(
            f"no such permission: {', '.join(sorted(unknown))}; there are {known}.", param_hint="--app-key"
        )
    return key, given


def _host_and_port(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise typer.BadParameter(f"{bind} is not HOST:PORT, such as 127.0.0.1:8282.", param_hint="--bind")
    return host.removeprefix("[").removesuffix("]"), int(port)
