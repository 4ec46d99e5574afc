// Package e2e tests the whole platform on a real local cluster: it starts a Kubernetes,
// lays the platform down with atoll, applies examples/quickstart, and then works in it
// as people do. See platform_test.go for the stages.
package e2e
