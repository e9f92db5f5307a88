"""Datadog's log search syntax: which logs a query finds. Pure, and without Datadog.

https://docs.datadoghq.com/logs/explorer/search_syntax/

`parse(query).matches(log)`, where a log is a mapping that may hold `message`, `status`, `service`, `host`,
`source`, `timestamp`, `trace_id`, `span_id`, a list `tags` of texts, and `attributes`.

`_tokens` cuts a query into pieces, `_parser` makes a tree of them (`_tree`), `_printer` writes the tree out
again, and `_compile` makes one function of it, from those of `_values` and `_text`.
"""

from datadog_assets.search._errors import QuerySyntaxError
from datadog_assets.search._query import Query, parse

__all__ = ["Query", "QuerySyntaxError", "parse"]
