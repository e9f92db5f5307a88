"""A number computed from others."""

from typing import Literal

from datadog_assets.processors._base import Processor


class ArithmeticProcessor(Processor):
    """Computes a number from attributes."""

    type: Literal["arithmetic-processor"]
    expression: str
    target: str
    is_replace_missing: bool = False


PROCESSOR = ArithmeticProcessor
