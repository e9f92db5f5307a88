"""The relay's own log on stderr, as text or as one JSON object a line."""

import asyncio
import json
import logging
from datetime import UTC, datetime

FORMATS = ("text", "json")

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to_stderr(form: str) -> None:
    """Log the relay's own lines, and warnings of what it is built on; `form` is one of `FORMATS`."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines() if form == "json" else logging.Formatter(_TEXT))
    handler.addFilter(_is_no_cancellation)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("relay").setLevel(logging.INFO)


class _JsonLines(logging.Formatter):
    """With the names that Datadog reads from a log by itself."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "status": record.levelname.lower(),
            "logger.name": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error.stack"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """A request that was cut short at the end, by its slow sender's fault, is not worth a traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
