"""A local stand-in for Datadog: logs in and out, and pipelines, monitors and rules that act on them."""
