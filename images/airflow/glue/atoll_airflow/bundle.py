"""The DAGs of all schedules, as a bundle of files that Airflow's DAG processor reads.

However many schedules there are, there are at most _FILES files, since Airflow starts a process for each that it reads.
A file makes the DAGs of its share of the schedules out of the list beside it. This writes the list anew when it sees
one of them change, in the same step as the file's time, by which Airflow knows that it is to read it: so a list is
never older than what Airflow knows, and nothing is read that has not changed.
"""

import hashlib
import json
import os
import time
import zlib
from pathlib import Path

from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion

from atoll_airflow.cluster import Cluster
from atoll_airflow.names import WORKSPACE_PREFIX, dag_id

ENGINE = "Airflow"
_FILES = 32
# Airflow compares a file's time with the end of its last read, so that it misses a change that falls into a read. Each
# change is shown to it once more, after any read that had begun before it.
_AGAIN_SECONDS = 60
_FILE = '''"""DAGs of schedules, from the airflow of Atoll."""

from atoll_airflow.loader import load

globals().update(load(__file__))
'''


class ScheduleBundle(BaseDagBundle):
    """Follows the schedules whose engine is Airflow. In the pod of a task it has the file of that task's DAG alone."""

    supports_versioning = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._seen: dict[str, str] | None = None
        self._again: dict[Path, float] = {}

    @property
    def path(self) -> Path:
        return self.base_dir / "dags"

    def initialize(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        if dag := os.environ.get("ATOLL_DAG"):
            (self.path / file_of(dag)).write_text(_FILE)
        super().initialize()

    def refresh(self) -> None:
        """Make the files those of the schedules that there are now."""
        cluster = Cluster.own()
        # A schedule that was made anew counts its generations from 1 again.
        now = {key(meta): f"{meta['uid']}:{meta['generation']}" for meta in cluster.schedule_names()}
        if now != self._seen:
            self._write([s for s in cluster.schedules() if ours(s)])
            # A schedule that changed after it was named is written already, and once more at the next look.
            self._seen = now
        for file in [f for f, at in self._again.items() if time.monotonic() >= at]:
            del self._again[file]
            if file.exists():
                file.touch()
        if mark := os.environ.get("ATOLL_REFRESHED"):
            Path(mark).touch()

    def get_current_version(self) -> BundleVersion:
        """What the schedules are now. A run of Airflow keeps to the DAG of the version at which it began."""
        text = "\n".join(f"{name}:{version}" for name, version in sorted((self._seen or {}).items()))
        return BundleVersion(version=hashlib.sha256(text.encode()).hexdigest()[:32])

    def _write(self, schedules: list[dict]) -> None:
        """Write the lists that have changed, and remove the files that have none any more."""
        shares: dict[str, list[dict]] = {}
        for schedule in sorted(schedules, key=lambda s: key(s["metadata"])):
            meta = {name: schedule["metadata"][name] for name in ("namespace", "name", "uid", "generation")}
            shares.setdefault(file_of(key(meta)), []).append({"metadata": meta, "spec": schedule["spec"]})
        for name, share in shares.items():
            file, text = self.path / name, json.dumps(share)
            beside = file.with_suffix(".json")
            if beside.exists() and beside.read_text() == text:
                continue
            # The file first: what fails in between is then done again at the next look.
            file.write_text(_FILE)
            fresh = beside.with_suffix(".new")
            fresh.write_text(text)
            fresh.replace(beside)
            self._again[file] = time.monotonic() + _AGAIN_SECONDS
        for file in self.path.glob("*.py"):
            if file.name not in shares:
                file.unlink()
                file.with_suffix(".json").unlink(missing_ok=True)


def key(meta: dict) -> str:
    return dag_id(meta["namespace"].removeprefix(WORKSPACE_PREFIX), meta["name"])


def ours(schedule: dict) -> bool:
    return schedule["spec"].get("engine") == ENGINE and schedule["metadata"]["namespace"].startswith(WORKSPACE_PREFIX)


def file_of(dag: str) -> str:
    """The file that has a DAG: the same in the DAG processor and in the pod of a task."""
    return f"schedules_{zlib.crc32(dag.encode()) % _FILES:02}.py"
