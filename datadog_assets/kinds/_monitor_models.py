"""What a monitor of the YAML may hold: the fields of Datadog's API.

https://docs.datadoghq.com/api/latest/monitors/
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from datadog_assets.model import Entry, Model

TYPES = (
    "audit alert",
    "ci-pipelines alert",
    "ci-tests alert",
    "composite",
    "cost alert",
    "data-jobs alert",
    "data-quality alert",
    "database-monitoring alert",
    "error-tracking alert",
    "event alert",
    "event-v2 alert",
    "llm-observability alert",
    "log alert",
    "metric alert",
    "network-path alert",
    "network-performance alert",
    "process alert",
    "query alert",
    "rum alert",
    "service check",
    "slo alert",
    "synthetics alert",
    "trace-analytics alert",
)

Minutes = Annotated[int, Field(ge=0)]
Seconds = Annotated[int, Field(ge=0)]


class Thresholds(Model):
    """When the monitor alerts, warns and recovers."""

    critical: float | None = None
    critical_recovery: float | None = None
    warning: float | None = None
    warning_recovery: float | None = None
    ok: float | None = None
    unknown: float | None = None
    critical_query: str | None = None
    critical_recovery_query: str | None = None


class ThresholdWindows(Model):
    """For anomalies: how long it takes to alert and to recover."""

    trigger_window: str | None = None
    recovery_window: str | None = None


class Recurrence(Model):
    """When a scheduled monitor evaluates."""

    rrule: str | None = Field(default=None, description="As in RFC 5545.")
    start: str | None = None
    timezone: str | None = None


class CustomSchedule(Model):
    """When a scheduled monitor evaluates."""

    recurrences: list[Recurrence] = Field(default_factory=list)


class EvaluationWindow(Model):
    """A cumulative window: since the hour, day or month began."""

    day_starts: str | None = None
    hour_starts: Annotated[int, Field(ge=0, le=59)] | None = None
    month_starts: Annotated[int, Field(ge=1, le=1)] | None = None
    timezone: str | None = None


class SchedulingOptions(Model):
    """When and over what the monitor evaluates."""

    custom_schedule: CustomSchedule | None = None
    evaluation_window: EvaluationWindow | None = None


class Options(Model):
    """How the monitor evaluates and notifies."""

    aggregation: dict[str, JsonValue] | None = None
    device_ids: list[str] | None = None
    enable_logs_sample: bool | None = Field(default=None, description="Add sample logs to the notification.")
    enable_samples: bool | None = None
    escalation_message: str | None = Field(default=None, description="Sent with a repeated notification.")
    evaluation_delay: Seconds | None = Field(default=None, description="Seconds that evaluation lags behind.")
    group_retention_duration: str | None = Field(default=None, description="Keep a silent group: 60m to 72h.")
    groupby_simple_monitor: bool | None = Field(default=None, description="One alert over all groups.")
    include_tags: bool | None = Field(
        default=None, description="Put the triggering tags into the title (true)."
    )
    locked: bool | None = None
    min_failure_duration: Annotated[int, Field(ge=0, le=7200)] | None = None
    min_location_failed: int | None = None
    new_group_delay: Seconds | None = Field(
        default=None, description="Seconds before a new group is evaluated."
    )
    new_host_delay: Seconds | None = Field(default=None, description="The same for hosts (300).")
    no_data_timeframe: Minutes | None = None
    notification_preset_name: (
        Literal[
            "show_all",
            "hide_query",
            "hide_handles",
            "hide_all",
            "hide_query_and_handles",
            "show_only_snapshot",
            "hide_handles_and_footer",
        ]
        | None
    ) = None
    notify_audit: bool | None = Field(default=None, description="Tell of edits of the monitor (false).")
    notify_by: list[str] | None = Field(default=None, description="Notify once for each of these groups.")
    notify_no_data: bool | None = None
    on_missing_data: Literal["default", "show_no_data", "show_and_notify_no_data", "resolve"] | None = None
    renotify_interval: Minutes | None = Field(
        default=None, description="Minutes between repeated notifications."
    )
    renotify_occurrences: int | None = Field(default=None, description="How many repeated notifications.")
    renotify_statuses: list[Literal["alert", "warn", "no data"]] | None = None
    require_full_window: bool | None = None
    scheduling_options: SchedulingOptions | None = None
    silenced: dict[str, int | None] | None = None
    synthetics_check_id: str | None = None
    threshold_windows: ThresholdWindows | None = None
    thresholds: Thresholds | None = None
    timeout_h: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Hours to resolve by itself."
    )
    variables: list[dict[str, JsonValue]] | None = Field(
        default=None, description="The queries of a formula."
    )


class Asset(Model):
    """A link that the monitor shows, such as a runbook."""

    category: str
    name: str
    url: str
    resource_key: str | None = None
    resource_type: str | None = None


class Monitor(Entry):
    """One monitor."""

    read_only: ClassVar[frozenset[str]] = frozenset(
        {
            *("classification", "created", "created_at", "creator", "deleted", "matching_downtimes"),
            *("modified", "multi", "org_id", "overall_state", "overall_state_modified", "restricted"),
            *("restriction_policy", "run_as", "state"),
        }
    )

    type: str = Field(json_schema_extra={"enum": list(TYPES)})
    query: str
    message: str = Field(
        default="", description="What a notification says; Datadog's template variables work."
    )
    tags: list[str] = Field(default_factory=list)
    priority: Annotated[int, Field(ge=0, le=5)] | None = Field(default=None, description="1 (high) to 5.")
    options: Options = Field(default_factory=Options)
    restricted_roles: list[str] | None = Field(
        default=None, min_length=1, description="Ids of roles that may edit it."
    )
    draft_status: Literal["draft", "published"] = "published"
    assets: list[Asset] = Field(default_factory=list)
