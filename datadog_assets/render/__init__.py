"""A plan for people and programs: as text, as JSON, as Markdown. In none of them is a secret shown."""

from datadog_assets.render.to_json import as_json
from datadog_assets.render.to_markdown import as_markdown
from datadog_assets.render.to_text import as_text

__all__ = ["as_json", "as_markdown", "as_text"]
