"""https://docs.datadoghq.com/logs/log_configuration/parsing/#parsing-dates."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

Parse = Callable[..., dict[str, object] | None]
NOW = datetime(2021, 6, 15, 12, tzinfo=UTC)


def ms(*date: int) -> int:
    """Epoch milliseconds of a date in UTC."""
    return int(datetime(*date[:6], tzinfo=UTC).timestamp()) * 1000 + (date[6] if len(date) > 6 else 0)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("pattern", "text", "date"),
    [
        ("yyyy-MM-dd", "2019-11-25", (2019, 11, 25)),
        ("yyyy-MM-dd HH:mm:ss.SSSS", "2019-11-25 11:21:32.6282", (2019, 11, 25, 11, 21, 32, 628)),
        (
            "yyyy-MM-dd HH:mm:ss,SSSSSSSSS z",
            "2018-11-16 19:40:59,123999999 GMT",
            (2018, 11, 16, 19, 40, 59, 123),
        ),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2016-09-02T15:02:29.648Z", (2016, 9, 2, 15, 2, 29, 648)),
        ("yyyy-MM-dd HH:mm:ss.SSS Z", "2007-08-31 19:22:22.427 -03:00", (2007, 8, 31, 22, 22, 22, 427)),
        ("yyyy-MM-dd HH:mm:ss zzzz", "2007-08-31 19:22:22 America/Thule", (2007, 8, 31, 22, 22, 22)),
        ("yyyy-MM-dd HH:mm:ss z", "2007-08-31 19:22:22 CET", (2007, 8, 31, 17, 22, 22)),
        ("yyyy-MM-dd HH:mm:ss Z z", "2007-08-31 19:22:22 +0000 UTC", (2007, 8, 31, 19, 22, 22)),
        ("MMM dd yyyy HH:mm:ss zZZ", "Feb 25 2025 06:31:41 GMT+01:00", (2025, 2, 25, 5, 31, 41)),
        ("yyyy-MM-dd'T'HH:mm:ssXXX", "2007-08-31T19:22:22+05:30", (2007, 8, 31, 13, 52, 22)),
        ("yyMMdd HH:mm:ss", "171113 14:14:20", (2017, 11, 13, 14, 14, 20)),
        ("M/d/yy HH:mm", "5/6/18 19:40", (2018, 5, 6, 19, 40)),
        ("M/d/yy HH:mm", "11/16/18 19:40", (2018, 11, 16, 19, 40)),
        ("MMM d y HH:mm:ss z", "Nov 16 2020 13:41:29 GMT", (2020, 11, 16, 13, 41, 29)),
        ("d MMMM yyyy", "6 february 2009", (2009, 2, 6)),
        ("EEEE dd-MMM-yyyy", "Tuesday 01-NOV-2016", (2016, 11, 1)),
        ("yyyy-DDD", "2016-366", (2016, 12, 31)),
        ("yyyy-MM-dd h:mm a", "2016-01-01 12:05 am", (2016, 1, 1, 0, 5)),
        ("yyyy-MM-dd h:mm a", "2016-01-01 12:05 PM", (2016, 1, 1, 12, 5)),
        ("yyyy-MM-dd K:mm a", "2016-01-01 0:05 PM", (2016, 1, 1, 12, 5)),
        ("yyyy-MM-dd kk:mm", "2016-01-01 24:05", (2016, 1, 1, 0, 5)),
        ("yyyy-MM-dd[ HH:mm[:ss]]", "2016-01-01", (2016, 1, 1)),
        ("yyyy-MM-dd[ HH:mm[:ss]]", "2016-01-01 10:05", (2016, 1, 1, 10, 5)),
        ("yyyy-MM-dd[ HH:mm[:ss]]", "2016-01-01 10:05:06", (2016, 1, 1, 10, 5, 6)),
        ("HH 'o''clock,' dd.MM.yyyy", "10 o'clock, 01.02.2016", (2016, 2, 1, 10)),
        ("yyyy''MM", "2016'02", (2016, 2, 1)),
        ("yyyy", "2016", (2016, 1, 1)),
    ],
)
def test_a_pattern_reads_its_texts(parse: Parse, pattern: str, text: str, date: tuple[int, ...]) -> None:
    assert parse(f'%{{date("{pattern}"):a}}', text) == {"a": ms(*date)}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd", "2016-1-01"),
        ("yyyy-MM-dd HH:mm:ss.SSS", "2016-01-01 00:00:00.12"),
        ("MMM dd HH:mm:ss", "Sep  6 00:00:00"),
        ("MMM dd", "Foo 06"),
        ("yyyy-MM-dd", "2016/01/01"),
    ],
)
def test_a_text_of_another_form_does_not_match(parse: Parse, pattern: str, text: str) -> None:
    assert parse(f'%{{date("{pattern}"):a}}', text) is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd", "2016-13-01"),
        ("yyyy-MM-dd", "2016-02-30"),
        ("yyyy-MM-dd", "0000-01-01"),
        ("yyyy-DDD", "2015-366"),
        ("yyyy-DDD", "2015-000"),
        ("EEE yyyy-MM-dd", "Mon 2016-06-16"),
        ("yyyy-MM-dd HH", "2016-01-01 24"),
        ("yyyy-MM-dd hh", "2016-01-01 13"),
        ("yyyy-MM-dd HH:mm", "2016-01-01 10:60"),
        ("yyyy-MM-dd z", "2016-01-01 XYZ"),
        ("yyyy-MM-dd Z", "2016-01-01 +19:00"),
        ("MM-dd", "02-31"),
    ],
)
def test_what_is_no_date_makes_no_attribute(parse: Parse, pattern: str, text: str) -> None:
    assert parse(f'%{{date("{pattern}"):a}}', text) == {}


@pytest.mark.parametrize(
    ("now", "text", "date"),
    [
        ((2021, 6, 15), "Jun 15 12:00:00", (2021, 6, 15, 12)),
        ((2021, 1, 2), "Dec 31 23:00:00", (2020, 12, 31, 23)),
        ((2021, 12, 31), "Jan 01 00:00:00", (2022, 1, 1)),
        ((2023, 3, 1), "Feb 29 00:00:00", (2024, 2, 29)),
    ],
)
def test_without_a_year_it_is_the_nearest(
    parse: Parse, now: tuple[int, ...], text: str, date: tuple[int, ...]
) -> None:
    at = datetime(*now, tzinfo=UTC)  # type: ignore[misc, arg-type]
    assert parse('%{date("MMM dd HH:mm:ss"):a}', text, now=at) == {"a": ms(*date)}


@pytest.mark.parametrize(
    ("now", "text", "date"),
    [
        ((2021, 6, 15, 12), "14:20:15", (2021, 6, 15, 14, 20, 15)),
        ((2021, 6, 15, 1), "23:00:00", (2021, 6, 14, 23)),
        ((2021, 6, 15, 23), "01:00:00", (2021, 6, 16, 1)),
    ],
)
def test_without_a_date_it_is_the_nearest_day(
    parse: Parse, now: tuple[int, ...], text: str, date: tuple[int, ...]
) -> None:
    # the page shows a time of 1970-01-01; Datadog's results have it of the nearest day
    at = datetime(*now, tzinfo=UTC)  # type: ignore[misc, arg-type]
    assert parse('%{date("HH:mm:ss"):a}', text, now=at) == {"a": ms(*date)}


def test_without_a_day_of_the_month_a_month_says_nothing(parse: Parse) -> None:
    # one of Datadog's own rules has DD, the day of the year, for the day of the month
    at = datetime(1971, 1, 1, 1, tzinfo=UTC)
    assert parse('%{date("MMDD HH:mm:ss.SSSSSS"):a}', "1216 14:53:06.261024", now=at) == {"a": 31503186261}


def test_without_a_month_it_is_the_nearest(parse: Parse) -> None:
    assert parse('%{date("dd HH:mm"):a}', "31 00:00", now=NOW) == {"a": ms(2021, 5, 31)}
    assert parse('%{date("dd HH:mm"):a}', "14 00:00", now=datetime(2021, 6, 30, tzinfo=UTC)) == {
        "a": ms(2021, 7, 14)
    }


def test_the_nearest_is_looked_for_in_the_zone_of_the_rule(parse: Parse) -> None:
    at = datetime(2021, 6, 15, 23, 30, tzinfo=UTC)
    assert parse('%{date("HH:mm", "Asia/Kolkata"):a}', "05:00", now=at) == {"a": ms(2021, 6, 15, 23, 30)}


def test_a_zone_in_the_text_goes_before_that_of_the_rule(parse: Parse) -> None:
    rule = '%{date("yyyy-MM-dd HH:mm Z", "Asia/Kolkata"):a}'
    assert parse(rule, "2021-06-15 12:00 +0200") == {"a": ms(2021, 6, 15, 10)}


def test_an_english_locale_is_known(parse: Parse) -> None:
    assert parse('%{date("dd MMM yyyy", "UTC", "en_GB"):a}', "06 Mar 2013") == {"a": ms(2013, 3, 6)}


def test_without_names_any_locale_will_do(parse: Parse) -> None:
    assert parse('%{date("dd/MM/yyyy", "UTC", "fr"):a}', "06/03/2013") == {"a": ms(2013, 3, 6)}


def test_dates_at_the_edge_of_time_raise_nothing(parse: Parse) -> None:
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        parse('%{date("HH:mm", "+14"):a}', "05:00", now=at)
        parse('%{date("MM-dd", "-12"):a}', "12-31", now=at)
