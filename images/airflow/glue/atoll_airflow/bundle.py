"""The DAGs of all schedules, as a bundle of files that Airflow's DAG processor reads.

There is one file for each schedule, and all it says is which: the DAG is made of what the API server says at the
moment at which the file is read. A file's time is when this saw the schedule change, so that Airflow reads a file when
its schedule has changed and at no other time, however many there are.
"""

import hashlib
import os
from pathlib import Path

from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion

from atoll_airflow.cluster import Cluster
from atoll_airflow.names import WORKSPACE_PREFIX, parse_dag_id

ENGINE = "Airflow"
_FILE = '''"""DAG of schedule {schedule} of workspace {workspace}, from the airflow of Atoll."""

from atoll_airflow.loader import load

dag = load("{workspace}", "{schedule}")
'''


class ScheduleBundle(BaseDagBundle):
    """Follows the schedules whose engine is Airflow. In the pod of a task it has that task's schedule alone."""

    supports_versioning = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._seen: dict[str, str] = {}

    @property
    def path(self) -> Path:
        return self.base_dir / "dags"

    def initialize(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        if dag_id := os.environ.get("ATOLL_DAG"):
            self._write(*parse_dag_id(dag_id))
        super().initialize()

    def refresh(self) -> None:
        """Make the files those of the schedules that there are now."""
        now = {}
        for schedule in Cluster.own().schedules():
            meta = schedule["metadata"]
            if schedule["spec"].get("engine") != ENGINE or not meta["namespace"].startswith(WORKSPACE_PREFIX):
                continue
            workspace = meta["namespace"].removeprefix(WORKSPACE_PREFIX)
            # A schedule that was made anew counts its generations from 1 again.
            now[f"{workspace}.{meta['name']}"] = f"{meta['uid']}:{meta['generation']}"
        for dag_id, version in now.items():
            if self._seen.get(dag_id) != version:
                self._write(*parse_dag_id(dag_id))
        for file in self.path.glob("*/*.py"):
            if f"{file.parent.name}.{file.stem}" not in now:
                file.unlink()
        self._seen = now
        if mark := os.environ.get("ATOLL_REFRESHED"):
            Path(mark).touch()

    def get_current_version(self) -> BundleVersion:
        """What the schedules are now. A run of Airflow keeps to the DAG of the version at which it began."""
        text = "\n".join(f"{dag_id}:{version}" for dag_id, version in sorted(self._seen.items()))
        return BundleVersion(version=hashlib.sha256(text.encode()).hexdigest()[:32])

    def _write(self, workspace: str, schedule: str) -> None:
        file = self.path / workspace / f"{schedule}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(_FILE.format(workspace=workspace, schedule=schedule))
