"""A plan in a file: made and looked at now, applied later if it still is the same."""

import json
import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import ValidationError

from datadog_assets.errors import AssetsError
from datadog_assets.plan.changes import Change, Options, Plan
from datadog_assets.plan.difference import as_json, canonical_text
from datadog_assets.plan.saved_file import FORMAT, File
from datadog_assets.render.lines import word
from datadog_assets.render.masking import masker
from datadog_assets.render.printable import dotted, printable, quoted
from datadog_assets.resource import Declared, Json


class CannotKeepPlan(AssetsError):
    """The file could not be written."""


class CannotUsePlan(AssetsError):
    """The file cannot be read, is no plan, or is not one that this version understands."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What is kept of a plan.

    Attributes:
        api_url: of the Datadog that it was made for.
        options: that it was made with.
        declared: everything declared, variables filled in.
        changes: of these, `before` is not kept, and is None once read.
        secrets: texts in them that are not to be shown.
    """

    api_url: str
    options: Options
    declared: Declared
    changes: tuple[Change, ...]
    secrets: frozenset[str] = frozenset()


def is_saved_plan(path: Path) -> bool:
    """Tell whether a file looks like a plan, even a damaged one or one of another version."""
    try:
        if not path.is_file():  # a pipe can be read only once, and not here
            return False
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return text.lstrip().startswith("{") and bool(re.search(rf'"format"\s*:\s*"{FORMAT} \d+"', text))


def save(path: Path, saved: SavedPlan) -> None:
    """Write a plan to a file that only its owner can read: it holds what the secrets are.

    A file that is there is replaced, at once and as a whole.

    Raises:
        CannotKeepPlan: it cannot be written.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise CannotKeepPlan(f"{path} is not a file; a plan can only be kept in one.")
    text = json.dumps(_file(saved), indent=1) + "\n"
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # with mode 0600
        try:
            with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - the handle carries the mode
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise CannotKeepPlan(f"{path} cannot be written: {error.strerror}.") from error


def read(path: Path) -> SavedPlan:
    """Read a plan from a file.

    Raises:
        CannotUsePlan: it cannot be read, is no plan, is newer, or is damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CannotUsePlan(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CannotUsePlan(_no_plan(path)) from error
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        fault = f"{path} is damaged: it is not whole. Plan anew." if is_saved_plan(path) else _no_plan(path)
        raise CannotUsePlan(fault) from error
    return _read(path, found)


def _no_plan(path: Path) -> str:
    return f"{path} is not a plan; `datadog-assets plan --out {path}` writes one."


def _read(path: Path, found: object) -> SavedPlan:
    form = found.get("format") if isinstance(found, dict) else None
    version = re.fullmatch(rf"{FORMAT} (\d+)", form) if isinstance(form, str) else None
    if not version:
        raise CannotUsePlan(_no_plan(path))
    if version[1] != "1":
        raise CannotUsePlan(
            f"{path} was written by another version of datadog-assets (format {version[1]}, here it is 1)."
            " Plan anew."
        )
    try:
        file = File.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        fault = printable(f"{dotted(first['loc'])}: {first['msg']}")
        raise CannotUsePlan(f"{path} is damaged: {fault}. Plan anew.") from error
    return SavedPlan(
        file.api_url,
        Options(**file.options.model_dump()),
        file.resources(),
        file.made(),
        frozenset(file.secrets),
    )


def _file(saved: SavedPlan) -> Json:
    return {
        "format": f"{FORMAT} 1",
        "api_url": saved.api_url,
        "options": asdict(saved.options),
        "declared": [asdict(one) for kind in saved.declared.values() for one in kind.values()],
        "changes": [_change(change) for change in saved.changes],
        "secrets": sorted(saved.secrets),
    }


def _change(change: Change) -> Json:
    """Give what makes a change the same one again."""
    return {
        "verb": str(change.verb),
        "kind": change.kind,
        "name": change.name,
        "live_id": change.live_id,
        "body": change.body,
        "differences": [as_json(one) for one in change.differences],
        "place": asdict(change.place) if change.place else None,
        "anchor_id": change.anchor_id,
    }


def moved(saved: SavedPlan, fresh: Plan) -> list[str]:
    """Tell what a fresh plan does otherwise than the saved one; nothing if they do the same.

    Returns:
        Lines for a person, without secrets.
    """
    before = {_key(change): change for change in saved.changes}
    after = {_key(change): change for change in fresh.changes}
    found = [
        f"{_told(change)}: is not to be done any more" for key, change in before.items() if key not in after
    ]
    found += [f"{_told(change)}: was not in the plan" for key, change in after.items() if key not in before]
    for key in before.keys() & after.keys():
        if places := _places(before[key], after[key]):
            found.append(f"{_told(after[key])}: is another change now: {', '.join(places)}")
    if not found and list(before) != list(after):
        found = ["The changes would be carried out in another order"]
    hide = masker(saved.secrets)
    return sorted(hide(line) for line in found)


def _key(change: Change) -> Sequence[str | None]:
    return change.verb, change.kind, change.name, change.live_id


def _told(change: Change) -> str:
    where = f" (id {printable(change.live_id)})" if change.live_id else ""
    return f"{change.verb} {word(change.kind)} {quoted(change.name)}{where}"


def _places(before: Change, after: Change) -> list[str]:
    """Give where two changes of one resource differ."""
    if canonical_text(_change(before)) == canonical_text(_change(after)):
        return []
    ours = {dotted(one.path): canonical_text(as_json(one)) for one in before.differences}
    theirs = {dotted(one.path): canonical_text(as_json(one)) for one in after.differences}
    places = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
    return places or ["what is sent, or where it goes"]
