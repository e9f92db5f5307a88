"""Threads that give way to those that answer requests, or let them finish what they are at."""

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


def let_finish() -> None:
    """Let this thread, when it wakes up, run once others pause, with its full share. On Linux only.

    A thread that has waited for the disk would interrupt the event loop, which holds Python's lock: on one
    core it could then do nothing but wait again, and the processor's caches would be no longer the loop's.
    SCHED_BATCH of sched(7).
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(threading.get_native_id(), os.SCHED_BATCH, os.sched_param(0))


def one_thread(name: str) -> ThreadPoolExecutor:
    """Make an executor of one thread that gives way."""
    return ThreadPoolExecutor(1, thread_name_prefix=name, initializer=give_way)
