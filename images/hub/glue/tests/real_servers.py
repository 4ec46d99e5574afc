"""Real notebook servers for the fake cluster: each pod is a process on a loopback address of its own."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from fakes import Cluster

ROOT = Path(__file__).parents[4]
VENV = ROOT / "build" / "venv-notebook"
ACTIVITY = ROOT / "images" / "notebook" / "activity"
PORT = 18888


class RealServers(Cluster):
    """Runs jupyterhub-singleuser of the notebook image's packages for each pod.

    Without the extension a server is like one of an image that Atoll knows nothing of.
    """

    def __init__(self, extension=True):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="atoll-servers-"))
        self.extension = extension
        self.processes = {}
        self._count = 0

    async def create_namespaced_pod(self, namespace, body):
        await super().create_namespaced_pod(namespace, body)
        self._count += 1
        address = f"127.0.7.{self._count}"
        key = f"{namespace}/{body.metadata.name}"
        pod = self.pods[key]
        pod["status"]["podIP"] = address
        pod["spec"]["containers"][0]["ports"][0]["containerPort"] = PORT
        self.processes[key] = self._run(key, namespace, address, body)

    def _run(self, key, namespace, address, body):
        home = self.folder / key
        home.mkdir(parents=True, exist_ok=True)
        container = body.spec.containers[0]
        env = {e.name: self._value(namespace, e) for e in container.env}
        path = urlsplit(env["JUPYTERHUB_SERVICE_URL"]).path
        env |= {
            "JUPYTERHUB_SERVICE_URL": f"http://{address}:{PORT}{path}",
            "JUPYTERHUB_ROOT_DIR": str(home),
            "HOME": str(home),
            "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}",
            "SHELL": "/bin/sh",
        }
        env["TEST_POD"] = f"{self.folder}/{key}/"
        if self.extension:
            env |= {"PYTHONPATH": str(ACTIVITY), "JUPYTER_CONFIG_PATH": str(ACTIVITY / "jupyter")}
        log = (self.folder / f"{body.metadata.name}-{namespace}.log").open("a")
        command = [str(VENV / "bin" / "jupyterhub-singleuser"), "--allow-root"]
        return subprocess.Popen(command, env=env, cwd=home, stdout=log, stderr=log, start_new_session=True)

    def _value(self, namespace, variable):
        if variable.value_from is None:
            return variable.value
        reference = variable.value_from["secretKeyRef"]
        return self.objects["Secret", namespace, reference["name"]].string_data[reference["key"]]

    async def delete_namespaced_pod(self, name, namespace, body, grace_period_seconds):
        await asyncio.to_thread(self.end, f"{namespace}/{name}")
        await super().delete_namespaced_pod(name, namespace, body, grace_period_seconds)

    def end(self, key):
        """A container's end takes all that runs in it."""
        process = self.processes.pop(key, None)
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._end_what_is_left(f"{self.folder}/{key}/")

    def _end_what_is_left(self, pod):
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"TEST_POD={pod}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                    os.kill(int(folder.name), signal.SIGKILL)
            except OSError:
                continue

    def close(self):
        for key in list(self.processes):
            self.end(key)
        shutil.rmtree(self.folder, ignore_errors=True)
