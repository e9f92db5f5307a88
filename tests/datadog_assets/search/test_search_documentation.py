"""Every example and rule of Datadog's page on the log search syntax, and of two pages that tell more of it.

https://docs.datadoghq.com/logs/explorer/search_syntax/
https://docs.datadoghq.com/observability_pipelines/search_syntax/logs/ (OP below)
https://docs.datadoghq.com/tracing/trace_explorer/query_syntax/ (APM below)
"""

from typing import Any

import pytest

from datadog_assets.search import QuerySyntaxError, parse

Log = dict[str, Any]


def says(message: str) -> Log:
    return {"message": message}


def has(**attributes: Any) -> Log:
    return {"attributes": attributes}


def tagged(*tags: str) -> Log:
    return {"tags": list(tags)}


def check(query: str, found: list[Log], missed: list[Log]) -> None:
    matches = parse(query).matches
    assert [log for log in found if not matches(log)] == []
    assert [log for log in missed if matches(log)] == []


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        ("test", [says("a test")], [says("a text"), says("tests")]),
        ("hello", [says("hello world")], [says("hell"), has(a="hello")]),
        ('"hello dolly"', [says("well, hello dolly")], [says("hello, my dolly"), says("dolly hello")]),
    ],
)
def test_overview_a_term_is_a_word_or_a_quoted_sequence(
    query: str, found: list[Log], missed: list[Log]
) -> None:
    check(query, found, missed)


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        ("authentication AND failure", [says("authentication failure")], [says("authentication")]),
        ("authentication failure", [says("failure of authentication")], [says("failure")]),
        ("authentication OR password", [says("authentication"), says("password")], [says("failure")]),
        ("authentication AND -password", [says("authentication")], [says("password authentication")]),
        ("-hello world", [says("world")], [says("hello world"), says("hello"), says("")]),
    ],
)
def test_overview_operators(query: str, found: list[Log], missed: list[Log]) -> None:
    check(query, found, missed)


def test_overview_operators_are_case_sensitive() -> None:
    check("a or b", [says("a or b")], [says("a"), says("b")])
    check("a and b", [says("a and b")], [says("a b")])
    check("not b", [says("not b")], [says("a")])


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        ("*:hello", [has(a="hello"), says("hello"), has(a={"b": ["x", "hello"]})], [has(a="help")]),
        ("hello", [says("hello")], [has(a="hello")]),
        ("*:hello*", [has(a="hello_world"), says("hello_world")], [has(a="ohello")]),
        ('*:"hello world"', [has(a="hello world")], [has(a="hello beautiful world")]),
        ("hello world", [says("hello beautiful world")], [says("hello"), says("world")]),
        ("*:HELLO", [has(a="hello"), says("Hello")], [has(hello="a")]),
    ],
)
def test_full_text_search(query: str, found: list[Log], missed: list[Log]) -> None:
    check(query, found, missed)


@pytest.mark.parametrize("sign", [*'+-=><!(){}[]^"“”~*?:\\# ', "&&", "||"])
def test_a_special_character_is_searched_after_a_backslash_or_within_quotes(sign: str) -> None:
    wanted, other = has(a=f"x{sign}y"), has(a="xy")
    check(f"@a:x\\{sign}y", [wanted], [other])
    check(f'@a:"x{sign}y"' if sign not in '"\\' else f'@a:"x\\{sign}y"', [wanted], [other])


def test_a_slash_is_not_special() -> None:
    check("@a:x/y", [has(a="x/y")], [has(a="xy")])
    check(r"@a:x\/y", [has(a="x/y")], [has(a="xy")])


def test_special_characters_cannot_be_searched_in_a_message() -> None:
    # the page: "You cannot search for special characters in a log message": they only part words
    check('"!!!"', [], [says("!!!"), says("")])
    check(r"\#", [], [says("#")])
    check('"Finished:"', [says("Finished: all"), says("Finished all")], [says("unfinished")])


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        (
            "@url:www.datadoghq.com",
            [has(url="www.datadoghq.com")],
            [has(url="datadoghq.com"), tagged("url:x")],
        ),
        (r"@my_attribute:hello\:world", [has(my_attribute="hello:world")], [has(my_attribute="hello")]),
        ('@my_attribute:"hello:world"', [has(my_attribute="hello:world")], [has(my_attribute="world")]),
        ("@my_attribute:hello?world", [has(my_attribute="hello world")], [has(my_attribute="helloworld")]),
        ("@a:Hello", [has(a="Hello")], [has(a="hello")]),
        (
            '@http.url_details.path:"/api/v1/test"',
            [has(http={"url_details": {"path": "/api/v1/test"}})],
            [has(http={"url_details": {"path": "/api/v1/test/2"}}), has(http={"url_details": None})],
        ),
        (r"@http.url:/api\-v1/*", [has(http={"url": "/api-v1/a"})], [has(http={"url": "x/api-v1/a"})]),
        (
            r"@http.status_code:[200 TO 299] @http.url_details.path:/api\-v1/*",
            [has(http={"status_code": 200, "url_details": {"path": "/api-v1/"}})],
            [has(http={"status_code": 300, "url_details": {"path": "/api-v1/"}})],
        ),
        ("-@http.status_code:*", [has(), {}, has(http={})], [has(http={"status_code": 200})]),
    ],
)
def test_attributes_search(query: str, found: list[Log], missed: list[Log]) -> None:
    check(query, found, missed)


