"""A name by the first query that matches."""

from typing import Literal

from datadog_assets.processors._base import Category, Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment


class CategoryProcessor(Processor):
    """Writes the name of the first category that matches."""

    type: Literal["category-processor"]
    categories: list[Category]
    target: str

    def apply(self, draft: Draft, at: Moment) -> None:
        """Write the name of the first category whose query matches, over whatever the target holds.

        https://docs.datadoghq.com/logs/log_configuration/processors/category_processor/
        """
        for category in self.categories:
            if category.filter.matches(draft, at):
                draft.set(self.target, category.name)
                return


PROCESSOR = CategoryProcessor
