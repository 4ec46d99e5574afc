module github.com/atoll-platform/atoll/test/e2e

go 1.26.0

replace github.com/atoll-platform/atoll => ../..

require (
	github.com/coder/websocket v1.8.15 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/gruntwork-io/terratest v1.0.0 // indirect
	golang.org/x/net v0.59.0 // indirect
	k8s.io/apimachinery v0.37.0 // indirect
)
