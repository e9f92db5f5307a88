"""The commands: each parses, and calls what does the work. Heavy modules are imported inside the commands."""

import os
import sys
from collections.abc import Sequence

import typer

from datadog_assets.errors import AssetsError
from datadog_assets.sandbox.command import sandbox

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Gets Datadog ready for Okta Workflows, and stands in for Datadog on one's own machine.",
)


def main() -> None:
    """Run the command line and end the process: 0 done, 1 failed, 64 wrong usage."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; gives the exit code. What went wrong is one line on stderr."""
    try:
        # standalone, typer would end the process with its own 2, which means "changes" to some commands
        code: int | None = app(args=arguments, prog_name="datadog-assets", standalone_mode=False)
    except typer.TyperException as error:
        wrong = error.format_message().rstrip(".")
        print(f"datadog-assets: {wrong} (datadog-assets --help tells more)", file=sys.stderr)
        return os.EX_USAGE
    except AssetsError as error:
        print(f"datadog-assets: {error}", file=sys.stderr)
        return 1
    return code or 0


app.command()(sandbox)


@app.callback()
def _commands() -> None:
    """With a callback, typer asks for a command's name even while there is only one."""
