package modules_test

import (
	"sync"
	"testing"
)

// example is one that is applied with the provider for tests.
type example struct {
	path      string
	variables map[string]string
}

const existingSubnets = `["subnet-a", "subnet-b"]`

var awsExamples = []example{
	{"examples/aws-complete", map[string]string{}},
	{"examples/aws-existing-vpc", map[string]string{
		"vpc_id": "vpc-0123456789abcdef0", "private_subnet_ids": existingSubnets, "database_subnet_ids": existingSubnets,
	}},
	{"examples/aws-existing-cluster", map[string]string{
		"vpc_id": "vpc-0123456789abcdef0", "private_subnet_ids": existingSubnets, "cluster_name": "lagoon",
		"certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
	}},
}

// platform is an example that was applied: nothing in it is unknown any more.
type platform struct {
	folder   folder
	state    string // its file
	planJSON string // of a plan that changes nothing
}

var (
	appliedMu    sync.Mutex
	appliedSoFar = map[string]*platform{}
)

// applied applies an example, once for all tests, and plans it again, which has to change nothing.
func applied(t *testing.T, e example) *platform {
	t.Helper()
	appliedMu.Lock()
	defer appliedMu.Unlock()
	if p := appliedSoFar[e.path]; p != nil {
		return p
	}
	f := shared(t, e)
	f.init()
	f.must("apply", "-auto-approve", "-no-color")
	if out, code := f.run("plan", "-detailed-exitcode", "-no-color", "-out=tfplan"); code != 0 {
		t.Fatalf("a second plan exited with %d:\n%s", code, out)
	}
	p := &platform{folder: f, state: read(t, f.dir+"/terraform.tfstate"), planJSON: f.must("show", "-json", "tfplan")}
	appliedSoFar[e.path] = p
	return p
}

// shared is a copy of the tree that outlives the test which makes it.
func shared(t *testing.T, e example) folder {
	t.Helper()
	f := folder{t: t, dir: copied(t, scratch) + "/" + e.path, env: e.env()}
	return f
}

func (e example) env() []string {
	env := []string{`TF_VAR_administrators=["arn:aws:iam::123456789012:role/platform"]`}
	for name, value := range e.variables {
		env = append(env, "TF_VAR_"+name+"="+value)
	}
	return env
}
