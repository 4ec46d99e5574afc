##@ Terraform modules

# Their tests need no account: the AWS provider's schemas are derived from an npm package that is generated from them,
# and served by a provider that has no cloud behind it. Nothing of the package is committed.
AWS_PACKAGE := @cdktn/provider-aws
AWS_PACKAGE_VERSION := 25.7.0
AWS_PACKAGE_SHA512 := E/nhu0yVZE4mXMgIPuI8tEFt1BExLkA7ARjihdG+/HmfDfzLr+OEF3dkFRvI6glRt30lrrBWQLwXqCJBxcmyUg==
AWS_PROVIDER_VERSION := 6.66.0

MODULES_BUILD := build/modules
AWS_ARCHIVE := $(MODULES_BUILD)/cdktn-provider-aws-$(AWS_PACKAGE_VERSION).tgz
MODULES_MIRROR := $(MODULES_BUILD)/mirror
CHECKOV_VENV := build/venv-checkov

$(AWS_ARCHIVE):
	@command -v npm >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends npm; }
	@mkdir -p $(MODULES_BUILD)
	npm pack --silent $(AWS_PACKAGE)@$(AWS_PACKAGE_VERSION) --pack-destination $(MODULES_BUILD)
	@test "$$(openssl dgst -sha512 -binary $@ | base64 -w0)" = "$(AWS_PACKAGE_SHA512)" || \
	  { echo "$(AWS_PACKAGE) $(AWS_PACKAGE_VERSION) is not what it was when it was pinned" >&2; rm -f $@; exit 1; }

.PHONY: $(BIN)/fake-aws
$(BIN)/fake-aws:
	$(GOBUILD) -o $@ ./test/fake/aws

# The mirror holds the provider for tests in the place of hashicorp/aws, so it is never the one that `make demo` uses.
.PHONY: modules-mirror
modules-mirror: $(AWS_ARCHIVE) $(BIN)/fake-aws mirror
	@$(BIN)/fake-aws derive $(AWS_ARCHIVE) $(MODULES_BUILD)/schemas.json modules examples
	@rm -rf $(MODULES_MIRROR) && mkdir -p $(MODULES_MIRROR)
	@for host in $(MIRROR_HOSTS); do \
	  place=$(MODULES_MIRROR)/$$host/hashicorp/aws/$(AWS_PROVIDER_VERSION)/$(PLATFORM); mkdir -p $$place; \
	  cp $(BIN)/fake-aws $$place/terraform-provider-aws_v$(AWS_PROVIDER_VERSION); \
	  cp $(MODULES_BUILD)/schemas.json $$place/schemas.json; \
	  cp -r $(MIRROR)/$$host/atoll-platform $(MODULES_MIRROR)/$$host/; \
	done
	@printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' $(CURDIR)/$(MODULES_MIRROR) > $(MODULES_BUILD)/terraform.rc

$(BIN)/tflint: hack/tools/tflint/go.mod hack/tools/tflint/go.sum
	cd hack/tools/tflint && go build -o $@ github.com/terraform-linters/tflint && touch $@

$(BIN)/terraform-docs: hack/tools/terraform-docs/go.mod hack/tools/terraform-docs/go.sum
	cd hack/tools/terraform-docs && go build -o $@ github.com/terraform-docs/terraform-docs && touch $@

$(CHECKOV_VENV)/.stamp: hack/tools/checkov/requirements.txt
	rm -rf $(CHECKOV_VENV)
	python3 -m venv $(CHECKOV_VENV)
	$(CHECKOV_VENV)/bin/pip install --quiet --no-deps --require-hashes -r hack/tools/checkov/requirements.txt
	touch $@

.PHONY: lock-checkov
lock-checkov: build/uv/bin/uv ## Resolve checkov's Python packages anew into their lock file
	cd hack/tools/checkov && ../../../build/uv/bin/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 --python-platform x86_64-manylinux_2_36 -o requirements.txt requirements.in

.PHONY: test-modules
test-modules: modules-mirror assets tools-terraform $(BIN)/atoll $(BIN)/tflint $(CHECKOV_VENV)/.stamp ## Validate, test, plan and apply every Terraform module and example, without an account
	go test ./test/fake/... ./internal/guard
	cd test/modules && TERRAFORM=$(TERRAFORM) go test -count=1 -timeout 15m ./...
	cd test/aws && TERRAFORM=$(TERRAFORM) ATOLL_AWS_OFFLINE=1 go test -count=1 -timeout 15m ./...

# Needs an account: it makes what examples/aws-complete makes, and takes it away again.
.PHONY: test-aws
test-aws: $(BIN)/atoll ## Make a platform in a real AWS account, stage by stage, and remove it (needs an account; costs money)
	cd test/aws && TERRAFORM=$(TERRAFORM) go test -count=1 -timeout 3h -v ./...

MODULE_FOLDERS = $(wildcard modules/*/variables.tf) modules/team/check/variables.tf

.PHONY: modules-docs
modules-docs: $(BIN)/terraform-docs ## Write the inputs and outputs of every module into its README
	@for folder in $(patsubst %/variables.tf,%,$(MODULE_FOLDERS)); do \
	  $(BIN)/terraform-docs --config modules/.terraform-docs.yml $$folder > /dev/null || exit 1; \
	done
