"""What each test of the relay leaves as it found it."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def log_level() -> Iterator[None]:
    """A command that is run in this process says what is logged, but not for the tests after it."""
    log = logging.getLogger("relay")
    level = log.level
    yield
    log.setLevel(level)
