"""Runs one notebook with papermill and says how it went.

The operator puts this file beside task.json into every run; of the profile's image it needs Python and papermill only.
The executed notebook is written after every cell, so that it is there however the run ends. What is to be said of the
end is one JSON object, {"reason", "message"}, in the file that Kubernetes shows as the container's termination message.
"""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

FOLDER = Path(os.environ.get("ATOLL_RUN_FOLDER", "/run/atoll"))
LAST_WORD = Path(os.environ.get("ATOLL_LAST_WORD", "/dev/termination-log"))
OUTPUT = FOLDER / "output.ipynb"
FAILURE = FOLDER / "failure.json"

# Kubernetes shows 4096 bytes; the JSON around the text needs some of them.
MESSAGE_BYTES = 3000
TRACEBACK_LINES = 15
# How long a notebook that is told to end may take before it is made to.
GRACE_SECONDS = 10
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def main() -> int:
    task = json.loads((FOLDER / "task.json").read_text())
    notebook = Path(task["notebook"])
    if not notebook.is_file():
        return end("NotebookNotFetched", f"there is no notebook {task['source']}")
    child = subprocess.Popen([sys.executable, __file__, "execute"], start_new_session=True)
    told = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: (told.append(True), stop(child)))
    try:
        code = child.wait(timeout=task["timeoutSeconds"])
    except subprocess.TimeoutExpired:
        stop(child)
        return end("TimedOut", f"it took longer than its timeout of {task['timeout']}, and was stopped")
    if code == 0:
        return 0
    if told:
        return end("Disrupted", "it was told to end before it had finished")
    if out_of_memory():
        return end("OutOfMemory", "it used more memory than its size has; choose a larger size, or load less at a time")
    if FAILURE.exists():
        failure = json.loads(FAILURE.read_text())
        return end(failure["reason"], failure["message"])
    return end("NotebookFailed", f"it ended with status {code} and said nothing")


def execute() -> int:
    """Runs in a process of its own, so that it can be stopped with all that it has started."""
    task = json.loads((FOLDER / "task.json").read_text())
    try:
        import papermill
        from papermill.exceptions import PapermillExecutionError
    except ImportError as err:
        return fail("NotebookFailed", f"the profile's image cannot run notebooks: {err}; add papermill to it")
    try:
        papermill.execute_notebook(
            task["notebook"],
            str(OUTPUT),
            parameters=task["parameters"],
            cwd=task["folder"],
            progress_bar=False,
            log_output=True,
            stdout_file=sys.stdout,
            stderr_file=sys.stderr,
            autosave_cell_every=15,
            **kernel(Path(task["notebook"])),
        )
    except PapermillExecutionError as err:
        traceback = plain("\n".join(err.traceback)).splitlines()[-TRACEBACK_LINES:]
        return fail(
            "NotebookFailed",
            f"cell {err.exec_count} raised {err.ename}: {plain(err.evalue)}\n" + "\n".join(traceback),
        )
    except Exception as err:  # noqa: BLE001 - whatever it is, the owner is told
        return fail("NotebookFailed", f"{type(err).__name__}: {plain(str(err))}")
    return 0


def kernel(notebook: Path) -> dict[str, str]:
    """The kernel and language of a notebook that names none: Python."""
    try:
        known = json.loads(notebook.read_text()).get("metadata", {})
    except (OSError, ValueError):
        return {}
    choice = {}
    if "name" not in known.get("kernelspec", {}):
        choice["kernel_name"] = "python3"
    if "language" not in known.get("kernelspec", {}) and "name" not in known.get("language_info", {}):
        choice["language"] = "python"
    return choice


def stop(child: subprocess.Popen) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(timeout=GRACE_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def out_of_memory() -> bool:
    """Whether the kernel of the machine has ended a process of this container for its memory."""
    for name in ("memory.events", "memory/memory.oom_control"):
        try:
            lines = (Path("/sys/fs/cgroup") / name).read_text().splitlines()
        except OSError:
            continue
        return any(line.startswith("oom_kill ") and line.split()[1] != "0" for line in lines)
    return False


def plain(text: str) -> str:
    return COLOURS.sub("", text)


def fail(reason: str, message: str) -> int:
    FAILURE.write_text(json.dumps({"reason": reason, "message": message}))
    return 1


def end(reason: str, message: str) -> int:
    print(f"{reason}: {message}", file=sys.stderr, flush=True)
    encoded = message.encode()
    if len(encoded) > MESSAGE_BYTES:
        # The end of a traceback says more than its beginning, and the first line says what it is of.
        head = message.splitlines()[0].encode()[: MESSAGE_BYTES // 4]
        tail = encoded[-(MESSAGE_BYTES - len(head) - 8) :]
        message = head.decode(errors="ignore") + "\n...\n" + tail.decode(errors="ignore")
    try:
        LAST_WORD.write_text(json.dumps({"reason": reason, "message": message}, ensure_ascii=False))
    except OSError as err:
        print(f"the reason could not be told: {err}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(execute() if sys.argv[1:] == ["execute"] else main())
