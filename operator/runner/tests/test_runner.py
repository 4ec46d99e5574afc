"""Runs real notebooks with the real papermill, as a pod does. `make test-runner` has the packages of the notebook image."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import nbformat

RUNNER = Path(__file__).parent.parent / "runner.py"


class Runner(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.home = self.folder / "home" / "reports"
        self.home.mkdir(parents=True)
        self.last_word = self.folder / "last-word"

    def write(self, *cells: str, metadata: dict | None = None) -> None:
        notebook = nbformat.v4.new_notebook(metadata=metadata or {})
        notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        if cells:
            notebook.cells[0].metadata["tags"] = ["parameters"]
        nbformat.write(notebook, self.home / "notebook.ipynb")

    def start(self, parameters: dict | None = None, timeout: float = 60) -> subprocess.Popen:
        task = {
            "source": "reports/notebook.ipynb",
            "notebook": str(self.home / "notebook.ipynb"),
            "folder": str(self.home),
            "parameters": parameters or {},
            "timeout": f"{timeout}s",
            "timeoutSeconds": timeout,
        }
        (self.folder / "task.json").write_text(json.dumps(task))
        environment = os.environ | {"ATOLL_RUN_FOLDER": str(self.folder), "ATOLL_LAST_WORD": str(self.last_word)}
        return subprocess.Popen(
            [sys.executable, str(RUNNER)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run_task(self, **kwargs) -> tuple[int, dict]:
        process = self.start(**kwargs)
        _, self.stderr = process.communicate(timeout=120)
        said = json.loads(self.last_word.read_text()) if self.last_word.exists() else {}
        return process.returncode, said

    def output(self) -> nbformat.NotebookNode:
        return nbformat.read(self.folder / "output.ipynb", as_version=4)

    def text(self) -> str:
        return "".join(o.get("text", "") for cell in self.output().cells for o in cell.get("outputs", []))

    def test_parameters_arrive_with_their_types(self):
        self.write("day = None\nn = 0\nflag = False\nlist_ = []", "print(repr((day, n, flag, list_, __import__('os').getcwd())))")
        code, said = self.run_task(parameters={"day": "2026-03-29", "n": 1.5, "flag": True, "list_": ["a", {"b": 1}]})
        self.assertEqual((code, said), (0, {}), self.stderr)
        self.assertIn(f"('2026-03-29', 1.5, True, ['a', {{'b': 1}}], '{self.home.resolve()}')", self.text())

    def test_a_failing_cell_is_named_and_kept(self):
        self.write("x = 0", "print('before')", "def load():\n    return {}['price']\nload()", "print('never')")
        code, said = self.run_task()
        self.assertEqual(code, 1)
        self.assertEqual(said["reason"], "NotebookFailed")
        self.assertIn("cell 3 raised KeyError: 'price'", said["message"])
        self.assertIn("return {}['price']", said["message"])
        self.assertNotIn("\x1b", said["message"])
        self.assertIn("before", self.text())
        self.assertNotIn("never\n", self.text())
        errors = [o for cell in self.output().cells for o in cell.get("outputs", []) if o.output_type == "error"]
        self.assertEqual([e.ename for e in errors], ["KeyError"])

    def test_a_long_traceback_keeps_its_end(self):
        self.write("raise ValueError('x' * 10000 + ' the end')")
        _, said = self.run_task()
        self.assertLess(len(self.last_word.read_bytes()), 4096)
        self.assertIn("raised ValueError", said["message"])
        self.assertTrue(said["message"].rstrip().endswith("the end"), said["message"][-80:])

    def test_a_timeout_keeps_what_was_done(self):
        self.write("print('begun')", "import time\ntime.sleep(1000)")
        code, said = self.run_task(timeout=15)
        self.assertEqual((code, said["reason"]), (1, "TimedOut"))
        self.assertIn("timeout of 15s", said["message"])
        self.assertIn("begun", self.text())

    def test_being_told_to_end(self):
        self.write("print('begun')", "import time\ntime.sleep(1000)")
        process = self.start()
        deadline = time.monotonic() + 60
        while "begun" not in (self.text() if (self.folder / "output.ipynb").exists() else ""):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(json.loads(self.last_word.read_text())["reason"], "Disrupted")

    def test_no_notebook(self):
        code, said = self.run_task()
        self.assertEqual((code, said["reason"]), (1, "NotebookNotFetched"))
        self.assertIn("there is no notebook reports/notebook.ipynb", said["message"])

    def test_a_notebook_that_is_none(self):
        (self.home / "notebook.ipynb").write_text("not a notebook")
        code, said = self.run_task()
        self.assertEqual((code, said["reason"]), (1, "NotebookFailed"))

    def test_a_kernel_that_dies(self):
        self.write("x = 0", "import os\nos._exit(3)")
        code, said = self.run_task()
        self.assertEqual((code, said["reason"]), (1, "NotebookFailed"))
        self.assertIn("died", said["message"].lower())

    def test_a_kernel_that_is_not_there(self):
        self.write("1", metadata={"kernelspec": {"name": "cobol", "display_name": "COBOL", "language": "cobol"}})
        code, said = self.run_task()
        self.assertEqual((code, said["reason"]), (1, "NotebookFailed"))
        self.assertIn("cobol", said["message"])


if __name__ == "__main__":
    unittest.main()
