"""What the commands share: load, connect, plan, show, ask, carry out. Each step imports what it needs."""

# ruff: noqa: PLC0415  # a command that only loads must not wait for what plans, rehearses and sends

import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from datadog_assets import environment, packs
from datadog_assets.errors import AssetsError, NobodyToAsk

if TYPE_CHECKING:
    from datadog_assets.api import Api
    from datadog_assets.load import Loaded
    from datadog_assets.plan.changes import Options, Plan
    from datadog_assets.rehearse.scenario import Rehearsal
    from datadog_assets.resource import Declared, Mark


class Output(StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def declared(paths: Sequence[Path] | None, values: Mapping[str, str]) -> "Loaded":
    """Load what the user declares, or else the bundled pack; tells its warnings.

    Args:
        paths: YAML files and folders.
        values: variables given on the command line.

    Raises:
        LoadFailed: with every fault.
    """
    from datadog_assets.load import load, load_text

    if paths:
        loaded = load(paths, values, environment.variables())
    else:
        loaded = load_text(f"{packs.OKTA}.yaml", packs.read(packs.OKTA), values, environment.variables())
    for warning in loaded.warnings:
        tell(f"warning: {warning}")
    return loaded


def connect(secrets: frozenset[str] = frozenset()) -> "Api":
    """Give Datadog's API as the environment says; what it tells of waits shows no secret."""
    from datadog_assets.api import Api
    from datadog_assets.render.masking import masker

    hide = masker(secrets)  # Datadog may repeat what it refuses
    return Api(environment.access(), tell=lambda line: tell(hide(line)))


def planned(
    api: "Api",
    wanted: "Declared",
    options: "Options",
    rehearsals: "Sequence[tuple[Mark, Rehearsal]] | None" = None,
) -> "Plan":
    """Read what Datadog has, and compare; with rehearsals, tell what each change does to their events.

    Raises:
        AssetsError: there is no rehearsal; or as the API does.
    """
    from datadog_assets.plan import make_plan
    from datadog_assets.state import read_state

    if rehearsals is not None and not rehearsals:
        raise AssetsError("--rehearse: the YAML has no rehearsals; datadog-assets rehearse --help shows one.")
    # only to prune or to rehearse does it matter what there is of kinds of which nothing is declared
    keys = [key for key, resources in wanted.items() if resources or options.prune or rehearsals]
    placed = any(one.place for one in wanted["pipelines"].values()) and not options.destroy
    state = read_state(api, progress, keys, with_order=placed)
    plan = make_plan(wanted, state.live, state.order, options)
    if rehearsals is None:
        return plan
    from datadog_assets.rehearse.effects import with_effects

    return with_effects(plan, state.live, wanted, rehearsals)


def show(plan: "Plan", secrets: frozenset[str], output: Output = Output.TEXT) -> None:
    """Print a plan."""
    match output:
        case Output.TEXT:
            from datadog_assets.render.to_text import as_text

            colour = sys.stdout.isatty() and not environment.no_color()
            print(as_text(plan, secrets, colour=colour))
        case Output.JSON:
            from datadog_assets.render.to_json import as_json

            print(as_json(plan, secrets))
        case Output.MARKDOWN:
            from datadog_assets.render.to_markdown import as_markdown

            print(as_markdown(plan, secrets))


def carry_out(api: "Api", plan: "Plan", secrets: frozenset[str], *, yes: bool) -> None:
    """Show a plan, ask, and carry it out.

    Raises:
        NobodyToAsk: `yes` was not given, and this is no terminal.
        AssetsError: the person said no, or it could not be carried out.
    """
    from datadog_assets.apply import Blocked, Stopped, apply
    from datadog_assets.render.masking import masker

    show(plan, secrets)
    if plan.changes and not plan.problems and not yes:
        _ask()
    hide = masker(secrets)  # names may hold them, and Datadog repeats what it refuses
    try:
        apply(plan, api, lambda line: tell(hide(line)), Path())
    except (Blocked, Stopped) as error:
        raise type(error)(hide(str(error))) from error
    if plan.changes:
        tell("Done.")


def carry_out_saved(path: Path, *, yes: bool) -> None:
    """Carry out the plan in a file, if Datadog is as it was when that was made.

    Raises:
        AssetsError: it is for another Datadog, or Datadog has changed; or as `carry_out`.
    """
    from datadog_assets.plan import saved as kept

    saved = kept.read(path)
    with connect(saved.secrets) as api:
        if api.url != saved.api_url:
            raise AssetsError(
                f"{path} was made for {saved.api_url}, not for {api.url}. Set DD_SITE, or plan anew."
            )
        plan = planned(api, saved.declared, saved.options)
        if moved := kept.moved(saved, plan):
            lines = [*moved, f"Datadog has changed since {path} was made; nothing was changed. Plan anew."]
            raise AssetsError("\n".join(lines))
        carry_out(api, plan, saved.secrets, yes=yes)


def tell(line: str) -> None:
    """Say something beside the data."""
    print(line, file=sys.stderr, flush=True)


def progress(line: str) -> None:
    """Say what is only worth knowing while one waits."""
    if sys.stderr.isatty():
        tell(line)


def _ask() -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NobodyToAsk("Nothing was changed: nobody can be asked here. Look at the plan, then use --yes.")
    print("Carry this out? Only 'yes' does: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise AssetsError("Nothing was changed.")
