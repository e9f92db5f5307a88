"""A limit on how long something may take, for thousands of tasks at once."""

import asyncio
from typing import Any

_LOOKS = 10
"""Within the limit it is looked so often for tasks that are over it; so they may take a tenth longer."""


class TimeLimit:
    """Cancels tasks that take longer than `seconds` for something.

    One timer serves all of them. `asyncio.timeout` sets and cancels one each time, which costs more than to
    read a small body.

        task = limit.begin()
        try:
            ...
        except asyncio.CancelledError:
            if limit.is_over(task):
                ...
            raise
        finally:
            limit.end(task)
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._began: dict[
            asyncio.Task[Any], int
        ] = {}  # each with the look after which it began, in this order
        self._looks = 0
        self._is_looking = False

    def begin(self) -> asyncio.Task[Any]:
        """Begin to measure the time of the task that calls this; it may be measured once at a time."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only what a task does can be cancelled")
        self._began[task] = self._looks
        if not self._is_looking:
            self._is_looking = True
            self._look_later()
        return task

    def is_over(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task that is cancelled is so for its time, and for no other reason; may be asked once."""
        return task not in self._began and task.uncancel() == 0

    def end(self, task: asyncio.Task[Any]) -> None:
        """It is done."""
        self._began.pop(task, None)

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(self.seconds / _LOOKS, self._look)

    def _look(self) -> None:
        self._looks += 1
        for task in [task for task, began in self._began.items() if self._looks - began > _LOOKS]:
            del self._began[task]
            task.cancel()
        self._is_looking = bool(self._began)
        if self._is_looking:
            self._look_later()
