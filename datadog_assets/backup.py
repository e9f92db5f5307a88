"""What Datadog had, in a file, before any of it is replaced or deleted."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import orjson

from datadog_assets.errors import AssetsError
from datadog_assets.resource import Json


class CannotSave(AssetsError):
    """What Datadog has could not be saved, so nothing was changed."""


def save(folder: Path, bodies: Iterable[tuple[str, Json]], now: datetime) -> Path:
    """Write live bodies to a new file that only its owner can read, synced; gives its path.

    Args:
        folder: where the file is made.
        bodies: the key of a kind, and what Datadog returned.
        now: gives the file its name.

    Raises:
        CannotSave: the file cannot be written.
    """
    kept: dict[str, list[Json]] = {}
    for kind, body in bodies:
        kept.setdefault(kind, []).append(body)
    path = folder / f"datadog-before-{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}.json"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:  # noqa: PTH123 - the handle carries the file's mode
            file.write(orjson.dumps(kept, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CannotSave(
            f"{path} cannot be written: {error.strerror}. It is to hold what Datadog has before that is"
            " replaced or deleted, so nothing was changed. Run it from a directory that can be written to."
        ) from error
    return path
