"""https://docs.datadoghq.com/logs/log_configuration/parsing/?tab=filters."""

from collections.abc import Callable

import pytest

Parse = Callable[..., dict[str, object] | None]


@pytest.mark.parametrize(
    ("filters", "text", "value"),
    [
        ("number", "1", 1.0),
        ("numberExt", "1e3", 1000.0),
        ("integer", "-12", -12),
        ("integerExt", "1e3", 1000),
        ("boolean", "True", True),
        ("boolean", "NotTrue", False),
        ('nullIf("-")', "x", "x"),
        (r'nullIf("with \"quotes\"")', "x", "x"),
        ("json", '{"a.b": [1, {"c": null, "d": "é"}]}', {"a": {"b": [1, {"d": "é"}]}}),
        ("json", "[1, 2]", [1, 2]),
        ("json", '"x"', "x"),
        ("json", '{"a": {"b": {}, "c": [], "d": ""}, "e": 1}', {"a": {"d": ""}, "e": 1}),
        ("json", '{"a": 9007199254740993}', {"a": 9007199254740993}),
        ("querystring", "?productId=superproduct&promotionCode=superpromo", {"productId": "superproduct", "promotionCode": "superpromo"}),
        ("querystring", "a=%2B1&a=2&b&c=", {"a": ["+1", "2"]}),
        ("decodeuricomponent", "%2Fservice%2Ftest+1", "/service/test+1"),
        ("lowercase", "AÉ", "aé"),
        ("uppercase", "aé", "AÉ"),
        ("scale(10)", "1.5", 15.0),
        ("scale(0.001)", "12", 0.012),
        ("scale(-2)", "2", -4.0),
        ("url", "https://u:p@a.io:8080/b/c?d&e=f%20g#!/h", {"scheme": "https", "auth": {"username": "u", "password": "p"}, "host": "a.io", "port": 8080, "path": "/b/c", "queryString": {"d": "", "e": "f%20g"}, "hash": "!/h"}),
        ("array", "[1,2]", ["1", "2"]),
        ('array(",")', "[1,2]", ["1", "2"]),
        ('array(",")', "1,2", ["1", "2"]),
        (r'array("\\t")', "[1\t2]", ["1", "2"]),
        (r'array("[]", "\\n")', "[1\n2]", ["1", "2"]),
        ('array("", "-")', "1-2", ["1", "2"]),
        ('array("|", ";")', "|1;2|", ["1", "2"]),
        ("array(integer)", "[1,2]", [1, 2]),
        ('array(";", integer)', "[1;2]", [1, 2]),
        ('array("{}", ";", scale(10))', "{1;2.1}", [10.0, 21.0]),
        ('array("[]", ",")', "1,2", ["1", "2"]),  # as published results have it; the page has brackets
        ("array", "1,2", ["1", "2"]),
        # what the filter leaves out is a null in its place, as published results have it
        ('array(",", nullIf(""))', "a,,b", ["a", None, "b"]),
        ("array(scale(10))", "[a,1]", [None, 10.0]),
        ('array("[]", ";", keyvalue)', "[a=1;b=2]", [{"a": 1}, {"b": 2}]),
        ('array(" ", array("", "-"))', "[1-2 3]", [["1", "2"], ["3"]]),
    ],
)  # fmt: skip
def test_a_filter_makes_a_value(parse: Parse, filters: str, text: str, value: object) -> None:
    found = parse(f"%{{data:x:{filters}}}", text)
    assert found == {"x": value}
    assert type((found or {})["x"]) is type(value)


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ("number", "x"),
        ("number", "nan"),
        ("number", "1_0"),
        ("integer", "1.5"),
        ("integerExt", "x"),
        ('nullIf("-")', "-"),
        ("json", "no json"),
        ("json", "1 2"),
        ("json", "NaN"),
        ("json", "[1e999]"),
        ("json", "null"),
        ("json", "{}"),
        ("json", "[" * 100_000),
        ("rubyhash", "no hash"),
        ("rubyhash", "[1]"),
        ("xml", "no xml"),
        ("xml", "<a/>"),
        ("scale(10)", "x"),
        ("url", "mailto:x@y.z"),
        ("keyvalue", "nothing"),
        ("json:lowercase", '{"a": 1}'),
        ("json:scale(2)", "true"),
        ("json:number", "[1]"),
    ],
)
def test_a_filter_that_cannot_do_its_work_leaves_nothing_though_the_rule_matches(
    parse: Parse, filters: str, text: str
) -> None:
    assert parse(f"%{{data:x:{filters}}}", text) == {}


