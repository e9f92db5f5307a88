"""The image's promises. There is no container engine here, so `image.Build` carries the Dockerfile out.

What is installed that way is run with the Dockerfile's own environment, command and health check; and where
this process may make a mount namespace, as the Dockerfile's own user on a read-only root with one volume.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from image import Build, files, let_through, stages
from running import HEADERS, NOWHERE, TOKEN

PROJECT = Path(__file__).parents[1]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
_, BUILDER, LAST = stages(DOCKERFILE)
VOLUME = LAST.last("VOLUME").rest
USER, GROUP = LAST.last("USER").rest.split(":")

READ_ONLY = """
volume="$1" user="$2" group="$3"; shift 3
mount --make-rprivate / && mount --bind "$volume" "$volume" || exit
for place in $(cut -d' ' -f5 /proc/self/mountinfo); do
    [ "$place" = "$volume" ] || mount -o remount,bind,ro "$place" 2>/dev/null
done
cd "$volume" || exit
# the interpreter may live in somebody's home: so let this user read everything
exec setpriv --reuid="$user" --regid="$group" --clear-groups --bounding-set=-all,+dac_read_search \
    --inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search "$@"
"""
"""Runs a command in a mount namespace of its own: as the user, with every place but the volume read-only."""


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([hadolint, PROJECT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_both_stages_begin_with_the_same_python_of_a_pinned_minor_version() -> None:
    assert BUILDER.image == LAST.image
    assert re.fullmatch(r"python:3\.\d+-slim", LAST.image)


def test_no_package_index_is_named() -> None:
    assert not re.search(r"index-url|find-links|trusted-host|PIP_", DOCKERFILE)


def test_the_last_stage_takes_the_environment_and_nothing_else() -> None:
    assert [(copy.flags, copy.words) for copy in LAST.all("COPY")] == [
        ({"from": BUILDER.name}, ["/opt/relay", "/opt/relay"])
    ]
    commands = " ".join(run.rest for run in LAST.all("RUN"))
    assert not re.search(r"\b(apt|apt-get|gcc|make|curl|wget|pip install)\b", commands)


def test_the_user_is_a_number_and_not_root() -> None:
    assert int(USER) > 0
    assert int(GROUP) > 0


def test_what_is_written_goes_to_the_volume() -> None:
    assert LAST.env["RELAY_SPOOL"].startswith(f"sqlite:{VOLUME}/")
    assert {LAST.env["HOME"], LAST.env["TMPDIR"], LAST.last("WORKDIR").rest} == {VOLUME}


def test_the_port_that_is_exposed_is_the_one_that_is_listened_on() -> None:
    assert LAST.env["RELAY_BIND"] == f"0.0.0.0:{LAST.last('EXPOSE').rest}"


def test_it_is_started_asked_and_stopped_without_a_shell_between() -> None:
    assert LAST.last("ENTRYPOINT").rest == '["relay"]'
    assert LAST.last("CMD").rest == '["serve"]'
    assert LAST.last("HEALTHCHECK").rest == 'CMD ["relay", "check", "--running"]'
    assert LAST.last("STOPSIGNAL").rest == "SIGTERM"


def test_the_build_sees_the_sources_and_nothing_else() -> None:
    inside = ["LICENSE", "README.md", "datadog_assets/sandbox/app.py", "pyproject.toml", "relay/cli.py"]
    outside = [
        ".env",
        ".git/config",
        ".venv/bin/relay",
        "relay-spool.db",
        "relay/spool/__pycache__/sqlite.cpython-313.pyc",
        "tests/test_dockerfile.py",
    ]
    assert let_through((PROJECT / ".dockerignore").read_text(), [*outside, *inside]) == inside


@dataclass(frozen=True, slots=True)
class Container:
    """What was installed, ready to be run.

    Attributes:
        env: the Dockerfile's, and what its user must set.
        volume: where it may write.
        before: what is put before each command.
    """

    env: dict[str, str]
    volume: Path
    before: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.env['RELAY_BIND'].rpartition(':')[2]}/okta/events"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.before, *command],
            env=self.env,
            cwd=self.volume,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def health(self) -> int:
        """The exit code of the health check."""
        return self.run(*LAST.last("HEALTHCHECK").words).returncode

    @contextmanager
    def started(self) -> Iterator[subprocess.Popen[str]]:
        """Run what the image runs, ready to take events, until the block ends."""
        command = [*self.before, *LAST.last("ENTRYPOINT").words, *LAST.last("CMD").words]
        with subprocess.Popen(
            command, env=self.env, cwd=self.volume, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stderr
                assert any("Taking events on" in line for line in process.stderr), "it ended at once"
                yield process
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def build() -> Iterator[Build]:
    with tempfile.TemporaryDirectory(prefix="relay-image-") as folder:
        build = Build(Path(folder), PROJECT)
        try:
            build.carry_out(BUILDER)
        except subprocess.CalledProcessError as fault:
            try:
                build.run("pip download --no-deps hatchling")
            except subprocess.CalledProcessError:
                pytest.skip("pip reaches no package index, so nothing can be installed")
            pytest.fail(re.sub(r"\w+://\S+", "<address>", fault.output))
        build.put_away(BUILDER)
        build.carry_out(LAST, runs=os.geteuid() == 0)  # they make a directory for another user
        yield build


@pytest.fixture
def container(build: Build) -> Container:
    volume = Path(build.moved(VOLUME))
    for left in volume.iterdir():
        left.unlink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        bind = f"0.0.0.0:{free.getsockname()[1]}"
    given = {"DD_API_KEY": "key", "DD_API_URL": NOWHERE, "DD_LOGS_URL": NOWHERE, "RELAY_TOKEN": TOKEN}
    return Container({**build.env(LAST), **given, "RELAY_BIND": bind}, volume)


@pytest.fixture
def confined(container: Container) -> Container:
    """The same, as the image's user on a read-only root."""
    before = ("unshare", "--mount", "sh", "-c", READ_ONLY, "sh", str(container.volume), USER, GROUP)
    confined = replace(container, before=before)
    if os.geteuid() or confined.run("true").returncode:
        pytest.skip("needs root, and the right to make a mount namespace")
    return confined


