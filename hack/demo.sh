#!/usr/bin/env bash
# The demo: from nothing to a first notebook, and back to nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

NAME=demo
STATE=build/demo
LOGS=build/logs/demo
QUICKSTART=examples/quickstart
RUN=/var/lib/atoll-cluster/$NAME
export KUBECONFIG=$RUN/kubeconfig
export TF_CLI_CONFIG_FILE=$PWD/build/terraform.rc
export TF_DATA_DIR=$PWD/$STATE/terraform
export TF_IN_AUTOMATION=1
export TF_VAR_kubeconfig=$KUBECONFIG TF_VAR_context=atoll-$NAME

require_root() {
	[ "$(id -u)" -eq 0 ] && return
	echo "The demo starts a kubelet and real containers, so it needs root: sudo make demo" >&2
	exit 1
}

terraform_run() {
	"$TERRAFORM" -chdir="$QUICKSTART" "$@"
}

apply() {
	# A lock from an earlier run names the checksum of an earlier build of the provider.
	rm -f "$QUICKSTART/.terraform.lock.hcl"
	terraform_run init -input=false -no-color
	terraform_run apply -auto-approve -input=false -no-color -state="$PWD/$STATE/terraform.tfstate"
}

password_of() {
	bin/assets/kubectl -n atoll-system get secret keycloak-people -o "go-template={{index .data \"$1\" | base64decode}}"
}

first_cell() {
	password_of ada | bin/firstcell -hub "$HUB" -user ada -workspace fraud \
		-code 'import pandas; print("pandas", pandas.__version__, "says", 6 * 7)'
}

up() {
	require_root
	. hack/steps.sh
	mkdir -p "$STATE"
	echo "Atoll $(cat VERSION): from nothing to a notebook. Logs are in $LOGS."
	echo "The first run compiles Kubernetes and builds the images: about half an hour on two cores. Later runs take minutes."
	step "Build the installer, the operator and the provider" make build mirror tools-terraform
	step "Build Kubernetes and the local cluster's command" make cluster-bins assets
	step "Build the demo's client" go build -C test/e2e -o "$PWD/bin/firstcell" ./cmd/firstcell
	step "Build the images" make images
	step "Start a local Kubernetes with a real node" bin/atoll-cluster up --name "$NAME" --nodes real
	step "Load the images" bin/atoll-cluster load --name "$NAME" build/images/*.tar
	step "Lay the platform down: atoll bootstrap" bin/atoll bootstrap -f "$QUICKSTART/platform.yaml" --context "atoll-$NAME"
	step "Create profiles and workspaces: terraform apply" apply
	HUB=$(bin/assets/kubectl get workspace fraud -o jsonpath='{.status.hubURL}')
	HUB=${HUB%/hub/home}
	step "Start ada's server in the workspace fraud and run a cell" first_cell
	cat <<-NEXT

	$(tail -n 1 "$LOGS"/*ada-s-server*.log)   ← printed by a cell in ada's server

	Where to go next
	  Hub          $HUB
	  Sign in      as ada (member of fraud), bob (in by the group analysts) or eve (marketing only);
	               a person's password:
	               kubectl -n atoll-system get secret keycloak-people -o go-template='{{index .data "ada" | base64decode}}'
	  kubectl      export KUBECONFIG=$KUBECONFIG PATH=$PWD/bin/assets:\$PATH
	               kubectl get workspaces,profiles
	  The platform bin/atoll status --context atoll-$NAME
	  As code      $QUICKSTART/main.tf; change it and run make demo again
	  Remove it    make demo-down
	NEXT
}

down() {
	require_root
	. hack/steps.sh
	if [ ! -x bin/atoll-cluster ]; then
		step "Build the local cluster's command" make bin/atoll-cluster
	fi
	step "Stop the local Kubernetes and remove its files" bin/atoll-cluster down --name "$NAME"
	rm -rf "$STATE" "$LOGS" "$QUICKSTART/.terraform.lock.hcl"
	echo "The demo is gone. What was built stays in bin/ and build/ (make clean removes it)."
}

case "${1:-}" in
up) up ;;
down) down ;;
*)
	echo "usage: hack/demo.sh up|down" >&2
	exit 2
	;;
esac
