"""Joins records to the payload of one request, within Datadog's limits, by exact bytes. Pure."""

from collections.abc import Sequence

MAX_ENTRIES = 1_000
"""The most entries of one request. https://docs.datadoghq.com/api/latest/logs/#send-logs"""

MAX_PAYLOAD_BYTES = 5_000_000
"""The longest payload before compression. Datadog says 5 MB; MB is read as 10^6, the stricter way.
https://docs.datadoghq.com/api/latest/logs/#send-logs"""

MAX_BATCH_BYTES = MAX_PAYLOAD_BYTES - MAX_ENTRIES - 1
"""The most bytes of data in a batch: a payload has two brackets more, and a comma between any two entries."""


def payload(entries: Sequence[bytes]) -> bytes:
    """Write entries, each finished JSON, or several of them joined by commas, as one JSON array."""
    return b"[" + b",".join(entries) + b"]"


def size(entries: Sequence[bytes]) -> int:
    """The length of their payload, in bytes."""
    return sum(map(len, entries)) + len(entries) + 1