@pytest.mark.slow
def test_both_commands_are_installed_and_compiled_and_readable_by_everybody(
    build: Build, container: Container
) -> None:
    for command in ("relay", "datadog-assets"):
        assert f"Usage: {command}" in container.run(command, "--help").stdout
    environment = Path(build.moved("/opt/relay"))
    installed = [environment / path for path in files(environment)]
    assert all(path.stat().st_mode & 0o004 for path in installed if not path.is_symlink())
    assert not [path for path in installed if "pip" in path.parts]
    sources = {path for path in installed if path.suffix == ".py"}
    compiled = {
        path.parent.parent / f"{path.name.split('.')[0]}.py" for path in installed if path.suffix == ".pyc"
    }
    assert any(path.name == "receiver.py" for path in sources)
    assert sources == compiled


@pytest.mark.slow
@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_the_health_check_tells_whether_a_relay_runs(container: Container, server: str) -> None:
    container.env["RELAY_SERVER"] = server
    assert container.health() == 1
    with container.started():
        assert container.health() == 0
    assert container.health() == 1


@pytest.mark.slow
def test_the_images_user_can_write_to_the_volume_and_nowhere_else(build: Build, confined: Container) -> None:
    nowhere = (build.root, build.moved("/opt/relay/lib"), build.python, "/tmp", "/var/tmp", "/dev/shm")
    for place in nowhere:
        assert "touch: " in confined.run("touch", f"{place}/written").stdout
    assert not confined.run("touch", f"{confined.volume}/written").returncode
    assert (confined.volume / "written").stat().st_uid == int(USER)


@pytest.mark.slow
def test_the_images_user_runs_the_relay_on_a_read_only_root_and_what_it_took_outlives_it(
    confined: Container,
) -> None:
    with confined.started() as relay:
        assert confined.health() == 0
        event = {"event_type": "FLOW_START"}
        assert httpx2.post(confined.url, headers=HEADERS, json=event).status_code == 202
        relay.terminate()
        assert relay.wait(30) == 0
    assert "1 waiting" in confined.run("relay", "check").stdout
    assert {path.name.partition(".")[0] for path in confined.volume.iterdir()} == {"spool"}
