import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.alerting.log_query import LogQuery, LogQueryError, parse

WHOLE = 'logs("service:foo AND type:error").index("main").rollup("count").by("source,status").last("5m") > 2'


def last(window: str) -> str:
    return f'logs("").rollup("count").last("{window}") > 0'


def test_a_query_is_taken_apart() -> None:
    assert parse(WHOLE) == LogQuery(
        "service:foo AND type:error", ("main",), "count", None, ("source", "status"), 300, ">", 2.0
    )


def test_without_an_index_all_are_meant_and_without_by_there_are_no_groups() -> None:
    found = parse('logs("*").rollup("count").last("1h") < 1')
    assert (found.indexes, found.groups, found.window, found.comparator) == (("*",), (), 3600, "<")


def test_quotes_and_backslashes_are_escaped_within_the_quotes_and_other_backslashes_stay() -> None:
    found = parse(r'logs("@a:\"two words\" @b:x\\y @c:p\:q").index("*").rollup("count").last("5m") > 0')
    assert found.search == r'@a:"two words" @b:x\y @c:p\:q'


def test_blanks_and_line_ends_between_the_parts_mean_nothing() -> None:
    spaced = (
        'logs( "a" )\n  .index( "x, y" )\n  .rollup( "avg" , "@d" )\n .by("@e.f , g") .last("30m")>=-1.5e2 '
    )
    assert parse(spaced) == LogQuery("a", ("x", "y"), "avg", "@d", ("@e.f", "g"), 1800, ">=", -150.0)


@pytest.mark.parametrize(
    "rollup", ["avg", "sum", "min", "max", "median", "cardinality", "pc75", "pc90", "pc95", "pc98", "pc99"]
)
def test_every_aggregation_of_the_page_is_taken_with_its_measure(rollup: str) -> None:
    found = parse(f'logs("").index("*").rollup("{rollup}", "@duration").last("5m") > 1')
    assert (found.aggregation, found.measure) == (rollup, "@duration")


@pytest.mark.parametrize("comparator", [">", ">=", "<", "<=", "==", "!="])
def test_every_comparator_of_the_page_is_taken(comparator: str) -> None:
    assert parse(f'logs("").rollup("count").last("5m") {comparator} 1').comparator == comparator


@pytest.mark.parametrize(
    ("window", "seconds"),
    [("1m", 60), ("2880m", 172_800), ("1h", 3600), ("48h", 172_800), ("1d", 86_400), ("2d", 172_800)],
)
def test_windows_reach_from_a_minute_to_two_days(window: str, seconds: int) -> None:
    assert parse(last(window)).window == seconds


@pytest.mark.parametrize(
    "window", ["0m", "2881m", "49h", "3d", "5", "m", "5s", "current_1d", "-5m", "5 m", ""]
)
def test_other_windows_are_refused_where_they_stand(window: str) -> None:
    with pytest.raises(LogQueryError) as refused:
        parse(last(window))
    assert refused.value.position == last(window).index('last("') + len('last("')


@pytest.mark.parametrize(
    ("window", "frequency"), [("5m", 60), ("1439m", 60), ("24h", 600), ("47h", 600), ("48h", 1800)]
)
def test_a_longer_window_is_evaluated_less_often(window: str, frequency: int) -> None:
    # monitors/configuration, evaluation frequency
    assert parse(last(window)).frequency == frequency


@pytest.mark.parametrize(
    ("query", "reason", "at"),
    [
        ("", "begins with logs(", 0),
        ("avg(last_5m):avg:a{*} > 1", "begins with logs(", 0),
        ("logs(error)", "text in \"quotes\"", 5),
        ('logs("error).rollup', "never closed", 5),
        ('logs("a").last("5m") > 1', "expected .rollup(...)", 9),
        ('logs("a").rollup("count") > 1', "expected .last(...)", 26),
        ('logs("a").rollup("mode").last("5m") > 1', "is no rollup", 18),
        ('logs("a").rollup("pc0").last("5m") > 1', "is no rollup", 18),
        ('logs("a").rollup("avg").last("5m") > 1', "needs something to aggregate", 18),
        ('logs("a").rollup("cardinality", "").last("5m") > 1', "needs something to aggregate", 18),
        ('logs("a").index("").rollup("count").last("5m") > 1', "an index has no name", 17),
        ('logs("a").rollup("count").by("a,,b").last("5m") > 1', "a group has no name", 30),
        ('logs("a").rollup("count").by("a,b,c,d,e").last("5m") > 1', "5 groups are more", 30),
        ('logs("a").rollup("count").last("5m") 1', "expected a comparator", 37),
        ('logs("a").rollup("count").last("5m") => 1', "expected a comparator", 37),
        ('logs("a").rollup("count").last("5m") > many', "expected a number", 39),
        ('logs("a").rollup("count").last("5m") > 1e999', "too large", 44),
        ('logs("a").rollup("count").last("5m") > 1 && 2', "should end here", 41),
        ('logs("a").rollup("count").by("x").by("y").last("5m") > 1', "expected .last(...)", 33),
    ],
)  # fmt: skip
def test_an_error_says_what_is_wrong_and_where(query: str, reason: str, at: int) -> None:
    with pytest.raises(LogQueryError) as refused:
        parse(query)
    assert reason in refused.value.reason
    assert refused.value.position == at


def test_an_error_puts_a_caret_under_the_place_in_its_line() -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        parse('logs("a")\n  .rollup("count")\n  .lost("5m") > 1')
    assert str(refused.value).splitlines()[-2:] == ['  .lost("5m") > 1', "  ^"]


def test_a_long_line_is_cut_around_the_place() -> None:
    with pytest.raises(LogQueryError) as refused:
        parse(f'logs("{"x" * 500}").rollup("count").last("5m") ? 1')
    line, caret = str(refused.value).splitlines()[-2:]
    assert line[len(caret) - 1] == "?"
    assert len(line) <= 100


@given(st.text(alphabet='logs(")\\.index*rollupcountby,last5mh> 0\n') | st.text())
def test_any_text_is_a_query_or_an_error_with_a_place_in_it(text: str) -> None:
    at = 0
    try:
        parse(text)
    except LogQueryError as error:
        at = error.position
    assert 0 <= at <= len(text)


@given(st.text())
def test_any_search_survives_its_quotes(search: str) -> None:
    quoted = search.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(f'logs("{quoted}").rollup("count").last("5m") > 0').search == search
