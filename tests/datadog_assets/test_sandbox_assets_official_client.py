"""Datadog's own Python client manages assets in the sandbox, through every call that the sandbox has."""

# its constructors carry no types
# mypy: disable-error-code="no-untyped-call"

from collections.abc import Iterator

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v1.api.logs_pipelines_api import LogsPipelinesApi
from datadog_api_client.v1.model.logs_filter import LogsFilter
from datadog_api_client.v1.model.logs_pipeline import LogsPipeline
from datadog_api_client.v1.model.logs_pipelines_order import LogsPipelinesOrder
from datadog_api_client.v1.model.logs_status_remapper import LogsStatusRemapper
from datadog_api_client.v1.model.logs_status_remapper_type import LogsStatusRemapperType


@pytest.fixture
def official(url: str) -> Iterator[ApiClient]:
    with ApiClient(Configuration(host=url, api_key={"apiKeyAuth": "k", "appKeyAuth": "a"})) as client:
        yield client
        client.rest_client.pool_manager.clear()


def test_pipelines_are_created_read_updated_ordered_and_deleted(official: ApiClient) -> None:
    pipelines = LogsPipelinesApi(official)
    remapper = LogsStatusRemapper(
        sources=["level"], is_enabled=True, name="s", type=LogsStatusRemapperType.STATUS_REMAPPER
    )
    body = LogsPipeline(
        name="one", filter=LogsFilter(query="service:okta"), processors=[remapper], tags=["b", "a"]
    )
    one = pipelines.create_logs_pipeline(body=body)
    two = pipelines.create_logs_pipeline(body=LogsPipeline(name="two", filter=LogsFilter(query="*")))
    assert (one.is_enabled, one.is_read_only, one.tags) == (False, False, ["a", "b"])
    assert one.processors[0].sources == ["level"]
    assert pipelines.get_logs_pipeline(one.id).to_dict() == one.to_dict()

    assert list(pipelines.get_logs_pipeline_order().pipeline_ids) == [one.id, two.id]
    pipelines.update_logs_pipeline_order(body=LogsPipelinesOrder(pipeline_ids=[two.id, one.id]))
    assert [pipeline.name for pipeline in pipelines.list_logs_pipelines().value] == ["two", "one"]

    changed = LogsPipeline(name="changed", filter=LogsFilter(query="*"), is_enabled=True)
    assert pipelines.update_logs_pipeline(two.id, body=changed).is_enabled
    assert pipelines.get_logs_pipeline(two.id).name == "changed"

    pipelines.delete_logs_pipeline(one.id)
    with pytest.raises(ApiException) as gone:
        pipelines.get_logs_pipeline(one.id)
    assert gone.value.status == 400
    with pytest.raises(ApiException) as wrong_set:
        pipelines.update_logs_pipeline_order(body=LogsPipelinesOrder(pipeline_ids=[one.id, two.id]))
    assert wrong_set.value.status == 422
