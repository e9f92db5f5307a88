"""Logs on their way through pipelines.

https://docs.datadoghq.com/logs/log_configuration/pipelines/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from datadog_assets.kinds.pipelines import Pipeline
from datadog_assets.log import Log
from datadog_assets.processors import NestedPipeline, type_of
from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Applicable, Moment
from datadog_assets.processors._values import copied
from datadog_assets.resource import Json


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a log.

    Attributes:
        log: after all pipelines.
        left: what could not be rehearsed, and why.
    """

    log: Log
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What one pipeline, or one processor in it, did to a log.

    Attributes:
        pipeline: the pipeline's name; that of a nested one behind it.
        processor: its position, from 1 on, type and name; empty for the pipeline itself.
        outcome: whether the filter matched, whether the log was changed, or that it is disabled.
        before, after: the log around it.
        left: what of it could not be rehearsed, and why.
        warnings: what is probably not meant.
    """

    pipeline: tuple[str, ...]
    processor: str
    outcome: Literal["matches", "does not match", "changes", "changes nothing", "disabled"]
    before: Log
    after: Log
    left: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Pipelines:
    """Pipelines in their order, ready for many logs.

    Args:
        bodies: as Datadog's API takes them. What is omitted of them is as if it were enabled.

    Raises:
        pydantic.ValidationError: one is none that Datadog would take.
    """

    def __init__(self, bodies: Iterable[Json]) -> None:
        self._pipelines = [Pipeline.model_validate(body, extra="ignore") for body in bodies]

    def process(self, log: Log, now: datetime | None = None) -> Processed:
        """Run a log through every pipeline whose filter matches it when its turn comes."""
        moment = Moment(now or datetime.now(UTC))
        draft = _draft(log)
        for pipeline in self._pipelines:
            if pipeline.is_enabled and (pipeline.filter is None or pipeline.filter.matches(draft, moment)):
                moment.run(pipeline.processors, draft)
        return Processed(cast("Log", draft.log), tuple(moment.left))

    def explain(self, log: Log, now: datetime | None = None) -> list[Step]:
        """As `process`, and tell what each pipeline and each processor did."""
        moment = _Watched(now or datetime.now(UTC))
        draft = _draft(log)
        for pipeline in self._pipelines:
            moment.enter(pipeline, draft)
        return moment.steps


class _Watched(Moment):
    """Writes down what each processor does."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.steps: list[Step] = []
        self._inside: tuple[str, ...] = ()

    def enter(self, pipeline: Pipeline | NestedPipeline, draft: Draft) -> None:
        outside = self._inside
        self._inside = (*outside, pipeline.name or "")
        left = len(self.left)
        is_meant = pipeline.filter is None or pipeline.filter.matches(draft, self)
        outcome: Literal["matches", "does not match", "disabled"] = (
            "matches" if is_meant else "does not match"
        )
        log = _copy(draft)
        outcome = outcome if pipeline.is_enabled else "disabled"
        self.steps.append(Step(self._inside, "", outcome, log, log, tuple(self.left[left:])))
        if outcome == "matches":
            self.run(pipeline.processors, draft)
        self._inside = outside

    def run(self, processors: Iterable[Applicable], draft: Draft) -> None:
        for position, processor in enumerate(processors, 1):
            if isinstance(processor, NestedPipeline):
                self.enter(processor, draft)
            elif isinstance(processor, Processor):
                self._apply(position, processor, draft)

    def _apply(self, position: int, processor: Processor, draft: Draft) -> None:
        before, left, warnings = _copy(draft), len(self.left), len(self.warnings)
        if processor.is_enabled:
            processor.apply(draft, self)
        after = _copy(draft)
        outcome: Literal["changes", "changes nothing", "disabled"] = "changes nothing"
        if not processor.is_enabled:
            outcome = "disabled"
        elif before != after:
            outcome = "changes"
        name = f": {processor.name}" if processor.name else ""
        told = f"{position}. {type_of(type(processor))}{name}"
        new = tuple(self.left[left:]), tuple(self.warnings[warnings:])
        self.steps.append(Step(self._inside, told, outcome, before, after, *new))


def _draft(log: Log) -> Draft:
    """Copy a log. What an object `message` holds lies beside it, as published results show."""
    given: Mapping[str, Any] = log  # that a field may be null, and tags anything, the type does not say
    attributes = cast("dict[str, object]", copied(given.get("attributes") or {}))
    if isinstance(message := attributes.get("message"), dict):
        del attributes["message"]
        attributes |= message
    tags = [tag for tag in given.get("tags") or () if isinstance(tag, str)]
    return Draft({**log, "attributes": attributes, "tags": tags})


def _copy(draft: Draft) -> Log:
    return cast("Log", copied(draft.log))
