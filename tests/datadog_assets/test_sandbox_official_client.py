"""Datadog's own Python client takes the sandbox for Datadog."""

# its constructors carry no types
# mypy: disable-error-code="no-untyped-call"

from collections.abc import Iterator

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v2.api.logs_api import LogsApi
from datadog_api_client.v2.model.content_encoding import ContentEncoding
from datadog_api_client.v2.model.http_log import HTTPLog
from datadog_api_client.v2.model.http_log_item import HTTPLogItem
from datadog_api_client.v2.model.logs_list_request import LogsListRequest
from datadog_api_client.v2.model.logs_list_request_page import LogsListRequestPage
from datadog_api_client.v2.model.logs_query_filter import LogsQueryFilter
from datadog_api_client.v2.model.logs_sort import LogsSort

from datadog_assets.sandbox.app import Sandbox


@pytest.fixture
def configuration(url: str) -> Configuration:
    return Configuration(host=url, api_key={"apiKeyAuth": "k", "appKeyAuth": "a"})


@pytest.fixture
def official(configuration: Configuration) -> Iterator[ApiClient]:
    with ApiClient(configuration) as client:
        yield client
        client.rest_client.pool_manager.clear()


def item(message: str, **fields: str) -> HTTPLogItem:
    return HTTPLogItem(message=message, **fields)


def test_a_key_is_validated(official: ApiClient, configuration: Configuration) -> None:
    assert AuthenticationApi(official).validate().valid
    configuration.api_key["apiKeyAuth"] = "wrong"
    with pytest.raises(ApiException) as refused:
        AuthenticationApi(official).validate()
    assert refused.value.status == 403


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
def test_what_is_submitted_arrives(official: ApiClient, sandbox: Sandbox, encoding: str) -> None:
    logs = HTTPLog([item("one", ddsource="x", ddtags="env:prod", hostname="h", service="s"), item("two")])
    LogsApi(official).submit_log(body=logs, content_encoding=ContentEncoding(encoding), ddtags="team:iam")
    assert [(log["message"], log["service"], log["host"], log["tags"]) for log in sandbox.logs] == [
        ("one", "s", "h", ["source:x", "env:prod", "team:iam"]),
        ("two", None, None, ["team:iam"]),
    ]


def test_too_many_entries_are_refused_in_a_form_that_the_client_reads(official: ApiClient) -> None:
    with pytest.raises(ApiException) as refused:
        LogsApi(official).submit_log(body=HTTPLog([item("x")] * 1001))
    assert refused.value.status == 413
    assert refused.value.body["errors"][0]["title"] == "Request Entity Too Large"


@pytest.mark.parametrize("count", [0, 9, 10])
def test_the_clients_own_paging_reads_every_log_once(official: ApiClient, count: int) -> None:
    for number in range(count):
        LogsApi(official).submit_log(body=HTTPLog([item(f"flow {number}", service="okta")]))
    request = LogsListRequest(
        filter=LogsQueryFilter(query="service:okta", _from="now-15m", to="now", indexes=["main"]),
        page=LogsListRequestPage(limit=5),
        sort=LogsSort.TIMESTAMP_ASCENDING,
    )
    logs = list(LogsApi(official).list_logs_with_pagination(body=request))
    assert [log.attributes.message for log in logs] == [f"flow {number}" for number in range(count)]


def test_the_get_form_pages_as_well(official: ApiClient, sandbox: Sandbox) -> None:
    LogsApi(official).submit_log(body=HTTPLog([item(str(number)) for number in range(7)]))
    logs = list(LogsApi(official).list_logs_get_with_pagination(filter_query="*", page_limit=3))
    assert {log.id for log in logs} == {log["id"] for log in sandbox.logs}


def test_a_search_finds_by_the_whole_syntax_and_refuses_what_is_no_query(official: ApiClient) -> None:
    LogsApi(official).submit_log(
        body=HTTPLog([item("one", service="a"), item("two", service="b"), item("3")])
    )

    def found(query: str) -> list[str]:
        request = LogsListRequest(filter=LogsQueryFilter(query=query), sort=LogsSort("timestamp"))
        return [log.attributes.message for log in LogsApi(official).list_logs(body=request).data]

    assert found("service:(a OR b) AND NOT two") == ["one"]
    with pytest.raises(ApiException) as refused:
        found("service:(a OR b")
    assert (refused.value.status, list(refused.value.body)) == (400, ["errors"])
