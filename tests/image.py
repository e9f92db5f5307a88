"""A container image without a container engine: a Dockerfile's steps, carried out in a directory.

Reads only what this project's Dockerfile uses: FROM, ARG-less ENV, RUN in shell form, COPY, WORKDIR, and lists
in exec form. Every absolute path is moved under one directory; a virtual environment stands in for the base
image's Python.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import venv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instruction:
    """One of a Dockerfile's: its name, its `--flag=value` options, and what follows them on one line."""

    name: str
    flags: dict[str, str]
    rest: str

    @property
    def words(self) -> list[str]:
        """What follows: the list of the exec form, else split as a shell would."""
        rest = self.rest.removeprefix("CMD ")  # of a HEALTHCHECK
        found: list[str] = json.loads(rest) if rest.startswith("[") else shlex.split(rest)
        return found


@dataclass(frozen=True, slots=True)
class Stage:
    """From one FROM to the next. `image` is where it begins, through the stages before it."""

    image: str
    name: str
    instructions: tuple[Instruction, ...]

    def all(self, name: str) -> list[Instruction]:
        """Its instructions of that name."""
        return [one for one in self.instructions if one.name == name]

    def last(self, name: str) -> Instruction:
        """The one that counts, where a later one replaces an earlier one."""
        return self.all(name)[-1]

    @property
    def env(self) -> dict[str, str]:
        """What its ENVs set."""
        return dict(word.split("=", 1) for one in self.all("ENV") for word in one.words)


def stages(dockerfile: str) -> list[Stage]:
    """Read a Dockerfile."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.MULTILINE)  # also between continued lines
    read: dict[str, Stage] = {}
    for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            image, _, alias = rest.partition(" AS ")
            before = read.get(image)
            stage = Stage(
                before.image if before else image,
                alias or f"stage {len(read)}",
                before.instructions if before else (),
            )
        else:
            flags, rest = _flags(rest)
            stage = Stage(stage.image, stage.name, (*stage.instructions, Instruction(name, flags, rest)))
        read[stage.name] = stage
    return list(read.values())


def _flags(rest: str) -> tuple[dict[str, str], str]:
    flags = {}
    while found := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
        flags[found[1]] = found[2]
        rest = rest[found.end() :]
    return flags, rest


def let_through(dockerignore: str, paths: Iterable[str]) -> list[str]:
    """The paths that are no part of what is kept out: the last pattern that fits a path or a parent decides."""
    lines = [line.strip() for line in dockerignore.splitlines()]
    rules = [
        (line.startswith("!"), re.compile(_as_regex(line.removeprefix("!").strip("/"))))
        for line in lines
        if line and not line.startswith("#")
    ]

    def passes(path: str) -> bool:
        passed = True
        parts = path.split("/")
        prefixes = ["/".join(parts[: number + 1]) for number in range(len(parts))]
        for lets_in, pattern in rules:
            if any(pattern.fullmatch(prefix) for prefix in prefixes):
                passed = lets_in
        return passed

    return [path for path in paths if passes(path)]


def _as_regex(pattern: str) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda found: known.get(found[0], re.escape(found[0])), pattern)


def files(folder: Path) -> Iterator[str]:
    """Every file below, by its relative path."""
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name).relative_to(folder).as_posix()


class Build:
    """Carries stages out, each in a new `root`; what an earlier one left is kept for COPY --from.

    Attributes:
        root: what `/` has become.
        python: the bin directory of what stands in for the base image's Python.
    """

    def __init__(self, folder: Path, project: Path) -> None:
        self.root = folder / "root"
        self.python = folder / "python" / "bin"
        self._folder = folder
        self._workdir = self.root
        self._context = folder / "context"
        for path in let_through((project / ".dockerignore").read_text(), files(project)):
            (self._context / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / path, self._context / path)
        venv.create(folder / "python", with_pip=True, symlinks=True)

    def moved(self, text: str) -> str:
        """The text with each absolute path moved under the root."""
        return re.sub(r"(?<![\w./])/(?=\w)", f"{self.root}/", text)

    def env(self, stage: Stage) -> dict[str, str]:
        """The environment that the stage sets, with its paths moved."""
        path = f"{self.python}:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": path} | {
            name: self.moved(value).replace("$PATH", path) for name, value in stage.env.items()
        }

    def run(self, command: str) -> None:
        """Run a shell command as a RUN does, with this process's own settings for pip.

        Raises:
            subprocess.CalledProcessError: it failed.
        """
        env = {**os.environ, "PATH": f"{self.python}:{os.environ['PATH']}"}
        for name in ("VIRTUAL_ENV", "PYTHONPATH"):
            env.pop(name, None)
        shell = ["/bin/sh", "-c", self.moved(command)]
        subprocess.run(
            shell,
            cwd=self._workdir,
            env=env,
            umask=0o022,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def carry_out(self, stage: Stage, *, runs: bool = True) -> None:
        """Do what the stage's COPY, WORKDIR and, unless told otherwise, RUN say.

        Raises:
            subprocess.CalledProcessError: a RUN failed.
        """
        self._workdir = self.root
        self.root.mkdir()
        for instruction in stage.instructions:
            match instruction.name:
                case "WORKDIR":
                    self._workdir = Path(self.moved(instruction.rest))
                    self._workdir.mkdir(parents=True, exist_ok=True)
                case "COPY":
                    self._copy(instruction)
                case "RUN" if runs:
                    self.run(instruction.rest)

    def put_away(self, stage: Stage) -> None:
        """Begin anew with an empty root, keeping what the stage made."""
        self.root.rename(self._folder / stage.name)

    def _copy(self, copy: Instruction) -> None:
        *sources, target = copy.words
        origin = self._folder / copy.flags["from"] if "from" in copy.flags else self._context
        to = self._workdir / self.moved(target)
        to.parent.mkdir(parents=True, exist_ok=True)
        for source in sources:
            path = origin / source.lstrip("/")
            if path.is_dir():
                shutil.copytree(path, to, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy2(path, to / path.name if target.endswith("/") else to)
