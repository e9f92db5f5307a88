"""The commands: each parses, and calls what does the work. Heavy modules are imported inside the commands."""

# ruff: noqa: PLC0415  # `--help` and wrong usage must not wait for an HTTP client and the models to load

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from datadog_assets.errors import AssetsError, NobodyToAsk
from datadog_assets.sandbox.command import sandbox

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Gets Datadog ready for Okta Workflows, and stands in for Datadog on one's own machine.",
    epilog="Begin with `datadog-assets plan`: what the bundled pack would make; it changes nothing.",
)


Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATH", help="YAML files and folders [default: the bundled pack]."),
]
Var = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="Sets a variable of the YAML; may be repeated."),
]
Adopt = Annotated[
    bool, typer.Option("--adopt", help="Take over resources of the same name that are not managed.")
]
Prune = Annotated[bool, typer.Option("--prune", help="Delete what is managed and no longer declared.")]
Force = Annotated[bool, typer.Option("--force", help="Delete even more than 30 % of what is managed.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Format = Annotated[
    Literal["text", "json", "markdown"], typer.Option("--output", help="How to print the plan.")
]


def main() -> None:
    """Run the command line and end the process: 0 done, 1 failed, 64 wrong usage."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; gives the exit code. What went wrong is told on stderr, a line a fault."""
    try:
        # standalone, typer would end the process with its own 2, which means "changes" to `plan`
        code: int | None = app(args=arguments, prog_name="datadog-assets", standalone_mode=False)
    except typer.TyperException as error:
        wrong = error.format_message().rstrip(".")
        print(f"datadog-assets: {wrong} (datadog-assets --help tells more)", file=sys.stderr)
        return os.EX_USAGE
    except (AssetsError, OSError) as error:  # the latter: stdout cannot be written
        for line in str(error).splitlines():
            print(f"datadog-assets: {line}", file=sys.stderr)
        return os.EX_USAGE if isinstance(error, NobodyToAsk) else 1
    if code == 128 + signal.SIGINT:  # what typer makes of a KeyboardInterrupt
        print("datadog-assets: interrupted", file=sys.stderr)
    return code or 0


app.command()(sandbox)


@app.callback()
def _commands() -> None: ...


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write; is made if it is not there.")
    ],
) -> None:
    """Write the bundled pack into a folder, to be edited and kept with your own code."""
    from datadog_assets import packs
    from datadog_assets.session import tell

    path = folder / f"{packs.OKTA}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(packs.read(packs.OKTA))
    except OSError as error:
        if path.exists():
            raise AssetsError(f"{path} is there already. Delete it, or choose another folder.") from error
        raise AssetsError(f"{path} cannot be written: {error.strerror}.") from error
    print(path)
    tell(f"Next: datadog-assets plan {folder}")


@app.command()
def validate(paths: Paths = None, var: Var = None) -> None:
    """Check the YAML, without asking Datadog: every fault at once, each with its file and line."""
    from datadog_assets.session import declared

    loaded = declared(paths, _values(var))
    for key, resources in loaded.declared.items():
        print(f"{key}: {len(resources)}")


@app.command()
def rehearse(
    paths: Paths = None,
    var: Var = None,
    event: Annotated[
        Path | None,
        typer.Option("--event", metavar="FILE", help="Follow one event, in JSON; - is stdin."),
    ] = None,
    output: Annotated[
        Literal["text", "json", "junit"], typer.Option("--output", help="How to print what happened.")
    ] = "text",
) -> None:
    """Show what Datadog would do with events, and who would be paged: on this machine, without Datadog.

    Runs the rehearsals of the YAML: each sends events through the declared pipelines, past the monitors and
    the notification rules, and says what it expects. Ends with 1 if one of them fails.

    \b
      rehearsals:
        - name: a failed flow is told to the channel
          event: {event_type: FLOW_FAIL, flow_name: Onboard, error_type: Timeout}
          expect:
            status: error
            attributes: {error.kind: Timeout}
            monitors: ["Okta Workflows: flow failures"]
            notifies: [slack-okta]

    With --event, follows one event: what each processor does to it, which monitors it would move, and whom
    they would tell.
    """
    from datadog_assets.rehearse import command
    from datadog_assets.session import declared

    if event is not None and output == "junit":
        raise typer.BadParameter("junit is for rehearsals, not for one event.", param_hint="--output")
    loaded = declared(paths, _values(var))
    if event is not None:
        command.follow(loaded, event, output)
        return
    raise typer.Exit(1 if command.rehearse(loaded, output) else 0)


