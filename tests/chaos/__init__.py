"""Breaks everything around a real `relay serve`, and counts what became of each event it answered 202.

A row is one fault, or one family of them: what is done, and what must hold. To read it in order:

1. `trial`     one run of a row: its folder, its processes, its waits, its sum
2. `ledger`    the events, and which of them were accepted
3. `datadog`   what stands in Datadog's place, and lies as a row tells it to
4. `relays`    one `relay serve`, and how to ask it things
5. `sending`   the sender in Okta's place
6. `faults`    disk, clock and names that fail: a library loaded into the relay's process (`faults.c`)
7. `rows`      the rows themselves, a module for each part of the world that fails

`python -m chaos --help` tells how to run it.
"""
