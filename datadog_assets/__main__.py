"""`python -m datadog_assets` is `datadog-assets`."""

from datadog_assets.cli import main

if __name__ == "__main__":
    main()
