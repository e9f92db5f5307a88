"""A local stand-in for what a log relay needs of Datadog: the logs intake, key validation and log search."""
