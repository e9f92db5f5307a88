"""Rehearsals in tests: loaded from YAML, and carried out."""

from datadog_assets.load import Loaded, load_text
from datadog_assets.rehearse.outcome import Outcome
from datadog_assets.rehearse.run import Stage

ASSETS = """\
pipelines:
  - name: Flows
    filter: source:okta-workflows-els
    processors:
      - type: lookup-processor
        source: event_type
        target: level
        lookup_table: {FLOW_FAIL: error}
        default_lookup: info
      - {type: status-remapper, sources: [level]}
monitors:
  - name: Failures
    type: log alert
    query: 'logs("source:okta-workflows-els status:error").index("*").rollup("count").by("@flow").last("5m") >= 2'
    message: "{{#is_alert}}{{ @flow.name }} failed {{value}} times.{{/is_alert}} @slack-said"
    tags: ["team:x"]
    options: {thresholds: {critical: 2, warning: 1}, on_missing_data: resolve}
  - name: Disk
    type: query alert
    query: avg(last_5m):avg:system.disk.in_use{*} by {host} > 0.9
    message: It fills up.
    tags: ["team:x"]
notification_rules:
  - name: Who
    filter: {tags: ["team:x"]}
    conditional_recipients:
      conditions:
        - {scope: "transition_type:is_alert", recipients: [pagerduty-a]}
      fallback_recipients: [slack-a]
rehearsals:
"""
"""A pipeline, a log monitor, one that is not rehearsed, and a rule; what follows is a rehearsal."""

FIRST = ASSETS.count("\n") + 1
"""The line of the first rehearsal after ASSETS."""


def loaded(rehearsals: str, assets: str = ASSETS, **values: str) -> Loaded:
    """Load rehearsals, each indented by two, behind what they rehearse."""
    return load_text("a.yaml", assets + rehearsals, values, {})


def ran(rehearsals: str, assets: str = ASSETS) -> list[Outcome]:
    """Carry them out."""
    return outcomes(loaded(rehearsals, assets))


def outcomes(found: Loaded) -> list[Outcome]:
    """Carry out all that was loaded."""
    stage = Stage(found.declared)
    return [stage.run(rehearsal, mark) for mark, rehearsal in found.rehearsals]


def faults(rehearsals: str, assets: str = ASSETS) -> list[str]:
    """Carry out one, and give its faults."""
    (outcome,) = ran(rehearsals, assets)
    return list(outcome.faults)
