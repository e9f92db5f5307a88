"""A spool engine with a fault: to claim a record from it raises what nobody expects."""

from relay.spool import Claimed
from relay.spool.memory import MemorySpool

DURABLE = True


class BreakingSpool(MemorySpool):
    async def claim(
        self, max_records: int, max_bytes: int, wait: float, *, newest: bool = False
    ) -> list[Claimed]:
        await super().claim(max_records, max_bytes, wait, newest=newest)
        raise KeyError("a fault in the engine")


async def open_engine(location: str, *, max_bytes: int, after: int) -> BreakingSpool:
    return BreakingSpool(max_bytes=max_bytes, after=after, clock=lambda: 0.0)
