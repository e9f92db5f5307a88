"""One module a type of processor, found by name: it defines `PROCESSOR`, the model of its fields.

https://docs.datadoghq.com/api/latest/logs-pipelines/ and
https://docs.datadoghq.com/logs/log_configuration/processors/
"""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Literal, Union, get_args

from pydantic import Field

from datadog_assets.processors._base import Filter, Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment


def _found() -> Iterable[type[Processor]]:
    for module in iter_modules(__path__):
        if not module.name.startswith("_"):
            yield import_module(f"{__name__}.{module.name}").PROCESSOR


SIMPLE = tuple(_found())
"""Every model but that of nested pipelines, which hold the others."""

if TYPE_CHECKING:
    AnySimple = Processor
else:
    AnySimple = Annotated[Union[SIMPLE], Field(discriminator="type")]  # noqa: UP007 - of types found by name


class NestedPipeline(Processor):
    """A pipeline in a pipeline: a filter of its own for some of the processors. It holds no other."""

    type: Literal["pipeline"]
    filter: Filter | None = None
    processors: list[AnySimple] = []  # noqa: RUF012 - pydantic copies it
    tags: list[str] = []  # noqa: RUF012 - as above
    description: str | None = None

    def apply(self, draft: Draft, at: Moment) -> None:
        """Apply the processors if the filter matches the log as earlier processors left it.

        https://docs.datadoghq.com/logs/log_configuration/pipelines/#nested-pipelines
        """
        if self.filter is None or self.filter.matches(draft, at):
            at.run(self.processors, draft)


if TYPE_CHECKING:
    AnyProcessor = Processor
else:
    AnyProcessor = Annotated[Union[(*SIMPLE, NestedPipeline)], Field(discriminator="type")]


def type_of(model: type[Processor]) -> str:
    """Give the type that a model is for, as Datadog names it."""
    name: str = get_args(model.model_fields["type"].annotation)[0]
    return name
