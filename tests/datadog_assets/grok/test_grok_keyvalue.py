"""https://docs.datadoghq.com/logs/log_configuration/parsing/#key-value-or-logfmt."""

from collections.abc import Callable

import pytest

Parse = Callable[..., dict[str, object] | None]


@pytest.mark.parametrize(
    ("arguments", "text", "found"),
    [
        ("", "key1=value1, key2=value2", {"key1": "value1", "key2": "value2"}),
        ("", "key1=value1;key2=value2", {"key1": "value1", "key2": "value2"}),
        ("", "'key'='value'", {"key": "value"}),
        ("", "<key>=<value>", {"key": "value"}),
        ("", ' , key1=value1 "key2"="value2",key3=value3 ', {"key1": "value1", "key2": "value2", "key3": "value3"}),
        ("", "text {key=value} (a=b) [c=d]", {"key": "value", "a": "b", "c": "d"}),
        ("", "key1= key2=null key3=value3", {"key3": "value3"}),
        ("", "key1=,key2=null,key3= ,key4=value4", {"key4": "value4"}),
        ("", "=,=value", {}),
        ("", "key = value", {}),
        ("", "key= value", {}),
        ("", "key =value", {}),
        ("", 'key=""', {}),
        ("", "f=1.2,t=true,n=null,s=abc,i=11,j=-12", {"f": 1.2, "t": True, "s": "abc", "i": 11, "j": -12}),
        ("", "f=1.2 , t=false , n=null    ,   s=abc  ", {"f": 1.2, "t": False, "s": "abc"}),
        ("", "a=nullable b=truest", {"a": "nullable", "b": "truest"}),
        ("", "a=2.0e b=1.2.3 c=0x1F d=8ca7", {"a": "2.0e", "b": "1.2.3", "c": "0x1F", "d": "8ca7"}),
        ("", "a=07 b=08 c=016 d=0.5", {"a": 7, "b": "08", "c": 16, "d": 0.5}),
        ("", 'a="12" b="true"', {"a": "12", "b": "true"}),
        ("", "a=1, a=1, a=2", {"a": [1, 1, 2]}),
        ("", "db.name=my_db,db.operation=insert", {"db": {"name": "my_db", "operation": "insert"}}),
        ("", "a=b@c-d.e_f", {"a": "b@c-d.e_f"}),
        ('":"', "kafka_cluster_status:8ca7b736f0aa43e5", {"kafka_cluster_status": "8ca7b736f0aa43e5"}),
        ('"=", " "', "key1=value1, key2 = value 2 ", {"key1": "value1", "key2": "value 2"}),
        ('"=", " "', "a= foo", {"a": "foo"}),
        ('"=", " "', "a key=value", {}),
        (r'"=", "\\w.\\-_@:"', "IN=eth0 OUT= MAC", {"IN": "eth0"}),
        ('": ", ","', 'client: 1.2.3.4, request: "GET http://x/ HTTP/1.1", host: "h"', {"client": "1.2.3.4", "request": "GET http://x/ HTTP/1.1", "host": "h"}),
        ('"|"', "a|b c=d", {"a": "b"}),
        (r'"\\s*=\\s*"', "a = b c=d", {"a": "b", "c": "d"}),
        ('"=", "", "#"', "a=#b c# d=<e>", {"a": "b c"}),
        ('"=", "", "()[]"', "a=(b c) d=[e f]", {"a": "b c", "d": "e f"}),
        ('"=", "", "", ";"', "a=b;c=d", {"a": "b", "c": "d"}),
        ('"=", "", "", " ,"', "a=b, c=d,", {"a": "b", "c": "d"}),
    ],
)  # fmt: skip
def test_keys_and_values(parse: Parse, arguments: str, text: str, found: object) -> None:
    assert parse(f"%{{data::keyvalue({arguments})}}", text) == found


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("263ms", 263),
        ("10.013689387s", 10013),
        ("0s", 0),
        ("2m", 120_000),
        ("1h", 3_600_000),
        ("1d", 86_400_000),
    ],
)
def test_a_duration_of_one_unit_is_in_milliseconds(parse: Parse, text: str, milliseconds: int) -> None:
    # the page does not say so; Datadog's own results have it for s and ms
    assert parse("%{data::keyvalue}", f"a={text}") == {"a": milliseconds}


def test_a_duration_of_several_units_stays_text(parse: Parse) -> None:
    assert parse("%{data::keyvalue}", "a=3m0s b=1m3.3s") == {"a": "3m0s", "b": "1m3.3s"}


def test_only_a_duration_without_quotes_is_one(parse: Parse) -> None:
    assert parse("%{data::keyvalue}", 'a="5s"') == {"a": "5s"}


def test_every_pair_of_a_text_is_found_whatever_stands_between(parse: Parse) -> None:
    assert parse("%{data::keyvalue}", "at 5 a=1 :: b=2 -> c==3 d=4!") == {"a": 1, "b": 2}
