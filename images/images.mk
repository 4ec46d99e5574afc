##@ Images

# base is what the local build stands on; it is built before the first image that needs it. Trino is optional and large:
# `make image-trino` builds it.
IMAGES := $(filter-out base trino,$(patsubst images/%/Dockerfile,%,$(wildcard images/*/Dockerfile)))

# Binaries that images are made of, each from a Go module that names nothing but its release.
IMAGE_BINS := $(addprefix $(BIN)/,versitygw statsd_exporter prometheus)
IMAGE_GOBUILD = cd $(<D) && go build -ldflags '-s -w' -o $@

.PHONY: images
images: $(BIN)/atoll-operator $(IMAGE_BINS) ## Build every image into build/images/<name>.tar; unchanged ones are left alone
	@images/build.sh $(IMAGES)

.PHONY: $(addprefix image-,$(IMAGES) trino)
image-operator: $(BIN)/atoll-operator
image-objectstore: $(BIN)/versitygw $(BIN)/statsd_exporter
image-prometheus: $(BIN)/prometheus
$(addprefix image-,$(IMAGES) trino): image-%:
	@images/build.sh $*

.PHONY: images-clean
images-clean: ## Remove the built images and all that building them left
	@images/build.sh --clean

$(BIN)/versitygw: images/objectstore/go.mod images/objectstore/go.sum
	$(IMAGE_GOBUILD) github.com/versity/versitygw/cmd/versitygw

$(BIN)/statsd_exporter: images/objectstore/go.mod images/objectstore/go.sum
	$(IMAGE_GOBUILD) github.com/prometheus/statsd_exporter

$(BIN)/prometheus: images/prometheus/go.mod images/prometheus/go.sum
	$(IMAGE_GOBUILD) -tags remove_all_sd,enable_kubernetes_sd github.com/prometheus/prometheus/cmd/prometheus

# A lock holds every Python package by version and hash, for the Python of Debian 12.
build/uv/bin/uv:
	python3 -m venv build/uv && build/uv/bin/pip install --quiet uv==0.13.8

.PHONY: lock-notebook
lock-notebook: build/uv/bin/uv ## Resolve the notebook's Python packages anew into its lock file
	build/uv/bin/uv pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 \
	  --python-platform x86_64-manylinux_2_36 -o images/notebook/requirements.txt images/notebook/requirements.in
