"""One log that the sandbox took."""

from datadog_assets.log import Log


class StoredLog(Log):
    """One log that the sandbox took."""

    id: str
    """Unique; sorted as text, ids are in the order of arrival."""
    cut: bool
    """The entry was over 1 MB and its message was cut."""
