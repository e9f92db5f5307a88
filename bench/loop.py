"""A process that shares nothing with others: it parses events for some seconds, and prints how many a second.

usage: python bench/loop.py SECONDS
"""

import sys
import time

import orjson
from samples import singles


def main(seconds: float) -> None:
    """Parse the same thousand events over and over."""
    bodies = list(singles(1_000))
    passes = 0
    began = time.perf_counter()
    while (took := time.perf_counter() - began) < seconds:
        for body in bodies:
            orjson.loads(body)
        passes += 1
    print(passes * len(bodies) / took)


if __name__ == "__main__":
    main(float(sys.argv[1]))
