"""What reads and packs a backlog gives way to what answers requests."""

import os
import sys
import threading

import pytest

from relay.background import one_thread


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has a niceness for each thread")
def test_its_thread_gives_way_and_no_other_does() -> None:
    before = niceness()
    with one_thread("packing") as executor:
        assert executor.submit(niceness).result() == min(before + 10, 19)
        assert executor.submit(lambda: threading.current_thread().name).result().startswith("packing")
    assert niceness() == before
