"""The pipelines that Datadog ships: one appears by itself when the first log of its source arrives.

A few are enough to live beside pipelines that are nobody's to change. Their names and filters are Datadog's;
their processors are cut down to what is common to all of them.
"""

from datadog_assets.sandbox.answers import Json


def _shipped(name: str, query: str, date: str, status: str) -> Json:
    processors = [
        {
            "name": f"Define `{date}` as the official date of the log",
            "is_enabled": True,
            "sources": [date],
            "type": "date-remapper",
        },
        {
            "name": f"Define `{status}` as the official status of the log",
            "is_enabled": True,
            "sources": [status],
            "type": "status-remapper",
        },
    ]
    return {
        "type": "pipeline",
        "name": name,
        "is_enabled": True,
        "is_read_only": True,
        "filter": {"query": query},
        "processors": processors,
    }


INTEGRATIONS = {
    "go": _shipped("Golang", "source:go", "date", "level"),
    "python": _shipped("python", "source:python", "timestamp", "levelname"),
    "lambda": _shipped("AWS Lambda", "source:lambda", "timestamp", "level"),
    "scfw": _shipped("Supply Chain Firewall", "source:scfw", "created", "level"),
    "nginx": _shipped("Nginx", "source:nginx", "date_access", "level"),
}
"""By `ddsource`, the pipeline that comes with it. Read-only ones carry no tags."""