@app.command()
def plan(
    paths: Paths = None,
    var: Var = None,
    adopt: Adopt = False,
    prune: Prune = False,
    force: Force = False,
    output: Format = "text",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Keep the plan, for `apply FILE`.")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 2 if there is something to do.")
    ] = False,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Add what each change does to the events of the rehearsals.")
    ] = False,
) -> None:
    """Show what apply would do, and change nothing.

    Needed are DD_API_KEY and DD_APP_KEY, and DD_SITE if you log in elsewhere than at datadoghq.com. The
    application key needs logs_read_config and monitors_read; to apply, logs_write_pipelines, monitors_write,
    monitor_config_policy_write and, for log monitors, logs_read_data.

    \b
    In a pull request:  datadog-assets plan assets/ --output markdown
    Now, to apply later what was looked at:
      datadog-assets plan assets/ --out okta.plan && datadog-assets apply okta.plan
    What it means, such as that 3 of 20 logs go from info to error:
      datadog-assets plan assets/ --rehearse

    Ends with 0, or with 1 if anything failed or the plan could not be applied as it is; with
    --detailed-exitcode, with 2 if there is something to do.
    """
    from datadog_assets import session
    from datadog_assets.plan.changes import Options

    loaded = session.declared(paths, _values(var))
    options = Options(adopt=adopt, prune=prune, force=force)
    with session.connect(loaded.secrets) as api:
        found = session.planned(api, loaded.declared, options, loaded.rehearsals if rehearse else None)
        if out:
            from datadog_assets.plan import saved

            kept = saved.SavedPlan(api.url, options, loaded.declared, found.changes, loaded.secrets)
            saved.save(out, kept)
    session.show(found, loaded.secrets, session.Output(output))
    raise typer.Exit(1 if found.problems else 2 if found.changes and detailed_exitcode else 0)


@app.command()
def apply(
    paths: Paths = None,
    var: Var = None,
    adopt: Adopt = False,
    prune: Prune = False,
    force: Force = False,
    yes: Yes = False,
) -> None:
    """Make Datadog as declared: show the plan, ask, and carry it out.

    Takes what plan takes, or one file that `plan --out` wrote. What is done already is not done again: after
    a failure, run it once more. What Datadog has of whatever is replaced or deleted is saved to a file in
    the current folder first.
    """
    from datadog_assets import session
    from datadog_assets.plan import saved
    from datadog_assets.plan.changes import Options

    if paths and len(paths) == 1 and saved.is_saved_plan(paths[0]):
        given = {"--var": var, "--adopt": adopt, "--prune": prune, "--force": force}
        for option in (option for option, value in given.items() if value):
            raise typer.BadParameter(
                f"{paths[0]} is a kept plan, made with its own options; plan anew.", param_hint=option
            )
        session.carry_out_saved(paths[0], yes=yes)
        return
    loaded = session.declared(paths, _values(var))
    with session.connect(loaded.secrets) as api:
        found = session.planned(api, loaded.declared, Options(adopt=adopt, prune=prune, force=force))
        session.carry_out(api, found, loaded.secrets, yes=yes)


@app.command()
def destroy(paths: Paths = None, var: Var = None, adopt: Adopt = False, yes: Yes = False) -> None:
    """Delete what is declared, and nothing else: show the plan, ask, and carry it out."""
    from datadog_assets import session
    from datadog_assets.plan.changes import Options

    loaded = session.declared(paths, _values(var))
    with session.connect(loaded.secrets) as api:
        found = session.planned(api, loaded.declared, Options(adopt=adopt, destroy=True))
        session.carry_out(api, found, loaded.secrets, yes=yes)


@app.command()
def export(
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="Only of this kind, such as monitors.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", metavar="NAME", help="Only of this name.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only with this tag.")] = None,
) -> None:
    """Print what Datadog has as YAML that plans to no change.

    Each option may be repeated; without one, everything is printed but Datadog's own pipelines.

    \b
      datadog-assets export --tag managed-by:datadog-assets > assets.yaml
      datadog-assets export --kind monitors --name "Disk is full" >> assets.yaml
    """
    from datadog_assets import session
    from datadog_assets.export import Selection
    from datadog_assets.export import export as write
    from datadog_assets.kinds import KINDS
    from datadog_assets.state import read_state

    if unknown := [key for key in kind or () if key not in KINDS]:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(KINDS)}.", param_hint="--kind")
    with session.connect() as api:
        state = read_state(api, session.progress, kind or KINDS.keys())
    print(write(state.live, Selection(kind or (), name or (), tag or ())), end="")


@app.command()
def schema() -> None:
    """Print a JSON Schema of the YAML, for editors.

    \b
      datadog-assets schema > datadog-assets.schema.json
    and as the first line of a YAML file, for editors with the YAML language server:
      # yaml-language-server: $schema=datadog-assets.schema.json
    """
    import orjson

    from datadog_assets.load.schema import schema as made

    print(orjson.dumps(made(), option=orjson.OPT_INDENT_2).decode())


def _values(var: Sequence[str] | None) -> dict[str, str]:
    values = {}
    for text in var or ():
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{text} is not NAME=VALUE.", param_hint="--var")
        values[name] = value
    return values
