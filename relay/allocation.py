"""How the process gets memory, and when it looks for what it no longer needs."""

import contextlib
import ctypes
import gc

_ARENA_MAX = -8
"""`M_ARENA_MAX` of mallopt(3)."""

_YOUNG, _MIDDLE, _OLD = 20_000, 20, 50
"""So many new objects, and so many collections of younger ones, before each generation is looked through.
Python's own 700, 10 and 10 are for programs that make cycles; here requests come and go without any."""


def share_one_arena() -> None:
    """Let all threads get memory from one place, where the C library is glibc.

    It would give each thread a place of its own, and keep there what that thread no longer needs: of records,
    which go from thread to thread, that is a copy in each. Must be called before there are threads.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def settle() -> None:
    """Leave alone what was there when the start was over; look less often through what came since.

    It lasts as long as the process. The collector took a twentieth of all instructions for each event.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
