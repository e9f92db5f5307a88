"""What `datadog-assets rehearse` does: run, and print."""

import json
import sys
import time
from pathlib import Path

from datadog_assets import environment
from datadog_assets.errors import AssetsError
from datadog_assets.load import Loaded
from datadog_assets.preprocess import NestedTooDeeply
from datadog_assets.rehearse.explain import explain
from datadog_assets.rehearse.run import Stage, entry_of
from datadog_assets.rehearse.scenario import Sent
from datadog_assets.render import rehearsals, rehearsals_json
from datadog_assets.render.hiding import hider
from datadog_assets.resource import Json


def rehearse(loaded: Loaded, output: str) -> int:
    """Run the rehearsals that are declared, and print how they went; gives how many failed.

    Args:
        loaded: what is declared.
        output: text, json or junit.

    Raises:
        AssetsError: there is none.
    """
    if not loaded.rehearsals:
        raise AssetsError("There is no rehearsal: the YAML has no section rehearsals. --help shows one.")
    stage = Stage(loaded.declared)
    outcomes = [stage.run(rehearsal, mark) for mark, rehearsal in loaded.rehearsals]
    left = stage.watch().left
    match output:
        case "json":
            text = rehearsals_json.as_json(outcomes, left, loaded.secrets)
        case "junit":
            from datadog_assets.render.junit import as_junit  # noqa: PLC0415  # loads what writes XML

            text = as_junit(outcomes, loaded.secrets)
        case _:
            text = hider(loaded.secrets)(rehearsals.as_text(outcomes, left, colour=_colour()))
    print(text)
    return sum(1 for outcome in outcomes if outcome.faults)


def follow(loaded: Loaded, path: Path, output: str) -> None:
    """Follow one event through what is declared, and print what became of it.

    Args:
        loaded: what is declared.
        path: of a file with the event, or with an entry of the logs intake; `-` for stdin.
        output: text or json.

    Raises:
        AssetsError: the file cannot be read, or holds no JSON object.
    """
    entry = _entry(path)
    try:
        found = explain(Stage(loaded.declared), entry, int(time.time() * 1000))
    except NestedTooDeeply as error:
        raise AssetsError(f"{_named(path)}: is nested too deeply.") from error
    if output == "json":
        print(rehearsals_json.explained(found, loaded.secrets))
    else:
        print(hider(loaded.secrets)(rehearsals.explained(found, colour=_colour())))


def _entry(path: Path) -> Json:
    """Read an event, or an entry: that has a message, and ddsource or ddtags."""
    name = _named(path)
    try:
        text = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).decode("utf-8-sig")
        found = json.loads(text, parse_constant=_refused)
    except OSError as error:
        raise AssetsError(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise AssetsError(f"{name} is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise AssetsError(f"{name}:{error.lineno}: is no JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:  # NaN; a number of too many digits; brackets without end
        raise AssetsError(f"{name}: is no JSON that can be read.") from error
    if not isinstance(found, dict):
        raise AssetsError(f"{name}: is no JSON object; give one event.")
    is_entry = "message" in found and ("ddsource" in found or "ddtags" in found)
    return found if is_entry else entry_of(Sent(event=found), {})


def _refused(constant: str) -> float:
    raise ValueError(constant)


def _named(path: Path) -> str:
    return "stdin" if str(path) == "-" else str(path)


def _colour() -> bool:
    return sys.stdout.isatty() and not environment.no_color()
