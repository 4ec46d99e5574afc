"""A real Kubernetes API: etcd and kube-apiserver from bin/assets, without nodes or controllers."""

import os
import secrets
import socket
import subprocess
import time
from pathlib import Path

import requests
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROOT = Path(__file__).parents[4]
_SERVICE_CIDR = "10.0.0.0/24"
_START_SECONDS = 90


def binaries() -> Path:
    """The folder with the binaries; AssertionError with what to do where one is missing."""
    folder = Path(os.environ.get("KUBEBUILDER_ASSETS", ROOT / "bin" / "assets"))
    for name in ("etcd", "kube-apiserver"):
        assert (folder / name).exists(), f"{folder / name} is missing: run `make assets`, or set KUBEBUILDER_ASSETS"
    return folder


def _ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class ApiError(Exception):
    """The API refused a call; the message holds its answer."""


class ApiServer:
    def __init__(self, folder: Path):
        self._folder = folder
        self._processes: list[subprocess.Popen] = []
        self._etcd_port, self._peer_port, self._port = _ports(3)
        self._token = secrets.token_hex()
        self._authority = folder / "certs" / "apiserver.crt"
        self.url = f"https://127.0.0.1:{self._port}"

    def start(self) -> None:
        folder = binaries()
        peer, client = f"http://127.0.0.1:{self._peer_port}", f"http://127.0.0.1:{self._etcd_port}"
        self._run(
            folder / "etcd",
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        )
        key = self._folder / "sa.key"
        key.write_bytes(
            rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
                Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
            )
        )
        tokens = self._folder / "tokens.csv"
        tokens.write_text(f"{self._token},admin,admin,system:masters\n")
        self._run(
            folder / "kube-apiserver",
            f"--etcd-servers={client}",
            f"--cert-dir={self._folder / 'certs'}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
            f"--service-cluster-ip-range={_SERVICE_CIDR}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=Priority",
        )
        self._wait()

    def _run(self, program: Path, *arguments: str) -> None:
        log = (self._folder / f"{program.name}.log").open("w")
        self._processes.append(
            subprocess.Popen([program, *arguments], stdout=log, stderr=log, cwd=self._folder, start_new_session=True)
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._ready():
            assert time.monotonic() < deadline, f"the API server is not ready: see its log in {self._folder}"
            time.sleep(0.2)

    def _ready(self) -> bool:
        try:
            return self.request("GET", "/readyz") == "ok"
        except (OSError, ApiError):
            return False

    def stop(self) -> None:
        """Kills both: nothing of theirs is kept, and a graceful end waits for watches."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def kubeconfig(self) -> Path:
        path = self._folder / "kubeconfig"
        context = {"name": "test", "context": {"cluster": "test", "user": "admin"}}
        cluster = {"name": "test", "cluster": {"server": self.url, "certificate-authority": str(self._authority)}}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [context],
            "clusters": [cluster],
            "users": [{"name": "admin", "user": {"token": self._token}}],
        }
        path.write_text(yaml.safe_dump(content))
        return path

    def request(self, method: str, path: str, body=None, content="application/json"):
        """Calls the API and returns its answer; ApiError where it refuses."""
        response = requests.request(
            method,
            self.url + path,
            json=body,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": content},
            verify=str(self._authority),
            timeout=10,
        )
        if not response.ok:
            raise ApiError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if "json" in response.headers["Content-Type"] else response.text

    def exists(self, path: str) -> bool:
        try:
            self.request("GET", path)
        except ApiError as err:
            if ": 404 " in str(err):
                return False
            raise
        return True

    def create(self, path: str, obj):
        """Creates an object with its status, which the API takes in a second call."""
        created = self.request("POST", path, obj)
        if "status" in obj:
            patch = {"status": obj["status"]}
            url = f"{path}/{obj['metadata']['name']}/status"
            created = self.request("PATCH", url, patch, "application/merge-patch+json")
        return created

    def install_crds(self) -> None:
        for path in sorted((ROOT / "api" / "crds").glob("*.yaml")):
            crd = yaml.safe_load(path.read_text())
            self.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
        deadline = time.monotonic() + _START_SECONDS
        for plural in ("workspaces", "profiles"):
            while not self.exists(f"/apis/atoll.dev/v1alpha1/{plural}"):
                assert time.monotonic() < deadline, f"{plural} are not served"
                time.sleep(0.1)
