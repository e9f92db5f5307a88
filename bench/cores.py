"""One core for what is measured, another for who drives it: "one core" is what most figures are of."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


_FOUND = _cores()

DRIVER: int | None = _FOUND[0] if len(_FOUND) > 1 else None
"""The core of client and sink; None where there is but one, or the system cannot tell."""

MEASURED: int | None = _FOUND[-1] if len(_FOUND) > 1 else None
"""The core of what is measured; None as above."""


@contextmanager
def on(core: int | None) -> Iterator[None]:
    """Keep this thread, and whatever it starts, on a core while the block runs; None leaves it free."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
