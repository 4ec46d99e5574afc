#!/bin/bash
# Runs helm lint over every chart, with the library chart beside it as the installer would put it. HELM is the helm to run.
set -euo pipefail

cd "$(dirname "$0")/../../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r charts "$copy/"
for chart in "$copy"/charts/*/*/Chart.yaml; do
  mkdir -p "$(dirname "$chart")/charts"
  cp -r charts/lib "$(dirname "$chart")/charts/atoll-lib"
done
cd "$copy/charts"
"$HELM" lint --strict --quiet lib $(dirname */*/Chart.yaml)
