import os
import secrets
import subprocess
import sys
import time

import psutil
import pytest

from atoll_activity import processes
from atoll_activity.processes import MARK, Processes, describe, is_pooled, is_waiting

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
SHELL = ["bash", "--norc", "-i", "-s"]
BURN = [sys.executable, "-c", "while True: pass"]


@pytest.fixture
def mark(monkeypatch):
    """A mark of the test's own; all that carries it is ended, wherever it went."""
    mine = secrets.token_hex(8)
    monkeypatch.setenv(MARK, mine)
    yield mine
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mine:
                process.kill()
        except psutil.Error:
            continue


@pytest.fixture
def start(mark):
    """Starts processes that carry the mark."""
    started = []

    def run(line, **options):
        process = subprocess.Popen(line, start_new_session=True, **options)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def eventually(check, what, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def children(pid):
    return [p.pid for p in psutil.Process(pid).children()]


@pytest.mark.parametrize("origin", ["kernel", "terminal"])
def test_a_silent_child_is_a_job_and_its_parent_is_none(start, mark, origin):
    parent = start(SHELL if origin == "terminal" else SLEEP, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    looker = Processes(mark)
    pids = {parent.pid}
    kernels, shells = (pids, set()) if origin == "kernel" else (set(), pids)
    assert looker.jobs(kernels, shells) == []
    if origin == "terminal":
        parent.stdin.write(b"sleep 50\n")
        parent.stdin.flush()
        job = eventually(lambda: looker.jobs(kernels, shells), "the child is seen")[0]
        assert (job.command, job.origin) == ("sleep", "terminal")


def test_a_job_stays_one_when_what_started_it_is_gone(start, mark, tmp_path):
    """As nohup python train.py & does, after its terminal was closed."""
    script = tmp_path / "train.py"
    script.write_text("import time\ntime.sleep(60)\n")
    parent = start(["bash", "-c", f"nohup {sys.executable} {script} >/dev/null 2>&1 & echo $!"], stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    parent.wait()

    def found():
        return [(j.command, j.origin) for j in Processes(mark).jobs(set(), set()) if j.pid == pid]

    try:
        # Until then it is the shell, and then nohup, on the way to becoming the script.
        eventually(lambda: psutil.Process(pid).cmdline() == [sys.executable, str(script)], "the script runs")
        assert found() == [("python train.py", "detached")]
        assert not [j for j in Processes("another").jobs(set(), set()) if j.pid == pid]
    finally:
        os.kill(pid, 9)


def test_what_the_server_itself_keeps_is_no_job(start, mark):
    """Language servers and the like are children of the server, and neither kernel nor terminal."""
    helper = start(SLEEP)
    assert helper.pid not in {j.pid for j in Processes(mark).jobs(set(), set())}


def test_a_suspended_job_is_none(start, mark):
    shell = start(SHELL, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    shell.stdin.write(b"sleep 50\n")
    shell.stdin.flush()
    looker = Processes(mark)
    job = eventually(lambda: looker.jobs(set(), {shell.pid}), "the child is seen")[0]
    os.kill(job.pid, 19)
    eventually(lambda: not looker.jobs(set(), {shell.pid}), "the stopped child no longer counts")
    os.kill(job.pid, 9)


def test_a_kernel_that_computes_without_a_cell_counts(start, mark):
    kernel = start(BURN)
    looker = Processes(mark)
    job = eventually(lambda: looker.jobs({kernel.pid}, set()), "the computing kernel is seen")[0]
    assert (job.pid, job.command) == (kernel.pid, processes.BACKGROUND)


def test_an_idle_kernel_does_not_count(start, mark):
    kernel = start(SLEEP)
    looker = Processes(mark)
    looker.jobs({kernel.pid}, set())
    time.sleep(1.1)
    assert looker.jobs({kernel.pid}, set()) == []


_POOL = """
import multiprocessing, sys, time
def burn(_):
    while True: pass
if __name__ == "__main__":
    pool = multiprocessing.get_context("fork").Pool(2)
    if sys.argv[1] == "work": pool.map_async(burn, [1])
    time.sleep(60)
"""


@pytest.mark.parametrize(("does", "counts"), [("wait", False), ("work", True)])
def test_workers_of_a_pool_count_while_they_work(start, mark, tmp_path, does, counts):
    script = tmp_path / "kernel.py"
    script.write_text(_POOL)
    kernel = start([sys.executable, str(script), does])
    workers = eventually(lambda: len(children(kernel.pid)) == 2 and children(kernel.pid), "the pool is there")
    looker = Processes(mark)

    def seen():
        return {j.pid for j in looker.jobs({kernel.pid}, set())} & set(workers)

    try:
        # What the workers use to come up counts too, for as long as that takes.
        looker.jobs({kernel.pid}, set())
        time.sleep(1.7)
        eventually(lambda: bool(seen()) is counts, "workers count while they work, and only then")
    finally:
        for worker in workers:
            os.kill(worker, 9)


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        (["bash"], True), (["-bash"], True), (["/bin/bash", "-l"], True), (["bash", "train.sh"], False),
        (["bash", "-c", "sleep 9"], False), (["vim", "notes.md"], True), (["less"], True), (["sleep", "9"], False),
        (["python3", "train.py"], False), (["ssh-agent"], True), (["tmux: server"], True), ([], False), ([""], False),
        (["java", "org.apache.spark.deploy.SparkSubmit", "pyspark-shell"], True),
    ],
)  # fmt: skip
def test_what_waits_for_a_person(line, waits):
    assert is_waiting(line) is waits


def test_copies_of_a_kernel_and_helpers_of_libraries_are_pooled():
    kernel = ["python3", "-m", "ipykernel_launcher", "-f", "x.json"]
    assert is_pooled(list(kernel), kernel)
    assert not is_pooled(list(kernel), None)
    assert not is_pooled(["python3", "train.py"], kernel)
    assert is_pooled(["python3", "-c", "from multiprocessing.spawn import spawn_main; spawn_main(...)"], kernel)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (["/opt/notebook/bin/python3.11", "-u", "/home/atoll/secret/train.py", "--password=x"], "python train.py"),
        (["python", "-m", "torch.run", "--token", "x"], "python -m torch.run"),
        (["python", "-c", "print('password')"], "python"),
        (["curl", "https://user:password@host/"], "curl"),
        (["bash", "run.sh"], "bash run.sh"),
        ([], "a program"),
        (["x" * 100], "x" * 60),
    ],
)
def test_commands_are_shown_without_their_arguments(line, shown):
    assert describe(line) == shown
