"""What `datadog-assets rehearse` does: run, and print."""

import json
import sys
import time
from pathlib import Path

from datadog_assets import environment
from datadog_assets.errors import AssetsError
from datadog_assets.load import Loaded
from datadog_assets.rehearse.explain import explain
from datadog_assets.rehearse.run import Stage, entry_of
from datadog_assets.rehearse.scenario import Sent
from datadog_assets.render import rehearsals, rehearsals_json
from datadog_assets.render.junit import as_junit
from datadog_assets.render.masking import masker
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
            text = rehearsals_json.as_json(outcomes, left)
        case "junit":
            text = as_junit(outcomes)
        case _:
            text = rehearsals.as_text(outcomes, left, colour=_colour())
    print(masker(loaded.secrets)(text))
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
    found = explain(Stage(loaded.declared), _entry(path), int(time.time() * 1000))
    as_json = output == "json"
    text = rehearsals_json.explained(found) if as_json else rehearsals.explained(found, colour=_colour())
    print(masker(loaded.secrets)(text))


def _entry(path: Path) -> Json:
    """Read an event, or an entry: that has a message, and ddsource or ddtags."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AssetsError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise AssetsError(f"{path} is not UTF-8 text.") from error
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise AssetsError(f"{path}{where}: is no JSON: {reason}.") from error
    if not isinstance(found, dict):
        raise AssetsError(f"{path}: is no JSON object; give one event.")
    is_entry = "message" in found and ("ddsource" in found or "ddtags" in found)
    return found if is_entry else entry_of(Sent(event=found), {})


def _colour() -> bool:
    return sys.stdout.isatty() and not environment.no_color()
