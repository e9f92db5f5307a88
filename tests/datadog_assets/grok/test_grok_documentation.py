"""Every example of https://docs.datadoghq.com/logs/log_configuration/parsing/, section by section."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from datadog_assets.grok import compile_rules

NOW = datetime(1970, 1, 1, 12, tzinfo=UTC)
Parse = Callable[..., dict[str, object] | None]


def test_overview(parse: Parse) -> None:
    # the page shows 1575590400000, which is another day; its date, 11/08/2017, is followed
    rule = '%{word:user} connected on %{date("MM/dd/yyyy"):date}'
    assert parse(rule, "john connected on 11/08/2017") == {"user": "john", "date": 1510099200000}


def test_helper_rules() -> None:
    rules = compile_rules(
        "MyParsingRule %{user} %{connection} %{server}",
        "user %{word:user.name} id:%{integer:user.id}\n"
        'connection connected on %{date("MM/dd/yyyy"):connect_date}\n'
        "server on server %{notSpace:server.name} in %{notSpace:server.env}",
    )
    assert rules.parse("john id:12345 connected on 11/08/2017 on server XYZ in production", NOW) == {
        "user": {"name": "john", "id": 12345},
        "connect_date": 1510099200000,
        "server": {"name": "XYZ", "env": "production"},
    }


@pytest.mark.parametrize(
    ("text", "rule", "result"),
    [
        ("key=valueStr", "%{data::keyvalue}", {"key": "valueStr"}),
        ("key=<valueStr>", "%{data::keyvalue}", {"key": "valueStr"}),
        ('"key"="valueStr"', "%{data::keyvalue}", {"key": "valueStr"}),
        ("key:valueStr", '%{data::keyvalue(":")}', {"key": "valueStr"}),
        ('key:"/valueStr"', '%{data::keyvalue(":", "/")}', {"key": "/valueStr"}),
        ("/key:/valueStr", '%{data::keyvalue(":", "/")}', {"/key": "/valueStr"}),
        ("key:={valueStr}", '%{data::keyvalue(":=", "", "{}")}', {"key": "valueStr"}),
        (
            "key1=value1|key2=value2",
            '%{data::keyvalue("=", "", "", "|")}',
            {"key1": "value1", "key2": "value2"},
        ),
        (
            'key1="value1"|key2="value2"',
            '%{data::keyvalue("=", "", "", "|")}',
            {"key1": "value1", "key2": "value2"},
        ),
        (
            "user: john connect_date: 11/08/2017 id: 123 action: click",
            '%{data::keyvalue(": ")}',
            {"user": "john", "id": 123, "action": "click"},
        ),
        (
            "url=https://app.datadoghq.com/event/stream user=john",
            '%{data::keyvalue("=","/:")}',
            {"url": "https://app.datadoghq.com/event/stream", "user": "john"},
        ),
        (
            'key1:=valueStr key2:=</valueStr2> key3:="valueStr3"',
            '%{data::keyvalue(":=","","<>")}',
            {"key1": "valueStr", "key2": "/valueStr2"},
        ),
        ("key= other=null", "%{data::keyvalue}", {}),
        ("key:=valueStr", '%{data::keyvalue("=")}', {}),
    ],
)
def test_key_value_or_logfmt(parse: Parse, text: str, rule: str, result: object) -> None:
    assert parse(rule, text) == result


def test_key_value_leaves_out_a_value_with_a_character_that_is_not_allowed(parse: Parse) -> None:
    # of the page's first example its picture shows the result: the date's / is not among the allowed characters
    text = "user=john connect_date=11/08/2017 id=123 action=click"
    assert parse("%{data::keyvalue}", text) == {"user": "john", "id": 123, "action": "click"}
    assert parse("%{data:my_attribute:keyvalue}", text) == {
        "my_attribute": {"user": "john", "id": 123, "action": "click"}
    }


@pytest.mark.parametrize(
    ("text", "rule", "date"),
    [
        ("14:20:15", 'date("HH:mm:ss")', 51615000),
        ("02:20:15 PM", 'date("hh:mm:ss a")', 51615000),
        ("11/10/2014", 'date("dd/MM/yyyy")', 1412985600000),  # the page: midnight in Paris
        ("Thu Jun 16 08:29:03 2016", 'date("EEE MMM dd HH:mm:ss yyyy")', 1466065743000),
        (
            "Tue Nov 1 08:29:03 2016",
            'date("EEE MMM d HH:mm:ss yyyy")',
            1477988943000,
        ),  # the page: the date above
        ("06/Mar/2013:01:36:30 +0900", 'date("dd/MMM/yyyy:HH:mm:ss Z")', 1362501390000),
        ("2016-11-29T16:21:36.431+0000", "date(\"yyyy-MM-dd'T'HH:mm:ss.SSSZ\")", 1480436496431),
        ("2016-11-29T16:21:36.431+00:00", "date(\"yyyy-MM-dd'T'HH:mm:ss.SSSZZ\")", 1480436496431),
        ("06/Feb/2009:12:14:14.655", 'date("dd/MMM/yyyy:HH:mm:ss.SSS")', 1233922454655),
        ("2007-08-31 19:22:22.427 ADT", 'date("yyyy-MM-dd HH:mm:ss.SSS z")', 1188598942427),
        ("Thu Jun 16 08:29:03 2016", 'date("EEE MMM dd HH:mm:ss yyyy","Europe/Paris")', 1466058543000),
        ("Thu Jun 16 08:29:03 2016", 'date("EEE MMM dd HH:mm:ss yyyy","UTC+5")', 1466047743000),
        ("Thu Jun 16 08:29:03 2016", 'date("EEE MMM dd HH:mm:ss yyyy","+3")', 1466054943000),
    ],
)
def test_parsing_dates(parse: Parse, text: str, rule: str, date: int) -> None:
    # a time without a date is of the day nearest to now, as in Datadog's results; the page's is of 1970-01-01
    assert parse(f"%{{{rule}:date}}", text, now=NOW) == {"date": date}


@pytest.mark.parametrize(
    "zone",
    [
        "+3",
        "+03",
        "+03:00",
        "+0300",
        "+03:00:00",
        "+030000",
        "UTC+3",
        "UTC+03:00",
        "GMT+3",
        "UT+3",
        "Europe/Moscow",
    ],
)
def test_parsing_dates_takes_all_forms_of_time_zones(parse: Parse, zone: str) -> None:
    rule = f'%{{date("yyyy-MM-dd HH:mm:ss","{zone}"):date}}'
    assert parse(rule, "2016-06-16 08:29:03") == {"date": 1466054943000}


@pytest.mark.parametrize("zone", ["GMT", "UTC", "UT", "Z"])
def test_parsing_dates_takes_the_names_of_utc(parse: Parse, zone: str) -> None:
    assert parse(f'%{{date("yyyy-MM-dd","{zone}"):date}}', "1970-01-02") == {"date": 86400000}


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("john connected on 11/08/2017", {"firstname": "john"}),
        ("12345 connected on 11/08/2017", {"id": 12345}),
    ],
)
def test_alternating_pattern(parse: Parse, text: str, user: object) -> None:
    rule = '(%{integer:user.id}|%{word:user.firstname}) connected on %{date("MM/dd/yyyy"):connect_date}'
    assert parse(rule, text) == {"user": user, "connect_date": 1510099200000}


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("john 1234 connected on 11/08/2017", {"firstname": "john", "id": 1234}),
        ("john connected on 11/08/2017", {"firstname": "john"}),
    ],
)
def test_optional_attribute(parse: Parse, text: str, user: object) -> None:
    rule = '%{word:user.firstname} (%{integer:user.id} )?connected on %{date("MM/dd/yyyy"):connect_date}'
    assert parse(rule, text) == {"user": user, "connect_date": 1510099200000}
    spaced = '%{word:user.firstname} (%{integer:user.id})? connected on %{date("MM/dd/yyyy"):connect_date}'
    assert parse(spaced, "john connected on 11/08/2017") is None


def test_nested_json(parse: Parse) -> None:
    text = (
        'Sep 06 09:13:38 vagrant program[123]: server.1 {"method":"GET", "status_code":200, '
        '"url":"https://app.datadoghq.com/logs/pipelines", "duration":123456}'
    )
    rule = (
        r'%{date("MMM dd HH:mm:ss"):timestamp} %{word:vm} %{word:app}\[%{number:logger.thread_id}\]: '
        "%{notSpace:server} %{data::json}"
    )
    assert parse(rule, text, now=datetime(2021, 9, 7, tzinfo=UTC)) == {
        "timestamp": 1630919618000,
        "vm": "vagrant",
        "app": "program",
        "logger": {"thread_id": 123.0},
        "server": "server.1",
        "method": "GET",
        "status_code": 200,
        "url": "https://app.datadoghq.com/logs/pipelines",
        "duration": 123456,
    }


def test_regex(parse: Parse) -> None:
    rule = '%{regex("[a-z]*"):user.firstname}_%{regex("[a-zA-Z0-9]*"):user.id} .*'
    found = parse(rule, "john_1a2b3c4 connected on 11/08/2017")
    assert found == {"user": {"firstname": "john", "id": "1a2b3c4"}}


@pytest.mark.parametrize(
    ("text", "rule", "users"),
    [
        # as the text has it: the page does not say that blanks after the comma are taken away
        ("[John, Oliver, Marc, Tom]", 'array("[]",",")', ["John", " Oliver", " Marc", " Tom"]),
        ("{John-Oliver-Marc-Tom}", 'array("{}","-")', ["John", "Oliver", "Marc", "Tom"]),
        ("{John-Oliver-Marc-Tom}", 'array("{}","-", uppercase)', ["JOHN", "OLIVER", "MARC", "TOM"]),
    ],
)
def test_list_to_array(parse: Parse, text: str, rule: str, users: object) -> None:
    found = parse(
        f"Users %{{data:users:{rule}}} have been added to the database",
        f"Users {text} have been added to the database",
    )
    assert found == {"users": users}


def test_glog_format(parse: Parse) -> None:
    rule = (
        r'%{regex("\\w"):level}%{date("MMdd HH:mm:ss.SSSSSS"):timestamp}\s+%{number:logger.thread_id} '
        r"%{notSpace:logger.name}:%{number:logger.lineno}\] %{data:msg}"
    )
    text = "W0424 11:47:41.605188       1 authorization.go:47] Authorization is disabled"
    # the page shows lineno beside logger, although the rule puts it into it
    assert parse(rule, text, now=datetime(2020, 4, 24, tzinfo=UTC)) == {
        "level": "W",
        "timestamp": 1587728861605,
        "logger": {"thread_id": 1.0, "name": "authorization.go", "lineno": 47.0},
        "msg": "Authorization is disabled",
    }


def test_parsing_xml(parse: Parse) -> None:
    text = """<book category="CHILDREN">
  <title lang="en">Harry Potter</title>
  <author>J K. Rowling</author>
  <year>2005</year>
