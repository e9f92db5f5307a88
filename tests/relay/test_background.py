"""What reads and packs a backlog gives way to what answers requests; what writes lets it finish."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from relay.background import let_finish, one_thread

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone can tell a thread when to run")


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def policy() -> int:
    return os.sched_getscheduler(threading.get_native_id())


def test_its_thread_gives_way_and_no_other_does() -> None:
    before = niceness()
    with one_thread("packing") as executor:
        assert executor.submit(niceness).result() == min(before + 10, 19)
        assert executor.submit(lambda: threading.current_thread().name).result().startswith("packing")
    assert niceness() == before


def test_a_thread_that_lets_others_finish_does_not_interrupt_them_and_no_other_thread_changes() -> None:
    before = policy()
    with ThreadPoolExecutor(1, initializer=let_finish) as executor:
        assert executor.submit(policy).result() == os.SCHED_BATCH
        assert executor.submit(niceness).result() == niceness()
    assert policy() == before
