"""Threads that give way to those that answer requests."""

import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

_NICENESS = 10
"""An answer must not wait until a long backlog is read and packed: on one core these would have their turns
like the rest."""


def give_way() -> None:
    """Let this thread run after the process's others. Only Linux has a niceness for each thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS)


def one_thread(name: str) -> ThreadPoolExecutor:
    """Make an executor of one thread that gives way."""
    return ThreadPoolExecutor(1, thread_name_prefix=name, initializer=give_way)
