"""An attribute less."""

from typing import Literal

from datadog_assets.processors._base import Processor


class ExcludeAttribute(Processor):
    """Removes an attribute."""

    type: Literal["exclude-attribute"]
    attribute_to_exclude: str


PROCESSOR = ExcludeAttribute
