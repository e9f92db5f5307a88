"""What Datadog would do with a log, and who would be paged: without Datadog.

In the order in which a log passes them:

1. `preprocess`               a JSON message becomes attributes; the reserved ones become the log's own
2. `rehearse.pipelines`       every pipeline whose filter matches, each processor of it
3. `alerting.monitor`         what its monitors count, and when they alert
4. `alerting.message`         what the notification says
5. `alerting.rules`           who is told; `rehearse.watch` joins these three

`scenario` is a rehearsal as YAML has it; `run` carries it out, `compare` holds the `outcome` against what is
expected, `hints` says why it may differ. `explain` follows one event, `effects` says what a plan changes, and
`command` is the command.
"""

from collections.abc import Iterable
from datetime import datetime

from datadog_assets.log import Log
from datadog_assets.rehearse.pipelines import Pipelines
from datadog_assets.resource import Json


def process(log: Log, pipelines: Iterable[Json], *, now: datetime | None = None) -> Log:
    """Give the log as Datadog would show it after its pipelines; the one that is given stays as it is.

    Args:
        log: after preprocessing (`datadog_assets.preprocess`); any field may be missing.
        pipelines: bodies of Datadog's API, in their order. What is omitted of them is as if it were enabled.
        now: dates without a year, or without a day, are the ones nearest to it; the present time by default.

    Raises:
        pydantic.ValidationError: a pipeline is none that Datadog would take.
    """
    return Pipelines(pipelines).process(log, now).log
