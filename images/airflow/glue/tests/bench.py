"""How long Airflow takes to read schedules, with 10, 100 and 1,000 of them: prints lines as Go's benchmarks do.

The DAG processor is the real one, in processes of its own, with the API server of the tests. Its database is SQLite.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from api_server import ApiServer
from schedules import Schedules, task

SIZES = tuple(int(n) for n in os.environ.get("ATOLL_BENCH_SIZES", "10,100,1000").split(","))
PER_WORKSPACE = 20
CHANGES = 5
LIMIT = 1800
# The command beside this Python, whatever is on the PATH.
AIRFLOW = str(Path(sys.executable).with_name("airflow"))


def environment(home: Path, server: ApiServer) -> dict[str, str]:
    host, _, port = server.url.removeprefix("https://").partition(":")
    account = home / "account"
    account.mkdir()
    (account / "token").write_text(server._token)
    (account / "ca.crt").symlink_to(server._authority)
    bundle = (
        '[{"name": "schedules", "classpath": "atoll_airflow.bundle.ScheduleBundle", "kwargs": {"refresh_interval": 1}}]'
    )
    return os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(home / "bundles"),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": bundle,
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "86400",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
        "ATOLL_SERVICE_ACCOUNT": str(account),
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": port,
    }


def wait_for(home: Path, query: str, *arguments: str, want: int) -> float:
    started = time.monotonic()
    while time.monotonic() - started < LIMIT:
        with sqlite3.connect(f"file:{home / 'airflow.db'}?mode=ro", uri=True) as database:
            if database.execute(query, arguments).fetchone()[0] == want:
                return time.monotonic() - started
        time.sleep(0.05)
    sys.exit(f"not within {LIMIT} s: {query} {arguments}")


def measure(schedules: Schedules, server: ApiServer, size: int) -> None:
    home = Path(tempfile.mkdtemp(prefix="atoll-bench-"))
    env = environment(home, server)
    subprocess.run([AIRFLOW, "db", "migrate"], env=env, check=True, capture_output=True)
    with (home / "processor.log").open("w") as log:
        processor = subprocess.Popen([AIRFLOW, "dag-processor"], env=env, stdout=log, stderr=log)
        try:
            first = wait_for(home, "SELECT count(*) FROM serialized_dag", want=size)
            changes = []
            for n in range(CHANGES):
                text = f"changed with {size} there"
                schedules.change("bench-0", f"s{n}", description=text)
                query = "SELECT count(*) FROM serialized_dag WHERE dag_id = ? AND data LIKE ?"
                changes.append(wait_for(home, query, f"bench-0.s{n}", f"%{text}%", want=1))
        finally:
            processor.terminate()
            processor.wait()
    one = []
    for n in range(3):
        run = f"s{n}-with-{size}"
        schedules.run("bench-0", f"s{n}", run, [task("load"), task("publish", "load")])
        one.append(parse(env, f"bench-0.s{n}", run))
    print(
        f"BenchmarkAirflowReads/{size}-{os.cpu_count()} 1 {first:.2f} s/all {first / size:.3f} s/schedule"
        f" {median(changes):.2f} s/change {median(one):.3f} s/task",
        flush=True,
    )


def parse(env: dict[str, str], dag_id: str, run: str) -> float:
    """How long the pod of a task takes to have its DAG, without the start of Python."""
    program = (
        "import time; from airflow.dag_processing.bundles.manager import DagBundlesManager as M;"
        "from airflow.dag_processing.dagbag import DagBag; import atoll_airflow.loader;"
        "t = time.monotonic(); b = M().get_bundle('schedules'); b.initialize();"
        "f = next(b.path.glob('*.py')); d = DagBag(dag_folder=f, bundle_path=b.path, bundle_name='schedules');"
        "assert len(d.dags) == 1, d.import_errors; print(time.monotonic() - t)"
    )
    own = env | {
        "ATOLL_DAG": dag_id,
        "ATOLL_RUN": run,
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": tempfile.mkdtemp(),
    }
    done = subprocess.run([sys.executable, "-c", program], env=own, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    server = ApiServer(Path(tempfile.mkdtemp(prefix="atoll-bench-api-")))
    server.start()
    try:
        server.install_crds()
        schedules, made = Schedules(server), 0
        print("pkg: github.com/atoll-platform/atoll/images/airflow")
        for size in SIZES:
            while made < size:
                schedules.make(f"bench-{made // PER_WORKSPACE}", f"s{made}")
                made += 1
            measure(schedules, server, size)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
