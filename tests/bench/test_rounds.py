"""What is compared is measured in turn, and what others disturbed is measured again."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count

import pytest
from rounds import MOST_STOLEN, Found, in_turn
from size import QUICK, Size
from stolen import Times

QUIET = MOST_STOLEN / 2


def measured(size: Size, stolen: Iterator[float] | None = None, names: str = "ab") -> tuple[str, Found[int]]:
    """What is called, and what is found, where each measurement tells how many came before it.

    `stolen` gives the percent of the machine that others have during each of them.
    """
    calls: list[str] = []

    async def measure(name: str) -> int:
        calls.append(name)
        return len(calls) - 1

    looks: list[Times] = []

    def now() -> Times:
        last = looks[-1] if looks else Times(0, 0)
        begins = len(looks) % 2 == 0
        share = next(stolen) if stolen and not begins else 0.0
        looks.append(last if begins else Times(last.stolen + round(100 * share), last.wanted + 10_000))
        return looks[-1]

    found = asyncio.run(in_turn(size, {name: partial(measure, name) for name in names}, now))
    return "".join(calls), found


def test_a_measure_takes_its_turn_after_what_it_is_measured_beside_in_every_round() -> None:
    calls, found = measured(replace(QUICK, rounds=3))
    assert calls == "ababab"
    assert found.samples == {"a": (0, 2, 4), "b": (1, 3, 5)}
    assert found.stolen == (0, 0, 0)


@pytest.mark.parametrize(
    ("stolen", "samples", "kept"),
    [
        ([QUIET], (0,), QUIET),
        ([MOST_STOLEN], (0,), MOST_STOLEN),
        ([9, QUIET], (1,), QUIET),
        ([9, 20, QUIET], (2,), QUIET),
        ([9, 8, 20], (1,), 8),
        ([7, 8, 20], (0,), 7),
    ],
)
def test_a_measurement_that_others_disturb_is_taken_again_and_the_quietest_counts(
    stolen: Sequence[float], samples: tuple[int], kept: float
) -> None:
    calls, found = measured(replace(QUICK, rounds=1, tries=3), iter(stolen), "a")
    assert calls == "a" * len(stolen)
    assert found.samples == {"a": samples}
    assert found.stolen == (kept,)


def test_a_round_is_as_disturbed_as_the_worst_of_its_measurements() -> None:
    _, found = measured(replace(QUICK, rounds=2, tries=1), iter([3, 5, 4, 2]))
    assert found.disturbance("one").samples == (5, 4)


def test_a_machine_that_wanted_nothing_was_not_disturbed() -> None:
    assert Times(5, 10).percent_since(Times(5, 10)) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells it")
def test_the_kernel_s_count_grows_with_what_is_done() -> None:
    before = Times.now()
    for _ in count():
        if Times.now().wanted > before.wanted:
            break
    assert 0 <= Times.now().percent_since(before) <= 100
