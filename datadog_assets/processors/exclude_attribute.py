"""An attribute less."""

from typing import Literal

from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment

RESERVED = frozenset({"host", "source", "service", "status", "message", "timestamp"})
"""Cannot be excluded: https://docs.datadoghq.com/logs/log_configuration/processors/exclude_attribute_processor/"""


class ExcludeAttribute(Processor):
    """Removes an attribute."""

    type: Literal["exclude-attribute"]
    attribute_to_exclude: str

    def apply(self, draft: Draft, at: Moment) -> None:
        """Take the attribute away; what the log has beside attributes cannot be.

        https://docs.datadoghq.com/logs/log_configuration/processors/exclude_attribute_processor/
        """
        if self.attribute_to_exclude in RESERVED:
            at.warnings.append(f"does nothing: {self.attribute_to_exclude!r} is reserved")
        else:
            draft.delete(self.attribute_to_exclude)


PROCESSOR = ExcludeAttribute
