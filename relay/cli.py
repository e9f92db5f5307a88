"""The commands: each parses, and calls what does the work. Heavy modules are imported inside the commands."""

# ruff: noqa: PLC0415  # `--help` and wrong usage must not wait for a server and an HTTP client to load

import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from relay import __version__, settings
from relay.errors import ConfigurationError, RelayError, first_cause
from relay.letters_cli import app as letters_app

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Takes Okta Workflows' execution events, keeps them safe, and forwards them to Datadog.",
    epilog="Begin with `relay demo`: the whole loop on this machine; no account, no key, no network.",
)

app.add_typer(letters_app, name="dead-letters")

EnvFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Lines of NAME=value; the environment wins over them."),
]

_VARIABLES_HELP = "\b\nEnvironment:\n" + "\n".join(
    f"  {name:<22} {meaning}" for name, meaning in settings.VARIABLES.items()
)


def main() -> None:
    """Run the command line and end the process: 0 done, 1 failed, 64 wrong usage."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; gives the exit code. What went wrong is told on stderr, a line a fault."""
    try:
        # standalone, typer would end the process with its own 2 for wrong usage
        code = app(args=[*arguments] or ["--help"], prog_name="relay", standalone_mode=False)
    except typer.TyperException as error:
        print(f"relay: {error.format_message().rstrip('.')}. See relay --help.", file=sys.stderr)
        return os.EX_USAGE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:
        cause = first_cause(error)
        if not isinstance(cause, RelayError | OSError):  # an OSError here: stdout cannot be written
            raise
        for line in str(cause).splitlines():
            print(f"relay: {line}", file=sys.stderr)
        return 1
    return code or 0


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        print(f"relay {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _relay(
    # eager: before typer loads what checks the other options, which takes longer than all else
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and end."),
    ] = False,
) -> None:
    """Hold what every command has."""


@app.command(epilog=_VARIABLES_HELP)
def serve(
    env_file: EnvFile = None,
    bind: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="As RELAY_BIND. Port 0 picks a free one.")
    ] = "",
    spool: Annotated[str, typer.Option(metavar="ENGINE:PATH", help="As RELAY_SPOOL.")] = "",
    workers: Annotated[str, typer.Option(metavar="N", help="As RELAY_WORKERS.")] = "",
) -> None:
    """Take events and forward them, until SIGTERM or Ctrl-C; a second one ends it at once.

    SIGHUP reads --env-file, keys, tokens and certificate again. A key in DD_API_KEY_FILE is also read again
    while Datadog refuses it.

    Events are taken with POST on /okta/events (what Okta Workflows sends) and /api/v2/logs (entries in
    Datadog's own form), and answered 202 once they are on disk. GET /livez, /readyz and /metrics tell how
    the relay is. `relay okta-settings` tells what to enter in Okta.

    Needed are DD_API_KEY, DD_SITE if you log in elsewhere than at datadoghq.com, and RELAY_TOKEN if other
    machines are to reach the relay:

    \b
      export DD_API_KEY=... DD_SITE=datadoghq.eu RELAY_TOKEN="$(openssl rand -hex 32)"
      relay serve --bind 0.0.0.0:8080
    """
    import asyncio
    import logging

    from relay import logs

    given = {"RELAY_BIND": bind, "RELAY_SPOOL": spool, "RELAY_WORKERS": workers}
    flags = {name: value for name, value in given.items() if value}
    read = partial(settings.load, env_file, flags, serving=True)
    chosen = read()
    logs.log_to_stderr(chosen.log_format)
    for name, meant in settings.misspelt(settings.given(env_file)).items():
        logging.getLogger("relay").warning("%s is not read. Did you mean %s?", name, meant)
    from relay.serve import serve_until_signal
    from relay.server import loop_factory

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve_until_signal(chosen, read))


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Send a fixed set, wait until each has arrived, and end.")
    ] = False,
) -> None:
    """Show the whole loop on this machine: events, relay, sandbox.

    It needs no account, no key and no network. Runs until Ctrl-C; without a terminal it behaves as with
    --once, which ends with 0 if every event arrived, else with 1 and the names of the missing ones.
    """
    import asyncio

    from relay import demo as shown

    watched = sys.stdin.isatty() and sys.stdout.isatty()
    raise typer.Exit(asyncio.run(shown.live() if watched and not once else shown.once()))


