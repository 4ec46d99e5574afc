package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/component"
	"github.com/atoll-platform/atoll/test/cluster/internal/host"
	"github.com/atoll-platform/atoll/test/cluster/internal/image"
	"github.com/atoll-platform/atoll/test/cluster/internal/network"
	"github.com/atoll-platform/atoll/test/cluster/internal/pki"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// ErrNeedsRoot is why real nodes cannot be had.
var ErrNeedsRoot = errors.New("real nodes run containers and need root: run this as root, or ask for --nodes simulated=N, whose pods turn Ready without running, or --nodes none")

// Up makes the cluster run with such nodes, doing only what is missing.
func (c *Cluster) Up(ctx context.Context, nodes run.Nodes) error {
	if nodes.Kind == run.Real && os.Geteuid() != 0 {
		return ErrNeedsRoot
	}
	begin := time.Now()
	if err := c.Folder.Create(); err != nil {
		return err
	}
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	state, err := c.decide(ctx, nodes)
	if err != nil {
		return err
	}
	plan, err := c.plan(state)
	if err != nil {
		return err
	}
	c.print("cluster %s, nodes %s", c.Folder.Name(), describe(nodes))
	if err := c.walk(ctx, c.upSteps(plan, &state)); err != nil {
		return err
	}
	c.print("cluster %s is up after %.1fs: kubectl --kubeconfig %s --context %s", c.Folder.Name(), time.Since(begin).Seconds(), c.Folder.Kubeconfig(), plan.Context())
	return nil
}

func describe(nodes run.Nodes) string {
	switch nodes.Kind {
	case run.Real:
		return "real: a kubelet and containerd run containers"
	case run.Simulated:
		return fmt.Sprintf("simulated: kwok plays %d nodes, pods turn Ready without running; there is no DNS, no NodePort and no network policy", nodes.Count)
	}
	return "none: a control plane only, pods stay Pending"
}

// decide returns the state of the cluster, which is settled when it is first brought up.
func (c *Cluster) decide(ctx context.Context, nodes run.Nodes) (run.State, error) {
	state, found, err := c.Folder.ReadState()
	if err != nil {
		return state, err
	}
	if found {
		if state.Nodes != nodes {
			return state, fmt.Errorf("cluster %[1]s has nodes %[2]s, not %[3]s: ask for %[2]s, choose another --name, or take it down first", c.Folder.Name(), state.Nodes, nodes)
		}
		return state, nil
	}
	state = run.State{Nodes: nodes}
	if nodes.Kind == run.Real {
		used, err := network.Used()
		if err != nil {
			return state, err
		}
		if state.Subnet, err = network.Choose(c.Folder.Name(), used); err != nil {
			return state, err
		}
		if err := c.rememberTunables(); err != nil {
			return state, err
		}
	} else if state.Ports, err = network.FreePorts(ctx, component.SharedPorts); err != nil {
		return state, err
	}
	return state, c.Folder.WriteState(state)
}

// upSteps lists what is done, in order.
func (c *Cluster) upSteps(plan component.Plan, state *run.State) []step {
	real := plan.State.Nodes.Kind == run.Real
	steps := []step{{"packages", func(ctx context.Context) (string, error) { return install(ctx, host.Packages(plan.State.Nodes)) }}}
	if real {
		steps = append(steps,
			step{"kernel", func(ctx context.Context) (string, error) { return prepareKernel(ctx, plan) }},
			step{"network", func(ctx context.Context) (string, error) {
				told := fmt.Sprintf("namespace %s, host %s, node %s", plan.Network().Name, network.Host(state.Subnet), network.Node(state.Subnet))
				return told, plan.Network().Ensure(ctx, state.Subnet)
			}})
	}
	steps = append(steps, step{"certificates", func(context.Context) (string, error) { return c.Folder.Kubeconfig(), certify(plan) }})
	for _, part := range plan.ControlPlane() {
		steps = append(steps, c.componentStep(plan, part))
	}
	steps = append(steps, step{"objects", func(ctx context.Context) (string, error) { return apply(ctx, plan) }})
	for _, part := range plan.Workers() {
		steps = append(steps, c.componentStep(plan, part))
		if part.Name == "containerd" {
			steps = append(steps, step{"images", func(ctx context.Context) (string, error) { return c.ownImages(ctx, plan, state) }})
		}
	}
	switch plan.State.Nodes.Kind {
	case run.Real:
		steps = append(steps, step{"node and DNS", func(ctx context.Context) (string, error) { return waitForNode(ctx, plan) }})
	case run.Simulated:
		steps = append(steps, step{"simulated nodes", func(ctx context.Context) (string, error) { return simulate(ctx, plan) }})
	}
	return steps
}

