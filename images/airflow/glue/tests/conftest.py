"""A real API server with schedules in it, and the real Airflow with a database of its own."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

# The command beside this Python, whatever is on the PATH.
AIRFLOW = str(Path(sys.executable).with_name("airflow"))

# Airflow reads its settings when it is imported.
_HOME = Path(tempfile.mkdtemp(prefix="atoll-airflow-"))
os.environ |= {
    "AIRFLOW_HOME": str(_HOME),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(_HOME / "bundles"),
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": (
        '[{"name": "schedules", "classpath": "atoll_airflow.bundle.ScheduleBundle", "kwargs": {}}]'
    ),
}
subprocess.run([AIRFLOW, "db", "migrate"], check=True, capture_output=True)

from api_server import ApiServer  # noqa: E402
from schedules import Schedules  # noqa: E402

from atoll_airflow.bundle import ScheduleBundle  # noqa: E402


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = ApiServer(tmp_path_factory.mktemp("api"))
    server.start()
    server.install_crds()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def schedules(server):
    return Schedules(server)


@pytest.fixture(autouse=True)
def account(server, tmp_path, monkeypatch):
    """What a pod finds of its ServiceAccount."""
    host, _, port = server.url.removeprefix("https://").partition(":")
    (tmp_path / "token").write_text(server._token)
    (tmp_path / "ca.crt").symlink_to(server._authority)
    monkeypatch.setenv("ATOLL_SERVICE_ACCOUNT", str(tmp_path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)


@pytest.fixture
def bundle(tmp_path):
    bundle = ScheduleBundle(name="schedules")
    bundle.base_dir = tmp_path / "bundle"
    bundle.initialize()
    return bundle
