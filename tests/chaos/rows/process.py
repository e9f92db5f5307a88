"""The relay's own process: killed, told to end, told to read its files again, started twice."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from chaos import datadog
from chaos.datadog import Datadog, run_datadog
from chaos.ledger import body
from chaos.sending import Connection, connect, load, post, post_many
from chaos.trial import Row, RowFailed, Trial

IN_FLIGHT = 4
"""The relay has so many requests to Datadog under way; their records may come twice after a kill."""

DRAIN_SECONDS = 7.0
"""After the first SIGTERM requests under way have so long; a second SIGTERM ends it before."""


async def kill(trial: Trial) -> None:
    """SIGKILL at random moments under load, again and again, on one spool."""
    kills = trial.size(5, 50)
    trial.note = f"SIGKILL under load, {kills} times, each time started again on the same spool"
    async with run_datadog() as stub:
        for stub.life in range(kills):
            async with trial.relay(stub) as relay:
                at_once = trial.random.choice((1, 1, 20))
                async with load(relay.url, trial.ledger, at_once=at_once) as state:
                    await trial.more_accepted(trial.random.randrange(1, 400))
                    await asyncio.sleep(trial.random.random() * 0.3)
                    await relay.end(signal.SIGKILL)
                trial.expect(set(state.statuses) == {202}, f"statuses {dict(state.statuses)}")
        stub.life = kills
        async with trial.relay(stub) as relay:
            await trial.settle(relay)
        _check_repeats(trial, stub)


def _check_repeats(trial: Trial, stub: Datadog) -> None:
    """A record comes twice only if its request was under way when the process was killed."""
    arrivals = stub.seen.arrivals
    last_life = {id_: arrival.life for arrival in arrivals for id_ in arrival.ids}
    unsettled = Counter(
        arrival.life for arrival in arrivals if any(last_life[id_] > arrival.life for id_ in arrival.ids)
    )
    most = max(unsettled.values(), default=0)
    trial.expect(most <= IN_FLIGHT, f"{most} requests of one process came again, more than were under way")
    in_life = Counter((arrival.life, id_) for arrival in arrivals for id_ in arrival.ids)
    trial.expect(max(in_life.values()) == 1, "one process sent a record twice")


async def sigterm(trial: Trial) -> None:
    """SIGTERM under load: exit code 0, and nothing is lost."""
    rounds = trial.size(2, 10)
    async with run_datadog() as stub:
        for stub.life in range(rounds):
            async with trial.relay(stub) as relay, load(relay.url, trial.ledger):
                await trial.more_accepted(trial.random.randrange(50, 400))
                code = await relay.end()
                trial.expect(code == 0, f"exit code {code}")
        stub.life = rounds
        async with trial.relay(stub) as relay:
            await trial.settle(relay)
        # a request that was answered before the end was acknowledged before it
        trial.expect(stub.seen.copies.total() == len(stub.seen.copies), "a SIGTERM led to repeats")


async def sigterm_twice(trial: Trial) -> None:
    """The second SIGTERM ends it at once, though Datadog has not answered yet."""
    async with run_datadog() as stub:
        stub.become(datadog.black_hole)
        async with trial.relay(stub) as relay:
            await post_many(relay.url, trial.ledger, trial.ledger.events(200))
            await trial.until(lambda: stub.seen.requests > 0, "Datadog has a request")
            loop = asyncio.get_running_loop()
            relay.send(signal.SIGTERM)
            began = loop.time()

            async def takes_no_more() -> bool:
                return relay.ended is not None or await relay.status("/livez") == 0

            await trial.until(takes_no_more, "the first SIGTERM closes the door")
            relay.send(signal.SIGTERM)
            code = await relay.wait()
            took = loop.time() - began
            # the only bound in seconds that is a promise: shorter than what the first signal grants
            trial.expect(took < DRAIN_SECONDS, f"ended {took:.1f} s after the first SIGTERM, not at once")
            trial.expect(code == 0, f"exit code {code}")
        stub.become(datadog.take)
        async with trial.relay(stub) as relay:
            await trial.settle(relay)


async def sighup(trial: Trial) -> None:
    """SIGHUP under load: connections stay, and the token and the key are read again."""
    token, key = trial.folder / "token", trial.folder / "key"
    _write(token, "old-token")
    _write(key, "old-key")
    async with run_datadog(keys=["old-key"]) as stub:
        files = {"RELAY_TOKEN_FILE": str(token), "DD_API_KEY_FILE": str(key)}
        async with trial.relay(stub, **files) as relay, connect(relay.url) as connection:
            await _post_with(trial, connection, "old-token", 202)
            async with _load_with(trial, relay.url, "old-token") as broken:
                await trial.more_accepted(trial.size(100, 5_000))
                _write(token, "new-token")
                _write(key, "new-key")
                stub.keys = {"new-key"}
                relay.send(signal.SIGHUP)

                async def new_token_is_good() -> bool:
                    async with connect(relay.url) as other:
                        events = trial.ledger.events(1)
                        answer = await other.post(body(events), "new-token")
                    if answer.status == 202:
                        trial.ledger.accept(events)
                    return answer.status == 202

                await trial.until(new_token_is_good, "the new token lets in")
            trial.expect(not broken, f"connections were dropped: {broken[:1]}")
            await _post_with(trial, connection, "new-token", 202)
            await _post_with(trial, connection, "old-token", 403)
            await trial.until(lambda: "new-key" in stub.seen.keys, "Datadog gets the new key")
            await trial.settle(relay)


@asynccontextmanager
async def _load_with(trial: Trial, url: str, token: str) -> AsyncIterator[list[str]]:
    """Post on keep-alive connections; gives what broke them. A token that is no longer good breaks none."""
    broken: list[str] = []
    stop = asyncio.Event()

    async def post_on() -> None:
        try:
            async with connect(url) as connection:
                while not stop.is_set():
                    events = trial.ledger.events(1)
                    answer = await connection.post(body(events), token)
                    if answer.status == 202:
                        trial.ledger.accept(events)
                    elif answer.status != 403:
                        broken.append(f"status {answer.status}")
        except OSError as error:
            broken.append(str(error))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(post_on())
        try:
            yield broken
        finally:
            stop.set()


async def _post_with(trial: Trial, connection: Connection, token: str, status: int) -> None:
    events = trial.ledger.events(1)
    answer = await connection.post(body(events), token)
    if answer.status == 202:
        trial.ledger.accept(events)
    trial.expect(answer.status == status, f"{token} is answered {answer.status}, not {status}")


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, as those who turn secrets over do."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


async def two_relays(trial: Trial) -> None:
    """A second relay on the same spool ends, and says why; the first does not care."""
    async with run_datadog() as stub, trial.relay(stub) as relay:
        try:
            async with trial.relay(stub):
                raise RowFailed("a second relay serves on the same spool")
        except RuntimeError as error:
            said = str(error)
        trial.expect("ended with 0" not in said, "the second relay ended with 0")
        trial.expect("in use" in said, f"the second relay did not say why it ended: {said[-120:]}")
        answer = await post(relay.url, trial.ledger, trial.ledger.events(1))
        trial.expect(answer.status == 202, f"the first relay answers {answer.status}")
        await trial.settle(relay)


ROWS = (
    Row("kill", "SIGKILL under load, started again on the same spool", kill),
    Row("sigterm", "SIGTERM under load, started again", sigterm),
    Row("sigterm-twice", "two SIGTERM while Datadog does not answer", sigterm_twice),
    Row("sighup", "SIGHUP under load; the files of token and key were rewritten", sighup),
    Row("two-relays", "a second relay on the same spool", two_relays),
)