</book>"""
    assert parse("%{data::xml}", text) == {
        "book": {
            "year": "2005",
            "author": "J K. Rowling",
            "category": "CHILDREN",
            "title": {"lang": "en", "value": "Harry Potter"},
        }
    }


def test_parsing_xml_makes_repeated_tags_an_array(parse: Parse) -> None:
    text = "<bookstore><book>Harry Potter</book><book>Everyday Italian</book></bookstore>"
    assert parse("%{data::xml}", text) == {"bookstore": {"book": ["Harry Potter", "Everyday Italian"]}}


@pytest.mark.parametrize(
    ("text", "rule", "result"),
    [
        (
            "John,Doe,120,Jefferson St.,Riverside",
            '%{data:user:csv("first_name,name,st_nb,st_name,city")}',
            {
                "user": {
                    "first_name": "John",
                    "name": "Doe",
                    "st_nb": 120,
                    "st_name": "Jefferson St.",
                    "city": "Riverside",
                }
            },
        ),
        ("John,Doe", '%{data::csv("firstname,name")}', {"firstname": "John", "name": "Doe"}),
        (
            '"John ""Da Man""",Doe',
            '%{data::csv("firstname,name")}',
            {"firstname": 'John "Da Man"', "name": "Doe"},
        ),
        (
            "'John ''Da Man''',Doe",
            '%{data::csv("firstname,name",",","\'")}',
            {"firstname": "John 'Da Man'", "name": "Doe"},
        ),
        ("John|Doe", '%{data::csv("firstname,name","|")}', {"firstname": "John", "name": "Doe"}),
        ("value1,value2,value3", '%{data::csv("key1,key2")}', {"key1": "value1", "key2": "value2"}),
        ("value1,value2", '%{data::csv("key1,key2,key3")}', {"key1": "value1", "key2": "value2"}),
        ("value1,,value3", '%{data::csv("key1,key2,key3")}', {"key1": "value1", "key3": "value3"}),
        (
            "Value1\tValue2\tValue3",
            '%{data::csv("key1,key2,key3","tab")}',
            {"key1": "Value1", "key2": "Value2", "key3": "Value3"},
        ),
    ],
)
def test_parsing_csv(parse: Parse, text: str, rule: str, result: object) -> None:
    assert parse(rule, text) == result


