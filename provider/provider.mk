##@ Provider

# Terraform and OpenTofu find the provider in a mirror on this machine; nothing of it is downloaded.
PLATFORM := $(shell go env GOOS)_$(shell go env GOARCH)
MIRROR := build/mirror
MIRROR_HOSTS := registry.terraform.io registry.opentofu.org

.PHONY: $(BIN)/terraform-provider-atoll
$(BIN)/terraform-provider-atoll:
	$(GOBUILD) -o $@ ./provider

.PHONY: mirror
mirror: $(BIN)/terraform-provider-atoll ## Lay the provider out as a mirror, with build/terraform.rc that points to it
	@for host in $(MIRROR_HOSTS); do \
	  place=$(MIRROR)/$$host/atoll-platform/atoll/$(VERSION)/$(PLATFORM); \
	  mkdir -p $$place && cmp -s $< $$place/terraform-provider-atoll_v$(VERSION) || cp $< $$place/terraform-provider-atoll_v$(VERSION); \
	done
	@printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' $(CURDIR)/$(MIRROR) > build/terraform.rc

.PHONY: tofu
tofu: $(BIN)/tofu ## Build OpenTofu from its Go module

$(BIN)/tofu: hack/tools/tofu/go.mod hack/tools/tofu/go.sum
	cd hack/tools/tofu && go build \
	  -ldflags '-s -w -X github.com/opentofu/opentofu/version.dev=no' -o $@ github.com/opentofu/opentofu/cmd/tofu && touch $@

$(BIN)/tfplugindocs: hack/tools/docs/go.mod hack/tools/docs/go.sum
	cd hack/tools/docs && go build -o $@ github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs

# tfplugindocs deletes what it finds in its folder, so docs/provider holds nothing written by hand.
.PHONY: provider-docs
provider-docs: mirror tools-terraform $(BIN)/tfplugindocs ## Generate docs/provider from the schema and the examples
	@rm -rf build/schema && mkdir -p build/schema
	@printf 'terraform {\n  required_providers {\n    atoll = { source = "atoll-platform/atoll" }\n  }\n}\n' > build/schema/main.tf
	@cd build/schema && TF_CLI_CONFIG_FILE=$(CURDIR)/build/terraform.rc $(TERRAFORM) init -no-color > init.log
	@cd build/schema && TF_CLI_CONFIG_FILE=$(CURDIR)/build/terraform.rc $(TERRAFORM) providers schema -json \
	  | sed 's#"registry\.[a-z]*\.[a-z]*/atoll-platform/atoll"#"atoll"#' > schema.json # the name it looks for, whichever registry
	@$(BIN)/tfplugindocs generate --provider-dir . --provider-name atoll --rendered-provider-name Atoll \
	  --providers-schema build/schema/schema.json --rendered-website-dir docs/provider --examples-dir examples/provider-docs
