"""How much of a virtual machine's time the hypervisor gave to others, as the kernel counts it.

A process that waits for its processor that long answers late, whatever it does itself.
"""

from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ, _STEAL = 1, 2, 3, 6, 7, 8
"""Columns of its first line, in ticks of all processors. https://docs.kernel.org/filesystems/proc.html"""


@dataclass(frozen=True, slots=True)
class Times:
    """Ticks since the machine began.

    Attributes:
        stolen: in which it wanted to run, and others did.
        wanted: in which it wanted to run.
    """

    stolen: int
    wanted: int

    @classmethod
    def now(cls) -> "Times":
        """Read them; without that file nothing is known to be stolen."""
        if not _STAT.exists():
            return cls(0, 0)
        ticks = _STAT.read_text(encoding="ascii").partition("\n")[0].split()
        return cls(
            int(ticks[_STEAL]),
            sum(int(ticks[at]) for at in (_USER, _NICE, _SYSTEM, _IRQ, _SOFTIRQ, _STEAL)),
        )

    def percent_since(self, earlier: "Times") -> float:
        """Give the share of the time wanted since then that was stolen."""
        wanted = self.wanted - earlier.wanted
        return 100 * (self.stolen - earlier.stolen) / wanted if wanted else 0.0
