"""A local stand-in for Datadog: logs in and out, key validation, and the assets that this product manages."""
