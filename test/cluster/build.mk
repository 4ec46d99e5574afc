# Builds the local cluster's programs. Included by the GNUmakefile at the root; paths are relative to it.
# Every module here is nested so that its Kubernetes version never reaches the root go.mod.

CLUSTER := test/cluster
KUBERNETES_VERSION := $(shell awk '$$1 == "k8s.io/kubernetes" {print $$2}' $(CLUSTER)/kubernetes/go.mod)
KUBERNETES_MINOR := $(word 2,$(subst ., ,$(KUBERNETES_VERSION)))

# Static: no C compiler is needed, and the same file runs on the host and in an image without a libc.
cluster_build = CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -tags notest,grpcnotrace
kubernetes_ldflags = -s -w $(foreach package,k8s.io/component-base/version k8s.io/client-go/pkg/version,\
	-X $(package).gitVersion=$(KUBERNETES_VERSION) -X $(package).gitMajor=1 -X $(package).gitMinor=$(KUBERNETES_MINOR) \
	-X $(package).gitTreeState=clean -X $(package).gitCommit=none)

cluster_sources := $(shell find $(CLUSTER)/main.go $(CLUSTER)/cmd $(CLUSTER)/internal -type f ! -name '*_test.go') $(CLUSTER)/go.mod $(CLUSTER)/go.sum

.PHONY: cluster-bins cluster-real-bins cluster-csi assets

cluster-real-bins: bin/atoll-cluster bin/kubernetes bin/cluster-addons bin/pause ## what a cluster with real nodes needs
cluster-bins: cluster-real-bins bin/kwok ## build the local cluster's programs
assets: bin/assets/etcd bin/assets/kube-apiserver bin/assets/kubectl ## what envtest starts (KUBEBUILDER_ASSETS=bin/assets)

# go build leaves a file that is up to date as it is, hence the touch.
bin/kubernetes: $(wildcard $(CLUSTER)/kubernetes/*)
	@echo "building $@: about 10 minutes on two cores when nothing is cached"
	cd $(CLUSTER)/kubernetes && $(cluster_build) -ldflags '$(kubernetes_ldflags)' -o $(CURDIR)/$@ . && touch $(CURDIR)/$@

bin/cluster-addons: $(wildcard $(CLUSTER)/addons/*)
	cd $(CLUSTER)/addons && $(cluster_build) -ldflags '-s -w' -o $(CURDIR)/$@ . && touch $(CURDIR)/$@

bin/kwok: $(wildcard $(CLUSTER)/kwok/*)
	cd $(CLUSTER)/kwok && $(cluster_build) -ldflags '-s -w' -o $(CURDIR)/$@ sigs.k8s.io/kwok/cmd/kwok && touch $(CURDIR)/$@

bin/atoll-cluster: $(cluster_sources)
	cd $(CLUSTER) && $(cluster_build) -o $(CURDIR)/$@ . && touch $(CURDIR)/$@

bin/pause: $(CLUSTER)/pause/main.go $(CLUSTER)/go.mod
	cd $(CLUSTER) && $(cluster_build) -ldflags '-s -w' -o $(CURDIR)/$@ ./pause && touch $(CURDIR)/$@

# A CSI driver that takes snapshots, the sidecars that drive it, and the kinds they answer to; what is in bin/csi is run
# beside a cluster.
cluster-csi: bin/csi/cluster-csi

bin/csi/cluster-csi: $(filter-out %_test.go,$(wildcard $(CLUSTER)/csi/*))
	cd $(CLUSTER)/csi && mkdir -p $(CURDIR)/bin/csi/crds && $(cluster_build) -ldflags '-s -w' -o $(CURDIR)/bin/csi/ tool && \
	  crds=$$(go list -m -f '{{.Dir}}' github.com/kubernetes-csi/external-snapshotter/client/v8)/config/crd && \
	  install -m 0644 $$crds/snapshot.storage.k8s.io_*.yaml $(CURDIR)/bin/csi/crds && \
	  $(cluster_build) -ldflags '-s -w' -o $(CURDIR)/$@ . && touch $(CURDIR)/$@

bin/assets/kube-apiserver bin/assets/kubectl: | bin/kubernetes
	mkdir -p bin/assets && ln -sfn ../kubernetes $@

bin/assets/etcd: | bin/atoll-cluster
	bin/atoll-cluster install --only etcd-server
	mkdir -p bin/assets && ln -sfn "$$(command -v etcd)" $@
