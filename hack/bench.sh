#!/usr/bin/env bash
# Every benchmark there is, and a page of docs made of what they print. What they need is built before.
# BENCH="plan apply" runs some of them again; the page keeps what the others printed last.
set -euo pipefail
cd "$(dirname "$0")/.."
LOGS=build/logs/bench
. hack/steps.sh

PAGE=docs/guide/performance.md
OUT=build/bench
RUNS=${BENCH_RUNS:-3}
ALL="small policy grants plan apply operator schedules airflow spawn"
# Soaks last for an hour or so and run when they are named.
SOAKS="soak"

if [ "$(id -u)" -ne 0 ]; then
	echo "The benchmarks start a kubelet and real containers, so they need root: sudo make bench" >&2
	exit 1
fi

# part NAME TITLE COMMAND... keeps what a command prints in the format of Go's benchmarks.
part() {
	local name=$1
	shift
	[[ " ${BENCH:-$ALL} " == *" $name "* ]] || return 0
	step "$@"
	grep -hE '^(goos|goarch|pkg|cpu):|^Benchmark\S+\s+[0-9]+\s' "$(ls -t "$LOGS"/*.log | head -1)" >"$OUT/$name.txt"
}

# go_part NAME TITLE FOLDER PATTERN [go test arguments...] runs the benchmarks of a folder once each.
go_part() {
	local name=$1 title=$2 folder=$3 pattern=$4
	shift 4
	part "$name" "$title" go test -C "$folder" -run '^$' -bench "$pattern" -benchtime 1x -timeout 3h "$@"
}

page() {
	cat <<-'TEXT'
		# Performance

		Made by `make bench`, not written by hand. Times are seconds where a figure says `s/`; `x-` figures are ratios of two runs
		taken side by side. `ATOLL_BENCH_SCALE=50 make bench` tries everything at a fiftieth of the size, and `BENCH="plan apply" make bench`
		runs some parts again.

		| benchmark | what it is |
		| --- | --- |
		| Policy | decisions about access to tables with 100, 10,000 and 100,000 grants on one core: in process, over HTTP, and what a start and a revocation cost |
		| PolicyBesideOPA | the same grants and requests given to the decision point and to OPA, each on one core: in process with OPA as a library, and an OPA server as a process of its own, with and without a log of decisions; `x-OPA` is how many times as many decisions a second; that all decisions are the same is checked before |
		| PolicyBatchesBesideOPA | the same servers asked about 100 tables, or 100 columns, at once, as Trino does when it lists tables or masks columns; a decision is one table or column |
		| GrantsCompile | 100,000 grants judged and compiled to policies of the object store and to the decision point's snapshot, in memory |
		| GrantsReconcile | 2,000 and 10,000 approved grants in a real API server, until an operator that starts then has all of them in a real ledger and in force at a real decision point; operator, API server, etcd, database and decision point share the machine; `cpu-ms` is what operator and decision point take of it |
		| Soak | the same with 100,000 grants: `BENCH=soak make bench` |
		| Plan | `terraform plan` over 2,000 applied objects, beside the same plan by a provider that answers from memory and by one that sends a GET for each |
		| Apply | `terraform apply -parallelism=32` of 2,000 workspaces, beside the time the operator needs for the same objects when they are created at once |
		| Operator | 5,000 workspaces, 25,000 people and 2,000 servers on simulated nodes |
		| Schedules | 1,000 schedules due in one minute and 1,000 CronJobs in another, on simulated nodes: how late their pods are made, and what the operator needs for it |
		| AirflowReads | Airflow's DAG processor with 10, 100 and 1,000 schedules: until it has read all, until it has one that has changed, and in the pod of a task |
		| Spawn | a person's server with a warm image, from the click until it answers |
		| Workspace, Settled | what a workspace costs the API server until it is ready, and once it is |
		| Refresh | what reading a workspace costs the API server during a plan |

	TEXT
	cat "$OUT"/*.txt | bin/bench-table
}

for name in ${BENCH:-}; do
	[[ " $ALL $SOAKS " == *" $name "* ]] || { echo "BENCH names $name; there are: $ALL $SOAKS" >&2 && exit 2; }
done
mkdir -p "$OUT"
go_part small "Operator and provider, small" . 'Workspace|Settled|Refresh' -count "$RUNS" ./operator/... ./provider/...
go_part policy "Decisions on access to tables" . Policy -count 1 ./operator/policy/
go_part grants "Grants compiled and in force" . Grants -count 1 ./operator/target/ ./operator/controller/datagrant/
go_part soak "100,000 grants in force" . Soak -count 1 ./operator/controller/datagrant/
go_part plan "A plan over many objects" . Plan -count "$RUNS" ./provider/internal/provider/
go_part apply "An apply of many objects" . Apply -count "$RUNS" ./test/bench/
go_part operator "The operator at the size of a bank" . Operator -count "$RUNS" ./test/bench/
go_part schedules "Schedules beside CronJobs" . Schedules -count 1 ./test/bench/
part airflow "Airflow reading schedules" env PYTHONPATH=images/airflow/glue:images/hub/glue/tests PATH="$PWD/build/venv-airflow/bin:$PATH" \
	build/venv-airflow/bin/python images/airflow/glue/tests/bench.py
go_part spawn "Starting a server" test/e2e Spawn -count 1 .
page >"$PAGE"
echo
cat "$PAGE"
