"""A disk that is really full: what waits is delivered all the same, and then there is room again."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

SMALL_DISK = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
"""In a mount namespace of its own, anybody may mount a small file system, where the kernel lets them."""

STORY = """
    import asyncio, os, sys
    from relay.envelope import Record
    from relay.errors import SpoolUnwritable
    from relay.spool import open_spool

    async def fill(spool):
        stored = 0
        while True:
            try:
                stored += await spool.put([Record(os.urandom(1_000)) for _ in range(50)])
            except SpoolUnwritable as error:
                print(error)
                return stored

    async def main(folder):
        spool = await open_spool(f"sqlite:{folder}/spool.db", max_bytes=10**9)
        stored = await fill(spool)
        assert stored * 1_000 > 12 * 2**20 / 3, stored
        for _ in range(3):
            try:
                await spool.probe()
            except SpoolUnwritable:
                pass
            else:
                raise AssertionError("a full disk takes nothing")
        await spool.bury(await spool.claim(100, 10**9, 0), "HTTP 400", "")
        delivered = 0
        while delivered < stored - 100:
            claimed = await spool.claim(500, 10**9, 0)
            await spool.ack(claimed)
            delivered += sum(len(run.ids) for run in claimed)
        assert (spool.depth().waiting, spool.depth().dead) == (0, 100)
        await spool.probe()
        again = await fill(spool)
        assert again > stored / 2, (stored, again)
        await spool.close()
        spool = await open_spool(f"sqlite:{folder}/spool.db", max_bytes=10**9)
        assert (spool.depth().waiting, spool.depth().dead) == (again, 100)
        await spool.close()
        print("done")

    asyncio.run(main(sys.argv[1]))
"""


def test_a_spool_on_a_full_disk_empties_and_takes_events_again(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=12m tmpfs '{tmp_path}'"
    if subprocess.run([*SMALL_DISK, mount], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small file system in a namespace of its own")
    (code := tmp_path.with_suffix(".py")).write_text(dedent(STORY))
    told = subprocess.run(
        [*SMALL_DISK, f"{mount} && exec '{sys.executable}' '{code}' '{tmp_path}'"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [*["The spool cannot be written: the disk is full."] * 2, "done"]


LIMITED = """
    import asyncio, os, resource, sys
    from relay.envelope import Record
    from relay.spool import open_spool

    async def main(folder):
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, resource.RLIM_INFINITY))
        spool = await open_spool(f"sqlite:{folder}/spool.db", max_bytes=10**9)
        await spool.put([Record(b"one")])
        print(os.path.exists(f"{folder}/spool.db.reserve"))
        await spool.close()

    asyncio.run(main(sys.argv[1]))
"""


def test_where_no_room_can_be_kept_the_spool_does_without(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", dedent(LIMITED), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (0, "False\n"), told.stderr
