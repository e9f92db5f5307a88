"""Tells Python's garbage collector what a server's memory is like."""

import gc

_YOUNG, _MIDDLE, _OLD = 20_000, 20, 50
"""So many new objects, and so many collections of younger ones, before each generation is looked through.
Python's own 700, 10 and 10 are for programs that make cycles; here requests come and go without any."""


def settle() -> None:
    """Leave alone what was there when the start was over; look less often through what came since.

    It lasts as long as the process. The collector took a twentieth of all instructions for each event.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