def network(**ips: object) -> dict[str, Any]:
    return {"network": {name: {"ip": ip} for name, ip in ips.items()}}


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        (
            "CIDR(@network.client.ip,13.0.0.0/8)",
            [has(**network(client="13.1.2.3"))],
            [
                has(**network(client="14.1.2.3")),
                has(**network(client="13")),
                has(),
                has(**network(client=13)),
            ],
        ),
        (
            "CIDR(@network.ip.list,13.0.0.0/8, 15.0.0.0/8)",
            [has(network={"ip": {"list": ["1.1.1.1", "15.2.3.4"]}})],
            [has(network={"ip": {"list": ["1.1.1.1", "14.2.3.4"]}}), has(network={"ip": {"list": []}})],
        ),
        (
            "source:pan.firewall evt.name:reject CIDR(@network.client.ip, 13.0.0.0/8)",
            [{"source": "pan.firewall", "tags": ["evt.name:reject"], **has(**network(client="13.0.0.1"))}],
            [{"source": "pan.firewall", **has(**network(client="13.0.0.1"))}],
        ),
        (
            "source:vpc NOT(CIDR(@network.client.ip, 13.0.0.0/8)) CIDR(@network.destination.ip, 15.0.0.0/8)",
            [{"source": "vpc", **has(**network(client="1.0.0.1", destination="15.0.0.1"))}],
            [{"source": "vpc", **has(**network(client="13.0.0.1", destination="15.0.0.1"))}],
        ),
        (
            "CIDR(@ip, 2001:db8::/32)",
            [has(ip="2001:db8::1"), has(ip="2001:0DB8:0::1")],
            [has(ip="2001:db9::1"), has(ip="10.0.0.1")],
        ),
    ],
)
def test_search_using_cidr_notation(query: str, found: list[Log], missed: list[Log]) -> None:
    check(query, found, missed)


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        ("service:web*", [{"service": "web-store"}], [{"service": "my-web"}]),
        ("service:*mongo", [{"service": "my-mongo"}], [{"service": "mongodb"}]),
        # The page: "web* matches all log messages starting with web". A message is searched word by word,
        # so a word that starts so is enough: Datadog's own parser, as published in Vector, does so.
        ("web*", [says("website down"), says("the website is down")], [says("cobweb")]),
        ("*web", [says("cobweb"), says("a cobweb here")], [says("website")]),
        ("*test*", [says("atestb"), says("test")], [says("tast")]),
        ("*NETWORK*", [says("the NETWORKS"), says("networks")], [has(a="NETWORK")]),
        # The page: "*test*" within quotes "matches a log which has the string *test* in its message". The
        # stars are no wildcards; as special characters of a message they cannot be searched, either.
        ('"*test*"', [says("a *test* b"), says("test")], [says("atestb"), says("testing")]),
    ],
)
def test_wildcards(query: str, found: list[Log], missed: list[Log]) -> None:
    check(query, found, missed)


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        (
            "@http.response_time:>100",
            [has(http={"response_time": 100.5}), has(http={"response_time": 101})],
            [has(http={"response_time": 100}), has(http={"response_time": 99}), has()],
        ),
        ("@n:<5", [has(n=4), has(n=-7)], [has(n=5)]),
        ("@n:<=5", [has(n=5), has(n=5.0)], [has(n=5.1)]),
        ("@n:>=5", [has(n=5)], [has(n=4)]),
        (
            "@http.status_code:[400 TO 499]",
            [has(http={"status_code": 400}), has(http={"status_code": 499})],
            [has(http={"status_code": 399}), has(http={"status_code": 500})],
        ),
    ],
)
def test_numerical_values(query: str, found: list[Log], missed: list[Log]) -> None:
    check(query, found, missed)


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        (
            "env:(prod OR test)",
            [tagged("env:prod"), tagged("a", "env:test")],
            [tagged("env:dev"), has(env="prod")],
        ),
        (
            "(env:prod AND -version:beta)",
            [tagged("env:prod"), tagged("env:prod", "version:1")],
            [tagged("env:prod", "version:beta"), tagged("version:1")],
        ),
        (
            "tags:my_tag",
            [tagged("my_tag"), tagged("env:x", "my_tag")],
            [tagged("my_tags"), tagged("my_tag:x"), {}],
        ),
    ],
)
def test_tags(query: str, found: list[Log], missed: list[Log]) -> None:
    check(query, found, missed)


