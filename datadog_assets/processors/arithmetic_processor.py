"""A number computed from others."""

from typing import Literal

from datadog_assets.processors._arithmetic import evaluate
from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import as_number


class ArithmeticProcessor(Processor):
    """Computes a number from attributes."""

    type: Literal["arithmetic-processor"]
    expression: str
    target: str
    is_replace_missing: bool = False

    def apply(self, draft: Draft, at: Moment) -> None:
        """Write the result, a double rounded to 9 decimals.

        https://docs.datadoghq.com/logs/log_configuration/processors/arithmetic_processor/
        """

        def number(path: str) -> float | int | None:
            found = as_number(draft.get(path))
            return 0 if found is None and self.is_replace_missing else found

        result = evaluate(self.expression, number)
        if result is not None:
            draft.set(self.target, result)


PROCESSOR = ArithmeticProcessor
