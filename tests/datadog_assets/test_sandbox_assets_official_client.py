"""Datadog's own Python client manages assets in the sandbox, through every call that the sandbox has."""

# its constructors carry no types
# mypy: disable-error-code="no-untyped-call"

from collections.abc import Iterator

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v1.api.logs_pipelines_api import LogsPipelinesApi
from datadog_api_client.v1.api.monitors_api import MonitorsApi
from datadog_api_client.v1.model.logs_filter import LogsFilter
from datadog_api_client.v1.model.logs_pipeline import LogsPipeline
from datadog_api_client.v1.model.logs_pipelines_order import LogsPipelinesOrder
from datadog_api_client.v1.model.logs_status_remapper import LogsStatusRemapper
from datadog_api_client.v1.model.logs_status_remapper_type import LogsStatusRemapperType
from datadog_api_client.v1.model.monitor import Monitor
from datadog_api_client.v1.model.monitor_options import MonitorOptions
from datadog_api_client.v1.model.monitor_thresholds import MonitorThresholds
from datadog_api_client.v1.model.monitor_type import MonitorType
from datadog_api_client.v1.model.monitor_update_request import MonitorUpdateRequest
from datadog_api_client.v2.api.logs_api import LogsApi
from datadog_api_client.v2.api.monitors_api import MonitorsApi as RulesApi
from datadog_api_client.v2.model.http_log import HTTPLog
from datadog_api_client.v2.model.http_log_item import HTTPLogItem
from datadog_api_client.v2.model.monitor_notification_rule_attributes import MonitorNotificationRuleAttributes
from datadog_api_client.v2.model.monitor_notification_rule_create_request import (
    MonitorNotificationRuleCreateRequest,
)
from datadog_api_client.v2.model.monitor_notification_rule_create_request_data import (
    MonitorNotificationRuleCreateRequestData,
)
from datadog_api_client.v2.model.monitor_notification_rule_filter_scope import (
    MonitorNotificationRuleFilterScope,
)
from datadog_api_client.v2.model.monitor_notification_rule_filter_tags import (
    MonitorNotificationRuleFilterTags,
)
from datadog_api_client.v2.model.monitor_notification_rule_resource_type import (
    MonitorNotificationRuleResourceType,
)
from datadog_api_client.v2.model.monitor_notification_rule_update_request import (
    MonitorNotificationRuleUpdateRequest,
)
from datadog_api_client.v2.model.monitor_notification_rule_update_request_data import (
    MonitorNotificationRuleUpdateRequestData,
)


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


def log_monitor(name: str, threshold: float = 2.0) -> Monitor:
    return Monitor(
        name=name,
        type=MonitorType.LOG_ALERT,
        query=f'logs("service:okta").index("*").rollup("count").by("flow").last("5m") > {threshold}',
        message="m",
        tags=["team:iam"],
        options=MonitorOptions(thresholds=MonitorThresholds(critical=threshold)),
    )


def test_monitors_are_validated_created_read_updated_listed_and_deleted(official: ApiClient) -> None:
    monitors = MonitorsApi(official)
    monitors.validate_monitor(body=log_monitor("one"))
    one = monitors.create_monitor(body=log_monitor("one"))
    assert (one.overall_state.value, one.multi, one.options.new_host_delay) == ("No Data", True, 300)
    with pytest.raises(ApiException) as duplicate:
        monitors.create_monitor(body=log_monitor("one"))
    assert duplicate.value.body["errors"] == [f"Duplicate of an existing monitor_id:{one.id} org_id:1"]

    assert monitors.get_monitor(one.id).name == "one"
    monitors.validate_existing_monitor(one.id, body=log_monitor("one", 3.0))
    changed = monitors.update_monitor(one.id, body=MonitorUpdateRequest(name="changed", priority=2))
    assert (changed.name, changed.priority, changed.query) == ("changed", 2, one.query)

    with pytest.raises(ApiException) as wrong:
        monitors.validate_monitor(body=Monitor(type=MonitorType.LOG_ALERT, query="query"))
    assert wrong.value.status == 400
    assert monitors.check_can_delete_monitor([one.id]).data.ok == [one.id]
    assert monitors.delete_monitor(one.id).deleted_monitor_id == one.id
    with pytest.raises(ApiException) as gone:
        monitors.get_monitor(one.id)
    assert (gone.value.status, gone.value.body["errors"]) == (404, ["Monitor not found"])


