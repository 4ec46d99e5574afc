#!/usr/bin/env bash
# Every test there is, cheapest first. A failing suite does not hide the others.
set -euo pipefail
cd "$(dirname "$0")/.."
LOGS=build/logs/test
. hack/steps.sh

passed=0 failed=0
suite() {
	if step "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

if [ "$(id -u)" -ne 0 ]; then
	echo "The tests start a kubelet and real containers, so they need root: sudo make test" >&2
	exit 1
fi

echo "Every test of Atoll $(cat VERSION). Logs are in $LOGS."
step "Build Kubernetes, for a real API server and real nodes" make cluster-bins assets
step "Build Terraform's command where there is none" make tools-terraform
suite "Go: API, operator, provider, installer, charts" make test-unit
suite "Python: the hub's glue against the real JupyterHub" make test-hub
suite "Python: schedules as DAGs in the real Airflow" make test-airflow
suite "Grants: every evaluator says the same" make test-grants
suite "Terraform modules: validated, planned and applied without an account" make test-modules
suite "Python: notebooks of runs with the real papermill" make test-runner
suite "Local cluster: up, kill, network policy, down" make test-cluster
step "Build the binaries and the images" make build mirror images tofu tools-browser
suite "End to end: the whole platform on a real cluster" make test-e2e

echo "Not run: make test-aws, which makes a platform in a real AWS account and needs one."
echo "Not run: make test-trino, which needs the large image of the query engine."
echo "Not run: make test-snapshots, which builds a storage driver and what drives it."
grep -hE '^(ok|---|FAIL|PASS|=+ .*(passed|failed))' "$LOGS"/*.log | grep -vE '^(ok.*no test files)' || true
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
