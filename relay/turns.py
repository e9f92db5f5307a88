"""Which of several processes accepts the next connection: the one that has the fewest."""

import mmap
import os
import tempfile

_GONE = 2**32 - 1
"""Stands for a process that does not accept."""


class Turns:
    """How many connections each process has, in memory that they share.

    All of them wait for connections on one socket, and the kernel wakes the same one first each time; left to
    themselves, one would get nearly all. Nothing here is ever waited for: a process that hangs, or ends
    without a word, only makes the others hesitate.
    """

    def __init__(self, file: int, place: int) -> None:
        """Begin.

        Args:
            file: the memory's descriptor, as of `shared`.
            place: of the process, from 1.
        """
        self._numbers = memoryview(mmap.mmap(file, 0)).cast("I")
        self._place = place - 1

    def have(self, number: int) -> None:
        """The process has so many connections."""
        self._numbers[self._place] = number

    def leave(self) -> None:
        """The process accepts no more."""
        self._numbers[self._place] = _GONE

    @property
    def processes(self) -> int:
        """How many there are."""
        return len(self._numbers)

    @property
    def is_mine(self) -> bool:
        """Whether no other process has fewer connections."""
        return self._numbers[self._place] <= min(self._numbers)


def shared(processes: int) -> int:
    """Make the memory for so many processes, none of which accepts yet; gives its descriptor."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("relay-turns")
    else:
        with tempfile.TemporaryFile() as made:
            file = os.dup(made.fileno())
    os.write(file, _GONE.to_bytes(4, "little") * processes)
    return file
