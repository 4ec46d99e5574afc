"""Finds what people have started in a notebook server and what still runs.

Every process that comes from a kernel or a terminal counts as a job until it ends, a silent one too. Three kinds are no
jobs of their own. What waits for a person (shells, editors, pagers) counts while it computes, and so does a kernel: its
cells are Jupyter's to know. What a library keeps ready in a kernel, such as a pool's workers, counts while it computes
at all or speaks to another machine.
"""

import ipaddress
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil

# Everything that is started after the extension was loaded inherits this variable, wherever it ends up in the tree.
MARK = "ATOLL_ACTIVITY"

# Shares of one core. An idle kernel needs less than the first for its own upkeep, an idle worker of a pool nothing.
COMPUTES = 0.05
WORKS = 0.001
# Rates over less than this say nothing.
_WINDOW_SECONDS = 1.0
_LONGEST_COMMAND = 60
# How a kernel is named that computes while no cell of it runs.
BACKGROUND = "a kernel in the background"

_SHELLS = {"bash", "dash", "fish", "ksh", "sh", "tcsh", "zsh"}
_WAITING = {
    "emacs", "htop", "joe", "less", "man", "mc", "micro", "more", "most", "nano", "nvim", "screen", "tmux", "top",
    "vi", "view", "vim",
}  # fmt: skip
_AGENTS = {"dbus-daemon", "git-credential-cache--daemon", "gpg-agent", "ssh-agent"}
_POOLS = (
    "joblib.externals.loky",
    "multiprocessing.forkserver",
    "multiprocessing.resource_tracker",
    "multiprocessing.spawn",
)
# Other programs are their clients.
_SERVICES = ("debugpy", "pyspark-shell")
_INTERPRETERS = {"bash", "java", "julia", "node", "perl", "python", "Rscript", "ruby", "sh"}


@dataclass(frozen=True)
class Job:
    """A process that somebody started. Its command is shortened to program and script: arguments may hold secrets."""

    pid: int
    command: str
    origin: str


class Processes:
    """Looks again and again, and remembers how much each process had computed when it looked before."""

    def __init__(self, mark: str, server: int | None = None, clock: Callable[[], float] = time.monotonic):
        self._mark = mark
        self._server = server or os.getpid()
        self._clock = clock
        # By process id and start time: when it was looked at, the CPU time until then, and the rate before that.
        self._seen: dict[tuple[int, float], tuple[float, float, float]] = {}

    def jobs(self, kernels: set[int], shells: set[int]) -> list[Job]:
        """What runs now. kernels and shells are the process ids of Jupyter's own kernels and terminals."""
        found = {p.pid: p for p in psutil.process_iter(["ppid", "create_time", "cmdline", "name", "status"])}
        parents = {pid: p.info["ppid"] for pid, p in found.items()}
        rates = self._rates(found)
        jobs = []
        for pid, process in found.items():
            if pid == self._server or process.info["status"] in (psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED):
                continue
            origin = self._origin(process, parents, kernels, shells)
            if not origin:
                continue
            line = process.info["cmdline"] or [process.info["name"] or ""]
            kernel = found.get(parents[pid]) if parents[pid] in kernels else None
            if pid in kernels or is_waiting(line):
                works = rates.get(pid, 0) >= COMPUTES
            elif is_pooled(line, kernel.info["cmdline"] if kernel else None):
                works = rates.get(pid, 0) >= WORKS or bool(connections(process) - connections(kernel))
            else:
                works = True
            if works:
                jobs.append(Job(pid, BACKGROUND if pid in kernels else describe(line), origin))
        return sorted(jobs, key=lambda job: job.pid)

    def _origin(self, process: psutil.Process, parents: Mapping[int, int], kernels: set[int], shells: set[int]) -> str:
        """Where a process comes from: kernel, terminal, or detached from both; empty where no person started it."""
        top = process.pid
        for _ in range(len(parents)):
            if top in kernels:
                return "kernel"
            if top in shells:
                return "terminal"
            parent = parents.get(top)
            if parent == self._server:
                # Jupyter's own helpers, such as language servers.
                return ""
            if parent not in parents:
                break
            top = parent
        return "detached" if self._is_marked(process) else ""

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self._mark
        except psutil.Error:
            return False

    def _rates(self, found: Mapping[int, psutil.Process]) -> dict[int, float]:
        """How much of a core each process used since it was last looked at; nothing at the first look."""
        now, seen = self._clock(), {}
        for pid, process in found.items():
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            key, used = (pid, process.info["create_time"]), times.user + times.system
            then, before, rate = self._seen.get(key, (now, used, 0.0))
            if now - then >= _WINDOW_SECONDS:
                rate = (used - before) / (now - then)
                then, before = now, used
            seen[key] = (then, before, rate)
        self._seen = seen
        return {pid: rate for (pid, _), (_, _, rate) in seen.items()}


def is_waiting(line: list[str]) -> bool:
    """Whether a program waits for a person or serves other programs, and does no work of its own accord."""
    name = program(line)
    if name in _SHELLS:
        # With a script or a command a shell is a program like any other.
        return all(a.startswith("-") and not a.startswith("-c") for a in line[1:])
    return name in _WAITING or name in _AGENTS or any(word in a for word in _SERVICES for a in line)


def is_pooled(line: list[str], kernel: list[str] | None) -> bool:
    """Whether a library keeps the process ready for work: by its command, or by being a copy of its kernel."""
    return (bool(kernel) and line == kernel) or any(word in arg for word in _POOLS for arg in line)


def connections(process: psutil.Process | None) -> set[tuple]:
    """The open connections of a process to other machines."""
    try:
        found = process.net_connections("inet") if process else []
    except psutil.Error:
        return set()
    return {
        (c.laddr, c.raddr)
        for c in found
        if c.status == psutil.CONN_ESTABLISHED and c.raddr and not ipaddress.ip_address(c.raddr.ip).is_loopback
    }


def program(line: list[str]) -> str:
    """The name of a program, without folder, the login shell's dash, what tmux adds, and Python's version."""
    words = os.path.basename(line[0]).split() if line and line[0] else []
    name = words[0].lstrip("-").rstrip(":") if words else ""
    return "python" if name.startswith("python") else name


def describe(line: list[str]) -> str:
    """A command as it may be shown to others: the program, and for an interpreter its script or module."""
    name = program(line) or "a program"
    script = ""
    if name in _INTERPRETERS:
        rest = iter(line[1:])
        for argument in rest:
            if argument == "-m" and name == "python":
                script = f"-m {next(rest, '')}"
                break
            if argument.startswith("-c"):
                break
            if not argument.startswith("-"):
                script = os.path.basename(argument)
                break
    return f"{name} {script}".strip()[:_LONGEST_COMMAND]