@app.command()
def send_test_event(
    event_type: Annotated[
        str,
        typer.Option("--type", metavar="TYPE", help="FLOW_FAIL and the like, or all: whole runs of flows."),
    ] = "all",
    count: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many [default: 1, or with all each type].")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.001, metavar="R", help="Events a second [default: no limit].")
    ] = None,
    url: Annotated[
        str, typer.Option(metavar="URL", help="The relay's endpoint [default: /okta/events at RELAY_BIND].")
    ] = "",
    verify: Annotated[
        bool, typer.Option("--verify", help="Send one, and follow it until Datadog shows it processed.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="With --verify: how long to wait for it.")
    ] = 120,
    env_file: EnvFile = None,
) -> None:
    """Post realistic events to a relay, as Okta would.

    The token is that of RELAY_TOKEN.

    \b
    One failed flow:                   relay send-test-event --type FLOW_FAIL
    A minute of traffic:               relay send-test-event --count 600 --rate 10
    From end to end:                   relay send-test-event --verify
    Ends with 1 if any event was not accepted.

    With --verify a failure of the flow "Relay test" is sent (or --type), looked for in Datadog, and held
    against what the bundled pack's pipeline makes of it. It needs DD_API_KEY, DD_APP_KEY with the permission
    logs_read_data, and DD_SITE. To whoever is told of failures it is one more: they may be told of it.
    """
    from relay import okta, okta_sample

    types = sorted(okta.EVENT_TYPES)
    if event_type not in {"all", *types}:
        raise typer.BadParameter(f"{event_type} is none of all, {', '.join(types)}.", param_hint="--type")
    chosen = settings.load(env_file)
    target = settings.endpoint(url or chosen.events_url)
    if target is None:
        raise typer.BadParameter("is no URL such as http://127.0.0.1:8080/okta/events.", param_hint="--url")
    if verify and count:
        raise typer.BadParameter("--verify sends one event.", param_hint="--count")
    if verify:
        raise typer.Exit(_verify(event_type, target, chosen, settings.given(env_file), timeout))
    import asyncio

    from relay import sender, terminal

    number = count or (okta_sample.CYCLE if event_type == "all" else 1)
    events = (event for event in okta_sample.events() if event_type in {"all", event["event_type"]})
    with terminal.progress("events", number) as advance:
        sending = sender.send(
            url or chosen.events_url,
            islice(events, number),
            headers=chosen.token_headers,
            rate=rate,
            progress=advance,
        )
        summary = asyncio.run(sending)
    print(terminal.describe(summary, target))
    raise typer.Exit(1 if summary.faults else 0)


def _verify(
    event_type: str, url: str, chosen: settings.Settings, given: dict[str, str], patience: float
) -> int:
    from relay import okta_sample, verify

    wanted = "FLOW_FAIL" if event_type == "all" else event_type
    event = next(one for one in okta_sample.events() if one["event_type"] == wanted)
    is_well = True
    with verify.connect(given) as api:
        for leg in verify.verify(verify.marked(event), url, chosen.token_headers, api=api, patience=patience):
            print(leg, flush=True)
            is_well = is_well and not leg.faults
    return 0 if is_well else 1


@app.command()
def check(
    env_file: EnvFile = None,
    running: Annotated[
        bool, typer.Option("--running", help="Only ask the relay at RELAY_BIND whether it is alive.")
    ] = False,
) -> None:
    """Name each thing that is wrong with what serve needs.

    Looks at configuration, spool, API key, site and intake. Makes the spool if it is not there, as serve
    would. Ends with 1 if anything is wrong.
    """
    import asyncio

    from relay import check as checks

    if running:
        chosen = settings.load(env_file)
        if not asyncio.run(checks.is_alive(chosen)):
            raise ConfigurationError(
                [f"No relay answers at {chosen.host}:{chosen.port}. Start it with relay serve."]
            )
        return
    findings = asyncio.run(
        checks.check(
            lambda: settings.load(env_file, serving=True), settings.misspelt(settings.given(env_file))
        )
    )
    for finding in findings:
        print(f"{'ok     ' if finding.ok else 'WRONG  '}{finding.text}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@app.command()
def okta_settings(
    public_url: Annotated[
        str,
        typer.Option(metavar="URL", help="Where Okta reaches the relay, such as https://relay.example.com."),
    ],
    show_token: Annotated[
        bool, typer.Option("--show-token", help="Print the token, not a placeholder.")
    ] = False,
    env_file: EnvFile = None,
) -> None:
    """Print what to paste into each field of Okta's console."""
    from relay.okta_settings import okta_settings as render

    target = settings.endpoint(public_url)
    if target is None or not target.startswith("https://"):
        raise typer.BadParameter("is no URL such as https://relay.example.com.", param_hint="--public-url")
    print(render(settings.load(env_file), target, show_token=show_token), end="")