func install(ctx context.Context, packages []string) (string, error) {
	missing := host.Missing(packages)
	if len(missing) == 0 {
		return "all there: " + strings.Join(packages, " "), nil
	}
	return "installed " + strings.Join(missing, " "), host.Install(ctx, missing)
}

func prepareKernel(ctx context.Context, plan component.Plan) (string, error) {
	version := "v2"
	if plan.CgroupV1 {
		version = "v1"
	}
	if err := host.LoadModules(ctx); err != nil {
		return "", err
	}
	told := "control groups " + version
	if plan.KeepOOM {
		told += ", without CAP_SYS_RESOURCE"
	}
	return told, host.CreateCgroup(plan.Cgroup())
}

func certify(plan component.Plan) error {
	etcd, err := pki.Open(plan.PKI(""), "etcd-ca")
	if err != nil {
		return err
	}
	authority, err := pki.Open(plan.PKI(""), "ca")
	if err != nil {
		return err
	}
	forEtcd, forCluster := plan.Leaves()
	for _, leaf := range forEtcd {
		if err := etcd.Ensure(leaf); err != nil {
			return err
		}
	}
	for _, leaf := range forCluster {
		if err := authority.Ensure(leaf); err != nil {
			return err
		}
	}
	for _, user := range plan.Users() {
		if err := authority.WriteKubeconfig(plan.ComponentKubeconfig(user.File), plan.Context(), plan.Server(), user); err != nil {
			return err
		}
	}
	admin := pki.Leaf{File: "admin", User: "kubernetes-admin", Groups: []string{"system:masters"}}
	return authority.WriteKubeconfig(plan.Folder.Kubeconfig(), plan.Context(), plan.Server(), admin)
}

// ownImages makes and loads the images no registry could give.
func (c *Cluster) ownImages(ctx context.Context, plan component.Plan, state *run.State) (string, error) {
	store := image.Store{Socket: plan.ContainerdSocket()}
	loaded := 0
	for _, own := range []struct{ file, reference, program, arg string }{
		{"pause.tar", component.PauseImage, "pause", ""},
		{"coredns.tar", component.DNSImage, "cluster-addons", "coredns"},
	} {
		file, err := c.ownImage(own.file, own.reference, own.program, own.arg)
		if err != nil {
			return "", err
		}
		_, imported, err := store.Load(ctx, file, state)
		if err != nil {
			return "", err
		}
		if imported {
			loaded++
		}
	}
	return fmt.Sprintf("%d of 2 loaded anew", loaded), c.Folder.WriteState(*state)
}

// ownImage writes the image's file unless it is newer than its program.
func (c *Cluster) ownImage(file, reference, program string, arg string) (string, error) {
	source, target := c.program(program), c.Folder.Path("images", file)
	made, err := os.Stat(source)
	if err != nil {
		return "", fmt.Errorf("looking for a program (was it built with `make cluster-bins`?): %w", err)
	}
	if written, err := os.Stat(target); err == nil && written.ModTime().After(made.ModTime()) {
		return target, nil
	}
	if err := os.MkdirAll(c.Folder.Path("images"), 0o700); err != nil {
		return "", fmt.Errorf("making the folder of the cluster's own images: %w", err)
	}
	var args []string
	if arg != "" {
		args = []string{arg}
	}
	return target, image.Write(target, reference, source, args...)
}