def test_filters_of_numbers_follow_matchers_of_numbers(parse: Parse) -> None:
    assert parse("%{integer:a:scale(1000000)}", "2") == {"a": 2000000.0}
    assert parse("%{number:a:integer}", "2.0") == {"a": 2}
    assert parse("%{boolean:a:boolean}", "TRUE") == {"a": True}
    assert parse("%{integer:a:number}", "2") == {"a": 2.0}
    assert parse("%{port:a:integer}", "80") == {"a": 80}
    assert parse('%{integer:a:nullIf("0")}', "0") == {}


def test_json_may_hold_line_breaks_and_be_followed_by_anything(parse: Parse) -> None:
    # as in Datadog's own results
    assert parse("%{data::json}", '{"a": "b\nc"} {"d": 1}') == {"a": "b\nc"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            '{name => "John", "job" => {"company" => "Big Company", "title" => "CTO"}}',
            {"name": "John", "job": {"company": "Big Company", "title": "CTO"}},
        ),
        ("{hello=>\"world\",'number'=>42.0}", {"hello": "world", "number": 42.0}),
        ('{:status=>500, :ok=>true, :none=>nil, :kind=>A::B, :list=>["a", 1,]}', {"status": 500, "ok": True, "kind": "A::B", "list": ["a", 1]}),
        (r'{a: 1, b: :symbol, "c\"d" => "e\tf", "g" => ' + r"'it\'s',}", {"a": 1, "b": "symbol", 'c"d': "e\tf", "g": "it's"}),
        ('{:a=>{}, :b=>[], :c=>"x"}', {"c": "x"}),
        ('{:cut=>["a", "b"}', {"cut": ["a", "b"]}),
    ],
)  # fmt: skip
def test_rubyhash(parse: Parse, text: str, value: object) -> None:
    assert parse("%{data:x:rubyhash}", text) == {"x": value}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{a}",
        "{a=>}",
        "{a=>1 b=>2}",
        "{a=>1}}",
        "{a=>[1 2]}",
        "{a=>,}",
        "{a=>1} x",
        "{[]=>1}",
        "{a=>" * 200,
    ],
)
def test_what_is_no_hash_leaves_nothing(parse: Parse, text: str) -> None:
    assert parse("%{data:x:rubyhash}", text) == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<a>1</a>", {"a": "1"}),
        ('<a b="1"/>', {"a": {"b": "1"}}),
        ('<a><b c="1"/><b c="2"/><b>x</b></a>', {"a": {"b": [{"c": "1"}, {"c": "2"}, "x"]}}),
        ("<a>x<b>y</b>z</a>", {"a": {"b": "y", "value": "xz"}}),
        ("<?xml version='1.0'?>\n<!-- c -->\n<a><![CDATA[<x>]]>&amp;</a>", {"a": "<x>&"}),
        ("<a><b/><c>null</c><d>true</d></a>", {"a": {"c": "null", "d": "true"}}),
    ],
)
def test_xml(parse: Parse, text: str, value: object) -> None:
    assert parse("%{data::xml}", text) == value


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "cccccccccc">]><a>&b;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
        "<a>" * 1000 + "</a>" * 1000,
        "<a>\x00</a>",
        "<a>\ud800</a",
    ],
)
def test_xml_that_could_do_harm_leaves_nothing(parse: Parse, text: str) -> None:
    assert parse("%{data::xml}", text) == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('1,2.5,"3",-4', {"a": 1, "b": 2.5, "c": "3", "d": -4}),
        (' x , "y z" ,', {"a": "x", "b": "y z"}),
        ('"unclosed,x', {"a": "unclosed,x"}),
        ("", {}),
    ],
)
def test_csv(parse: Parse, text: str, value: object) -> None:
    assert parse('%{data::csv("a, b,c,d")}', text) == value


def test_csv_opens_dotted_headers(parse: Parse) -> None:
    assert parse('%{data::csv("usr.name,usr.id", ";")}', "x;1") == {"usr": {"name": "x", "id": 1}}


def test_json_deeper_than_datadog_takes_it_is_cut(parse: Parse) -> None:
    assert parse("%{data:x:json}", '{"a":' * 500 + "1" + "}" * 500) == {}
    assert parse("%{data:x:json}", '{"a":' * 20 + "1" + "}" * 20) is not None
