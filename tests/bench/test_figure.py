"""What is said of samples follows from them: medians, spreads, ratios, and whether a bound is held."""

import orjson
import pytest
from figure import Bound, Figure, Reference, Spread
from hypothesis import given
from hypothesis import strategies as st
from latency import percentile

samples = st.lists(st.floats(0.001, 1e9), min_size=1, max_size=9).map(tuple)


def figure(
    *values: float, beside: tuple[float, ...] | None = None, bound: Bound | None = None, name: str = "one.cpu"
) -> Figure:
    return Figure(name, "CPU", "µs", values, Reference("bare app", beside) if beside else None, bound)


def test_a_spread_is_the_middle_and_both_ends_in_whatever_order_the_samples_came() -> None:
    assert Spread.of([5.0, 1.0, 9.0, 2.0, 3.0]) == (3.0, 1.0, 9.0)
    assert Spread.of([4.0, 2.0]) == (3.0, 2.0, 4.0)


def test_a_ratio_is_that_of_each_round_not_of_the_medians() -> None:
    found = figure(10.0, 40.0, 30.0, beside=(10.0, 20.0, 10.0))
    assert found.value.median / Spread.of((10.0, 20.0, 10.0)).median == 3.0
    assert found.ratio == (2.0, 1.0, 3.0)


def test_there_is_no_ratio_without_a_reference_and_no_verdict_without_a_bound() -> None:
    assert figure(1.0).ratio is None
    assert figure(1.0).is_held is None


def test_each_sample_needs_one_of_the_reference() -> None:
    with pytest.raises(ValueError, match="zip"):
        _ = figure(1.0, 2.0, beside=(1.0,)).ratio


@pytest.mark.parametrize(
    ("bound", "is_held"),
    [
        (Bound(20.0), True),
        (Bound(19.9), False),
        (Bound(20.0, at="least"), True),
        (Bound(20.1, at="least"), False),
        (Bound(2.0, of="ratio"), True),
        (Bound(1.9, of="ratio"), False),
        (Bound(2.0, of="ratio", at="least"), True),
        (Bound(2.1, of="ratio", at="least"), False),
    ],
)
def test_a_bound_is_held_by_the_median_which_may_just_reach_it(bound: Bound, is_held: bool) -> None:
    found = figure(90.0, 20.0, 10.0, beside=(10.0, 10.0, 10.0), bound=bound)
    assert found.is_held is is_held


def test_a_bound_on_the_ratio_needs_a_reference() -> None:
    with pytest.raises(ValueError, match="has a bound on its ratio"):
        _ = figure(1.0, bound=Bound(1.0, of="ratio")).is_held


@given(samples, st.sampled_from([None, Bound(1.5, of="ratio"), Bound(7.0, at="least")]))
def test_a_figure_is_the_same_after_it_was_json(values: tuple[float, ...], bound: Bound | None) -> None:
    whole = figure(*values, beside=values, bound=bound)
    assert Figure.from_dict(orjson.loads(orjson.dumps(whole.as_dict()))) == whole


def test_the_json_tells_what_follows_from_the_samples_too() -> None:
    told = figure(3.0, 1.0, beside=(1.0, 1.0), bound=Bound(2.0, of="ratio")).as_dict()
    assert told["value"] == {"median": 2.0, "least": 1.0, "most": 3.0}
    assert told["ratio"] == {"median": 2.0, "least": 1.0, "most": 3.0}
    assert told["is_held"] is True


def test_a_percentile_is_the_smallest_value_that_so_many_in_a_hundred_do_not_pass() -> None:
    values = [float(value) for value in range(1_000, 0, -1)]
    assert [percentile(values, percent) for percent in (50, 99, 99.9, 100)] == [500, 990, 999, 1_000]
    assert percentile([7.0], 99.9) == 7.0


@given(samples, st.floats(0.1, 100))
def test_a_percentile_is_one_of_the_values_and_at_least_so_many_are_within_it(
    values: tuple[float, ...], percent: float
) -> None:
    found = percentile(list(values), percent)
    assert found in values
    assert 100 * sum(value <= found for value in values) >= percent * len(values) * (1 - 1e-9)