def test_the_clients_own_paging_lists_every_monitor_once(official: ApiClient) -> None:
    monitors = MonitorsApi(official)
    names = [f"monitor {number}" for number in range(5)]
    for name in names:
        monitors.create_monitor(body=log_monitor(name))
    assert [monitor.name for monitor in monitors.list_monitors_with_pagination(page_size=2)] == names
    assert len(monitors.list_monitors(monitor_tags="team:iam")) == 5


RULE = MonitorNotificationRuleResourceType.MONITOR_NOTIFICATION_RULE


def new_rule(name: str, recipient: str = "slack-okta") -> MonitorNotificationRuleCreateRequest:
    attributes = MonitorNotificationRuleAttributes(
        name=name, filter=MonitorNotificationRuleFilterTags(tags=["team:iam"]), recipients=[recipient]
    )
    return MonitorNotificationRuleCreateRequest(
        data=MonitorNotificationRuleCreateRequestData(attributes=attributes, type=RULE)
    )


def test_rules_are_created_read_updated_listed_and_deleted(official: ApiClient) -> None:
    rules = RulesApi(official)
    one = rules.create_monitor_notification_rule(body=new_rule("one")).data
    assert (one.attributes.name, list(one.attributes.recipients)) == ("one", ["slack-okta"])
    with pytest.raises(ApiException) as wrong:
        rules.create_monitor_notification_rule(body=new_rule("two", "@slack-okta"))
    assert wrong.value.body["errors"] == ["Invalid recipients: Recipient handle should not start with '@'"]

    assert rules.get_monitor_notification_rule(one.id).data.attributes.name == "one"
    changed = MonitorNotificationRuleUpdateRequest(
        data=MonitorNotificationRuleUpdateRequestData(
            id=one.id,
            type=RULE,
            attributes=MonitorNotificationRuleAttributes(
                name="changed",
                filter=MonitorNotificationRuleFilterScope(scope="team:iam AND env:prod"),
                recipients=["jira-okta"],
            ),
        )
    )
    updated = rules.update_monitor_notification_rule(one.id, body=changed).data
    assert (updated.attributes.name, updated.attributes.filter.scope) == ("changed", "team:iam AND env:prod")

    two = rules.create_monitor_notification_rule(body=new_rule("two")).data
    assert [rule.id for rule in rules.get_monitor_notification_rules().data] == [one.id, two.id]
    second = rules.get_monitor_notification_rules(page=1, per_page=1, sort="name:asc", include="created_by")
    assert [rule.id for rule in second.data] == [two.id]

    rules.delete_monitor_notification_rule(one.id)
    with pytest.raises(ApiException) as gone:
        rules.get_monitor_notification_rule(one.id)
    assert (gone.value.status, gone.value.body["errors"]) == (404, ["Monitor Notification Rule not found"])


def test_the_state_of_a_monitor_and_of_its_groups_is_read(official: ApiClient) -> None:
    monitors = MonitorsApi(official)
    query = 'logs("status:(error OR critical)").index("*").rollup("count").by("@flow_name").last("5m") > 0'
    made = monitors.create_monitor(body=Monitor(name="m", type=MonitorType.LOG_ALERT, query=query))
    entries = [HTTPLogItem(message='{"flow_name":"a","status":"error"}'), HTTPLogItem(message="m")]
    LogsApi(official).submit_log(body=HTTPLog(entries))
    one = monitors.get_monitor(made.id, group_states="all")
    assert one.overall_state.value == "Alert"
    assert {name: group.status.value for name, group in one.state.groups.items()} == {"@flow_name:a": "Alert"}