def test_use_data_matcher_to_discard_unneeded_text(parse: Parse) -> None:
    assert parse(r"Usage\:\s+%{number:usage}%{data:ignore}", "Usage: 24.3%") == {"usage": 24.3, "ignore": "%"}


def test_the_grok_parsers_own_page(parse: Parse) -> None:
    """https://docs.datadoghq.com/logs/log_configuration/processors/grok_parser/."""
    rule = (
        r"%{ipOrHost:network.client.ip} %{notSpace:http.ident} %{notSpace:http.auth} \[%{httpdate:date}\] "
        '"(?>%{word:http.method} |)%{notSpace:http.url}(?: HTTP/%{number:http.version}|)" '
        "%{number:http.status_code} (?>%{number:network.bytes_written}|-)"
    )
    text = '192.168.1.1 - john [10/Oct/2023:13:55:36 +0000] "GET /api/users HTTP/1.1" 200 1234'
    # the page shows the version as text, which a number never is, and a date ten minutes earlier
    assert parse(rule, text) == {
        "network": {"client": {"ip": "192.168.1.1"}, "bytes_written": 1234},
        "http": {
            "ident": "-",
            "auth": "john",
            "method": "GET",
            "url": "/api/users",
            "version": 1.1,
            "status_code": 200,
        },
        "date": 1696946136000,
    }
