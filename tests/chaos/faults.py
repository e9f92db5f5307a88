"""Faults of disk, clock and names for one relay: compiles `faults.c`, and says what fails now."""

import ctypes
import errno
import mmap
import os
import random
import shutil
import subprocess
from pathlib import Path

PAGE = 4096
"""A disk may have written any of such pieces, in bytes, before the power went."""

HOST = "intake.chaos.test"
"""The name that `Faults.dns` is about. Nobody outside this machine is ever asked for it."""

DAY = 86_400


class Control(ctypes.Structure):
    """As `struct control` in faults.c."""

    _fields_ = (
        ("clock_offset_ns", ctypes.c_int64),
        ("free_bytes", ctypes.c_int64),
        ("change_errno", ctypes.c_int32),
        ("write_errno", ctypes.c_int32),
        ("sync_errno", ctypes.c_int32),
        ("dns", ctypes.c_int32),
        ("loaded", ctypes.c_int32),
        ("denied", ctypes.c_int32),
    )


def compile_library(folder: Path) -> Path | None:
    """Compile the library into a folder; None where there is no C compiler or nothing to load it with.

    Raises:
        RuntimeError: the compiler does not take it.
    """
    compiler = shutil.which("cc")
    if not compiler or os.uname().sysname != "Linux":
        return None
    library = folder / "faults.so"
    source = Path(__file__).with_name("faults.c")
    command = [
        compiler,
        "-shared",
        "-fPIC",
        "-O2",
        "-Wall",
        "-o",
        str(library),
        str(source),
        "-ldl",
        "-pthread",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"cc does not take faults.c: {done.stderr}")
    return library


class Faults:
    """What fails for the processes that run with this `environment`; nothing at first.

    Attributes:
        environment: of the process.
        mirror: the folder of the files as they would be after a power cut, if there is one.
    """

    def __init__(self, library: Path, files: Path, *, mirror: Path | None = None) -> None:
        """Make the control file.

        Args:
            library: see `compile_library`.
            files: only files in this directory fail; it is made if it is not there.
            mirror: an empty directory, for what was synced of them.
        """
        files.mkdir(exist_ok=True)
        path = files.with_name(f"{files.name}.control")
        path.write_bytes(bytes(Control(free_bytes=-1)))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), ctypes.sizeof(Control))
        self._control = Control.from_buffer(self._map)
        self.mirror = mirror
        self.environment = {
            "LD_PRELOAD": str(library),
            "CHAOS_CONTROL": str(path),
            "CHAOS_FILES": str(files),
            "CHAOS_HOST": HOST,
        }
        if mirror:
            shutil.copytree(files, mirror)
            self.environment["CHAOS_MIRROR"] = str(mirror)

    @property
    def loaded(self) -> bool:
        """Whether a process runs with the library."""
        return bool(self._control.loaded)

    @property
    def denied(self) -> int:
        """Calls that were made to fail so far."""
        return int(self._control.denied)

    def disk_full(self) -> None:
        """No file grows any more; what a file has, may be overwritten, and what is freed, used again."""
        self._control.free_bytes = 0

    def disk_read_only(self) -> None:
        """Nothing changes any more, as on a file system that the kernel has made read-only."""
        self._control.change_errno = self._control.write_errno = self._control.sync_errno = errno.EROFS

    def write_error(self) -> None:
        """Writing fails; files can still be opened and read."""
        self._control.write_errno = errno.EIO

    def sync_error(self) -> None:
        """Writing works, making it durable does not."""
        self._control.sync_errno = errno.EIO

    def disk_well(self) -> None:
        """The disk works again."""
        self._control.free_bytes = -1
        self._control.change_errno = self._control.write_errno = self._control.sync_errno = 0

    def clock(self, offset: float) -> None:
        """The wall clock is so many seconds before, or behind, the true time."""
        self._control.clock_offset_ns = int(offset * 1e9)

    def dns(self, *, known: bool) -> None:
        """Whether `HOST` is known, as this machine."""
        self._control.dns = int(known)


def survivors(faults: Faults, files: Path, share: float, chance: random.Random) -> None:
    """Cut the power: make `files` what a disk would hold, once nobody writes to them any more.

    What was synced is there. Of what was written after that, the disk had come to a random part, in any
    order.

    Args:
        faults: with a mirror, which is used up.
        files: the directory that it mirrors.
        share: of the pages that were written and not synced, 0 to 1, that are there all the same.
        chance: chooses them.
    """
    assert faults.mirror
    for written in files.iterdir():
        synced = faults.mirror / written.name
        if share and synced.exists():
            _keep_some(synced, written.read_bytes(), share, chance)
    shutil.rmtree(files)
    faults.mirror.rename(files)


def _keep_some(synced: Path, written: bytes, share: float, chance: random.Random) -> None:
    with synced.open("r+b") as file:
        for start in range(0, len(written), PAGE):
            file.seek(start)
            page = written[start : start + PAGE]
            if file.read(PAGE) != page and chance.random() < share:
                file.seek(start)
                file.write(page)
