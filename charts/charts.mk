# Charts: generated schemas and READMEs, and what Helm itself says about each chart. The tests of charts/ say the rest.

CHART_TOOLS := hack/tools/charts
CHART_DIRS = $(patsubst %/Chart.yaml,%,$(wildcard charts/lib/Chart.yaml charts/*/*/Chart.yaml))

.PHONY: charts-generate
charts-generate: $(BIN)/chart-schema $(BIN)/helm-docs ## Make every chart's values.schema.json and README.md from its values.yaml
	$(BIN)/chart-schema charts/lib/definitions.schema.json $(CHART_DIRS)
	$(BIN)/helm-docs --chart-search-root=charts --template-files=./README.md.gotmpl --sort-values-order=file --log-level=warning

.PHONY: charts-lint
charts-lint: $(BIN)/helm assets ## Lint every chart with Helm, then render and check what it makes
	HELM=$(BIN)/helm $(CHART_TOOLS)/lint.sh
	cd $(CHART_TOOLS) && go test ./schema
	go test ./charts

$(BIN)/helm: $(CHART_TOOLS)/go.mod $(CHART_TOOLS)/go.sum
	cd $(CHART_TOOLS) && go build -o $@ helm.sh/helm/v3/cmd/helm

$(BIN)/helm-docs: $(CHART_TOOLS)/go.mod $(CHART_TOOLS)/go.sum
	cd $(CHART_TOOLS) && go build -o $@ github.com/norwoodj/helm-docs/cmd/helm-docs

$(BIN)/chart-schema: $(wildcard $(CHART_TOOLS)/schema/*.go) $(CHART_TOOLS)/go.mod $(CHART_TOOLS)/go.sum
	cd $(CHART_TOOLS) && go build -o $@ ./schema
