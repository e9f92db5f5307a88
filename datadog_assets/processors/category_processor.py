"""A name by the first query that matches."""

from typing import Literal

from datadog_assets.processors._base import Category, Processor


class CategoryProcessor(Processor):
    """Writes the name of the first category that matches."""

    type: Literal["category-processor"]
    categories: list[Category]
    target: str


PROCESSOR = CategoryProcessor
