"""https://docs.datadoghq.com/monitors/guide/template-variable-evaluation/."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.alerting.expression import ExpressionError, Unformatted, evaluate


def of(expression: str, **variables: float) -> str:
    return evaluate(expression, lambda name: variables[name])


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("x+1-2*3/4", "11.5"), ("x + 2", "14"), ("x-2-3", "7"), ("x*2", "24"), ("x/8", "1.5"), ("x/4", "3"),
        ("2^3^2", "512"), ("-2^2", "-4"), ("2^-1", "0.5"), ("x%5", "2"), ("(x-2)*3", "30"), ("-x", "-12"),
        ("+x", "12"), ("1.5e", None), (".5*2", "1"),
    ],
)  # fmt: skip
def test_the_operators_of_the_table_calculate(expression: str, said: str | None) -> None:
    if said is None:
        with pytest.raises(ExpressionError):
            of(expression, x=12)
    else:
        assert of(expression, x=12) == said


def test_fifteen_minutes_before_a_time_are_a_whole_number() -> None:
    assert (
        of("last_triggered_at_epoch-15*60*1000", last_triggered_at_epoch=1_622_472_207_000) == "1622471307000"
    )


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("abs(-3)", "3"), ("int(var)", "12"), ("int(-1.5)", "-2"), ("float(5)", "5.0"), ("trunc(var)", "12"),
        ("dec(var)", "0.345"), ("round(2.5)", "3"), ("round(2.4)", "2"), ("ceil(var)", "13"), ("floor(var)", "12"),
        ("sgn(var)", "1"), ("sgn(0)", "0"), ("sgn(-2)", "-1"), ("to_bool(1)", "true"), ("to_bool(0)", "false"),
        ("exp(0)", "1"), ("log10(1000)", "3"), ("sin(0)", "0"), ("cos(0)", "1"), ("atan2(0,1)", "0"),
        ("int(var) + 1", "13"), ("int(var/2)*2", "12"),
    ],
)  # fmt: skip
def test_the_functions_of_the_table_calculate(expression: str, said: str) -> None:
    assert of(expression, var=12.345) == said


@pytest.mark.parametrize(
    "name", ["sin", "sinh", "asin", "asinh", "cos", "cosh", "acos", "tan", "tanh", "atan", "atanh", "exp"]
)
def test_the_functions_of_angles_are_those_of_mathematics(name: str) -> None:
    assert float(of(f"{name}(v)", v=0.5)) == pytest.approx(getattr(math, name)(0.5))


@pytest.mark.parametrize("name", ["humanize_bytes", "humanize_bits"])
def test_how_bytes_are_written_is_not_documented(name: str) -> None:
    with pytest.raises(Unformatted):
        of(f"{name}(v)", v=1024)


@pytest.mark.parametrize(
    "expression",
    ["", " ", "1 2", "1+", "(1", "1)", "foo(1)", "int()", "int(1,2)", "atan2(1)", "1/0", "log10(0)", "9^9^9^9",
     "(0-8)^0.5", "to_bool(2)", "1..2", "#", "10^400*10", "'1'", ",", "1" * 5000, "10%0"],
)  # fmt: skip
def test_what_cannot_be_calculated_says_so(expression: str) -> None:
    with pytest.raises(ExpressionError):
        of(expression)


@given(st.text(alphabet="0123456789.+-*/^%(), intfloordeca") | st.text())
def test_any_text_is_calculated_or_refused(expression: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert evaluate(expression, len)