def test_arrays_match_if_one_element_does() -> None:
    check(
        "@users.names:Peter",
        [has(users={"names": "Peter"}), has(users={"names": ["Paul", "Peter"]})],
        [has(users={"names": ["Paul"]}), has(users={"names": [["Pete"]]})],
    )


def test_arrays_of_objects_are_searched_by_the_keys_of_their_objects() -> None:
    data = [{"Name": "SubjectUserID1", "value": "12345"}, {"Name": "ObjectServer", "value": "Security"}]
    log = has(Event={"EventData": {"Data": data}})
    check("@Event.EventData.Data.Name:ObjectServer", [log], [has(Event={"EventData": {"Data": data[:1]}})])


def test_calculated_fields_are_refused_because_only_datadog_knows_them() -> None:
    with pytest.raises(QuerySyntaxError, match="calculated field"):
        parse("#request_duration:>100")


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        ("Hello world", [says("hello beautiful world")], [says("hello")]),
        ('"hello world"', [says("hello world"), says("hello-world"), says("Hello, world")], [says("helloworld")]),
        ("status:ok service:flask-web-app", [{"status": "ok", "service": "flask-web-app"}], [{"status": "ok"}]),
        ("@user.status:inactive", [has(user={"status": "inactive"})], [has(status="inactive")]),
        ("@http.status:[200 TO 299]", [has(http={"status": 200}), has(http={"status": 299})], [has(http={})]),
        ("@http.status:{200 TO 299}", [has(http={"status": 201})], [has(http={"status": n}) for n in (200, 299)]),
        ("_exists_:service", [{"service": "postgres"}], [{"service": None}, tagged("env:prod")]),
        ("NOT (status:debug)", [{"status": "info"}, {}], [{"status": "debug"}]),
        ("host:COMP-A9JNGYK OR host:COMP-J58KAS", [{"host": "COMP-J58KAS"}], [{"host": "comp-j58kas"}]),
        ("hello AND status:info", [{"message": "hello", "status": "info"}], [{"message": "hello"}]),
        ("-@http.status_code:200", [has(), has(http={"status_code": 2})], [has(http={"status_code": 200})]),
        ("service:(postgres OR datadog_agent)", [{"service": "datadog_agent"}], [{"service": "x"}]),
        ("message:*!*", [says("oh!")], [says("oh")]),
        ('message:"hello world"', [says("Hello, world"), says("Hello-world")], [says("hello my world")]),
        ("tags:env*", [tagged("env:prod")], [tagged("my_env:prod")]),
        (r"tags:(env\:prod OR env\:test)", [tagged("env:test")], [tagged("env:dev")]),
        ('tags:("env:prod" OR "env:test")', [tagged("env:test")], [tagged("env:dev")]),
        (r"tags:env\:prod AND -tags:version\:beta", [tagged("env:prod")], [tagged("env:prod", "version:beta")]),
        (r"my_app:hello\:world", [tagged("my_app:hello:world")], [tagged("my_app:hello")]),
        ("my_app:hello?world?again", [tagged("my_app:hello world again")], [tagged("my_app:hello world")]),
        (r"@\"service.status\":disabled", [has(**{"service.status": "disabled"})], [has(service={"status": "disabled"})]),
        ("*network*", [says("a networked thing")], [says("net work")]),
    ],
)  # fmt: skip
def test_op_examples_that_mean_the_same_in_a_pipeline_of_logs(
    query: str, found: list[Log], missed: list[Log]
) -> None:
    check(query, found, missed)


def test_op_no_wildcards_stand_in_names() -> None:
    for query in ("service*:app", "@a*:x"):
        with pytest.raises(QuerySyntaxError):
            parse(query)


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        (r"@url:*user\=JaneDoe*", [has(url="/?user=JaneDoe&x")], [has(url="/?user=Jane")]),
        (
            r"@user.first\ name:myvalue",
            [has(user={"first name": "myvalue"})],
            [has(user={"first": "myvalue"})],
        ),
        (
            'tags:"auto-discovery.cluster-autoscaler.k8s.io/daffy"',
            [tagged("auto-discovery.cluster-autoscaler.k8s.io/daffy")],
            [tagged("auto-discovery")],
        ),
    ],
)
def test_apm_examples_of_escapes(query: str, found: list[Log], missed: list[Log]) -> None:
    check(query, found, missed)
