// Package aws makes a platform in a real AWS account, stage by stage, proves it and takes it away again. It costs
// money: about a dollar and a half an hour, for an hour. `make test-aws` runs it and `make test-modules` runs its
// stages offline, against the provider for tests.
package aws
