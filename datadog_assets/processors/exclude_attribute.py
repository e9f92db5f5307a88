"""An attribute less."""

from typing import Literal

from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment


class ExcludeAttribute(Processor):
    """Removes an attribute."""

    type: Literal["exclude-attribute"]
    attribute_to_exclude: str

    def apply(self, draft: Draft, at: Moment) -> None:
        """Take the attribute away; what the log has beside attributes cannot be.

        https://docs.datadoghq.com/logs/log_configuration/processors/exclude_attribute_processor/
        """
        draft.delete(self.attribute_to_exclude)


PROCESSOR = ExcludeAttribute
