"""`python -m relay.workers LISTENING CHANNEL TURNS PLACE`: a worker, as the main process starts it.

The first three are the numbers of files that it inherits.
"""

import signal
import sys


def main() -> None:
    """Run one worker."""
    # A terminal or a supervisor may send them to all processes at once: the main process decides.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if len(sys.argv) != 5:
        sys.exit("relay.workers is started by relay serve --workers.")
    from relay.workers.receiving import run  # noqa: PLC0415  # it takes a while

    run(*map(int, sys.argv[1:]))


if __name__ == "__main__":
    main()
