package cluster

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/component"
	"github.com/atoll-platform/atoll/test/cluster/internal/process"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// kubectl runs the cluster's own kubectl as its administrator.
func kubectl(ctx context.Context, plan component.Plan, input string, args ...string) (string, error) {
	args = append([]string{"kubectl", "--kubeconfig", plan.Folder.Kubeconfig(), "--cache-dir", plan.Folder.Path("kubectl-cache")}, args...)
	command := exec.CommandContext(ctx, filepath.Join(plan.Bin, "kubernetes"), args...)
	command.Stdin = strings.NewReader(input)
	var output, complaint bytes.Buffer
	command.Stdout, command.Stderr = &output, &complaint
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("running kubectl %s: %w: %s", strings.Join(args[5:], " "), err, process.Last(complaint.String(), 8))
	}
	return output.String(), nil
}

// manifests are the objects a cluster needs, by its kind of nodes.
var manifests = map[string][]string{
	run.Real:      {"storage.yaml", "network.yaml", "dns.yaml"},
	run.Simulated: {"storage.yaml", "kwok.yaml"},
	run.None:      {"storage.yaml"},
}

func apply(ctx context.Context, plan component.Plan) (string, error) {
	names := manifests[plan.State.Nodes.Kind]
	var documents []string
	for _, name := range names {
		text, err := plan.Render(name)
		if err != nil {
			return "", err
		}
		documents = append(documents, text)
	}
	_, err := kubectl(ctx, plan, strings.Join(documents, "\n---\n"), "apply", "--server-side", "--force-conflicts", "--field-manager=atoll-cluster", "--filename=-")
	return strings.Join(names, " "), err
}

func waitForNode(ctx context.Context, plan component.Plan) (string, error) {
	timeout := "--timeout=" + startTime.String()
	if _, err := kubectl(ctx, plan, "", "wait", "--for=create", "node/"+plan.NodeName(), timeout); err != nil {
		return "", err
	}
	if _, err := kubectl(ctx, plan, "", "wait", "--for=condition=Ready", "node/"+plan.NodeName(), timeout); err != nil {
		return "", err
	}
	if _, err := kubectl(ctx, plan, "", "rollout", "status", "--namespace=kube-system", "deployment/coredns", timeout); err != nil {
		events, _ := kubectl(ctx, plan, "", "events", "--namespace=kube-system")
		return "", fmt.Errorf("waiting for CoreDNS: %w; events of kube-system:\n%s", err, events)
	}
	return plan.NodeName() + " is Ready, CoreDNS answers", nil
}

//go:embed node.yaml
var nodeText string

var node = template.Must(template.New("node").Parse(nodeText))

// simulate makes the nodes that are missing and waits for kwok to turn all of them Ready.
func simulate(ctx context.Context, plan component.Plan) (string, error) {
	present, _, err := listNodes(ctx, plan)
	if err != nil {
		return "", err
	}
	var missing bytes.Buffer
	count := 0
	for i := range plan.State.Nodes.Count {
		name := fmt.Sprintf("%s-node-%d", plan.Folder.Name(), i)
		if present[name] {
			continue
		}
		count++
		if err := node.Execute(&missing, name); err != nil {
			return "", fmt.Errorf("describing node %s: %w", name, err)
		}
	}
	if count > 0 {
		if _, err := kubectl(ctx, plan, missing.String(), "create", "--filename=-"); err != nil {
			return "", err
		}
	}
	for deadline := time.Now().Add(startTime + time.Duration(count)*nodeTime); ; {
		_, ready, err := listNodes(ctx, plan)
		if err != nil {
			return "", err
		}
		if ready >= plan.State.Nodes.Count {
			return fmt.Sprintf("%d nodes are Ready, %d of them new", ready, count), nil
		}
		if time.Now().After(deadline) {
			return "", fmt.Errorf("%d of %d nodes are Ready and kwok gets no further: see %s", ready, plan.State.Nodes.Count, plan.Folder.Log("kwok"))
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(10 * pollTime):
		}
	}
}

// listNodes returns the names of the nodes and how many are Ready. Waiting for each of thousands by
// `kubectl wait` would open a watch for each.
func listNodes(ctx context.Context, plan component.Plan) (map[string]bool, int, error) {
	const line = `jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`
	listed, err := kubectl(ctx, plan, "", "get", "nodes", "--output="+line)
	if err != nil {
		return nil, 0, err
	}
	names, ready := map[string]bool{}, 0
	for line := range strings.Lines(listed) {
		name, status, _ := strings.Cut(strings.TrimSpace(line), " ")
		names[name] = true
		if status == "True" {
			ready++
		}
	}
	return names, ready, nil
}
