"""Numbers computed from attributes.

https://docs.datadoghq.com/logs/log_configuration/processors/arithmetic_processor/
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.rehearse import process


def after(
    before: dict[str, Any], expression: str, target: str = "t", replace: bool = False
) -> dict[str, Any]:
    body = {
        "type": "arithmetic-processor",
        "expression": expression,
        "target": target,
        "is_replace_missing": replace,
    }
    log: Any = {"attributes": before}
    return process(log, [{"name": "p", "processors": [body]}])["attributes"]


def test_the_example_of_the_page() -> None:
    before = {"operation": "db.query", "duration_ns": 25000000, "message": "Database query completed"}
    made = after(before, "duration_ns / 1000000", "duration_ms")
    assert made == {**before, "duration_ms": 25}
    assert type(made["duration_ms"]) is float  # observed: the result is a double


def test_a_dash_belongs_to_a_name_unless_there_are_blanks_around_it() -> None:
    before = {"end-time": 5000, "start-time": 2000, "a": 9, "b": 4}
    assert after(before, "(end-time - start-time) / 1000")["t"] == 3
    assert after(before, "a - b")["t"] == 5
    assert after(before, "a-b") == before
    assert after(before, "a- b") == before


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("8 - 2 - 1", 5),
        ("8 / 4 / 2", 1),
        ("8 / 4 * 2", 4),
        ("2*3+4/2", 8),
        ("-2", -2),
        ("- 2 * 3", -6),
        ("2 * -3", -6),
        ("2 - -3", 5),
        ("--3", 3),
        ("-(1 + 2)", -3),
        ("((a))", 8),
        ("-a", -8),
        (" .5 * a ", 4),
        ("1. + 1e2", 101),
        ("a+b.c", 10),
        ("a / 3", 2.666666667),
    ],
)
def test_formulas(expression: str, result: float) -> None:
    before = {"a": 8, "b": {"c": 2}}
    assert after(before, expression) == {**before, "t": result}


@pytest.mark.parametrize(
    "expression",
    [
        "",
        " ",
        "+",
        "a +",
        "* a",
        "+a",
        "a b",
        "1 2",
        "(a",
        "a)",
        "()",
        "(a) (a)",
        "a ++ a",
        "a % 2",
        "1 +* 2",
    ],
)
def test_what_is_no_formula_makes_nothing(expression: str) -> None:
    assert after({"a": 8}, expression) == {"a": 8}


@pytest.mark.parametrize(
    "expression", ["1 / 0", "a / (a - a)", "big * big", "big * big / big", "0 * (big * big)"]
)
def test_what_makes_no_number_writes_nothing(expression: str) -> None:
    before = {"a": 8, "big": 1e300, "t": "there"}
    assert after(before, expression) == before


@pytest.mark.parametrize(
    ("value", "result"),
    [(0.1234567891, 0.123456789), (-0.1234567891, -0.123456789), (1.0000000006, 1.000000001), (2, 2)],
)
def test_results_have_nine_decimals(value: float, result: float) -> None:
    # the page says "rounded up", and shows 0.1234567891 become 0.123456789: rounded to the nearest
    assert after({"a": value}, "a")["t"] == result


@pytest.mark.parametrize("value", [None, "", "x", "1,5", True, [1], {"b": 1}, "1e999", "NaN", 10**400])
def test_what_is_missing_or_no_number_skips_the_calculation_or_counts_as_zero(value: object) -> None:
    before = {"a": value, "b": 2}
    assert after(before, "a + b") == before
    assert after(before, "c + b") == before
    assert after(before, "a + b + c", replace=True) == {**before, "t": 2}


@pytest.mark.parametrize(("value", "result"), [("12", 12), (" 1.5 ", 1.5), ("-3e2", -300), (7.5, 7.5)])
def test_numeric_text_is_a_number(value: object, result: float) -> None:
    # observed; the page speaks of what "cannot be converted to a number"
    assert after({"a": value}, "a + 0")["t"] == result


def test_a_target_that_exists_is_overwritten() -> None:
    assert after({"a": 1, "t": "text"}, "a") == {"a": 1, "t": 1}
    assert after({"a": 1, "t": "text"}, "a", "t.u") == {"a": 1, "t": {"u": 1}}
    assert after({"a": 1}, "a + 1", "a") == {"a": 2}


@given(
    st.text(alphabet="ab.-+*/() 019e", max_size=20), st.floats() | st.integers() | st.text("0123456789.e-+")
)
def test_any_text_is_computed_or_makes_nothing(expression: str, value: object) -> None:
    made = after({"a": value, "b": 2}, expression).get("t")
    assert made is None or abs(made) < float("inf")


def test_large_integers_do_not_grow_without_end() -> None:
    before = {"a": 2**900}
    assert after(before, " * ".join(["a"] * 50)) == before
