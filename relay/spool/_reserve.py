"""Room on the disk that is kept for deliveries, so that a full disk cannot keep the spool from emptying."""

import contextlib
import errno
import os
from pathlib import Path

SIZE = 16 * 1024 * 1024
"""In bytes: several times what the write-ahead log grows by between checkpoints (1,000 pages of 4 KiB)."""

_SHARE = 3
"""Of a small disk the reserve takes only this part."""

_TO_SPARE = 1.25
"""So many times the room has to be free before it is kept: what was just given back is not taken again."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Reserve:
    """A file of nothing, whose room is given back when the disk is full; none where no such file can be.

    To forget what was delivered, SQLite has to write too: without room for that, a spool on a full disk would
    stay full for ever.

    Attributes:
        held: whether the room is kept at present.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.held = False
        self.hold()

    def hold(self) -> bool:
        """Keep the room, if the disk has it; tells whether it is kept."""
        if not self.held:
            try:
                self._allocate()
            except OSError as error:
                self.give()
                self.held = error.errno not in _NO_ROOM
            else:
                self.held = True
        return self.held

    def give(self) -> None:
        """Give the room back to the disk."""
        self.held = False
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _allocate(self) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            disk = os.fstatvfs(file)
            size = min(SIZE, disk.f_blocks * disk.f_frsize // _SHARE)
            if disk.f_bavail * disk.f_frsize < _TO_SPARE * size:
                raise OSError(errno.ENOSPC, "no room to spare")
            if hasattr(os, "posix_fallocate"):  # not on macOS, where nothing is kept then
                os.posix_fallocate(file, 0, max(size, 1))
        finally:
            os.close(file)
