package datagrant_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/internal/objectstore/storetest"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

const (
	// kubeconfigVariable makes this program an operator, a process of its own that can be killed.
	kubeconfigVariable = "ACT_AS_OPERATOR_OF"
	storeVariable      = "ACT_AS_OPERATOR_WITH"
	// trialsVariable says how often what takes time is tried; the record is made with 20.
	trialsVariable = "GRANT_TRIALS"
)

// actAsOperator runs the controllers until it is killed.
func actAsOperator() {
	cfg, err := clientcmd.BuildConfigFromFlags("", os.Getenv(kubeconfigVariable))
	must(err)
	config = cfg
	parts := strings.Split(os.Getenv(storeVariable), " ")
	(&platform{store: objectstore.New(objectstore.Options{
		Endpoint: parts[0], IAMEndpoint: parts[1], Region: "us-east-1", Credentials: parts[2],
	})}).run(ctrl.SetupSignalHandler())
}

// TestEndsWithEverythingDead kills the operator, the API server and etcd with -9 before a grant ends.
func TestEndsWithEverythingDead(t *testing.T) {
	n := 1
	if text := os.Getenv(trialsVariable); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s is %q: set it to a number of trials, such as 20", trialsVariable, text)
		}
	}
	at := storetest.Start(t)
	suite := config
	defer func() { config, admin = suite, nil; admin = as("") }()
	for range n {
		diesBeforeTheEnd(t, at)
	}
}

func diesBeforeTheEnd(t *testing.T, at storetest.Store) {
	t.Helper()
	others := children(t, "etcd", "kube-apiserver")
	server, err := apitest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Stop() }() // It has been killed.
	p := &platform{T: t, at: at, bucket: "lake"}
	p.use(server.Config)
	if err := controllertest.InstallRights(ctx, admin); err != nil {
		t.Fatal(err)
	}
	bind("atoll-grant-attestor", "terraform")
	if err := p.store.EnsureBucket(ctx, p.bucket); err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, server.Kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	operator := exec.CommandContext(t.Context(), os.Args[0])
	operator.Env = append(os.Environ(), kubeconfigVariable+"="+kubeconfig,
		storeVariable+"="+strings.Join([]string{at.Endpoint, at.IAMEndpoint, at.Credentials}, " "))
	if err := operator.Start(); err != nil {
		t.Fatal(err)
	}
	p.dataset("sales", "C2")
	p.put("sales/a")
	end := time.Now().Add(12 * time.Second).Truncate(time.Second)
	p.grant("g", "sales", func(s *v1alpha1.DataGrantSpec) { s.NotAfter = v1alpha1.At(end) })
	p.until("g", v1alpha1.GrantActive, v1alpha1.ReasonActive)
	ada := p.person("ada")
	if !p.reads(ada, "sales/a") {
		t.Fatal("a grant in force gives no access")
	}
	for _, pid := range append(children(t, "etcd", "kube-apiserver"), operator.Process.Pid) {
		if !slices.Contains(others, pid) {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = operator.Wait()
	if err := admin.Get(ctx, client.ObjectKey{Name: "g"}, &v1alpha1.DataGrant{}); err == nil {
		t.Fatal("the API server still answers")
	}
	if !time.Now().Before(end) {
		t.Fatal("killing took longer than the grant")
	}
	var last, first time.Time
	for first.IsZero() {
		asked := time.Now()
		if p.reads(ada, "sales/a") {
			last = asked
		} else {
			first = time.Now()
		}
	}
	t.Logf("operator, API server and etcd killed -9: last allow asked %.1f ms before the end, first deny answered %.1f ms after",
		float64(end.Sub(last).Microseconds())/1000, float64(first.Sub(end).Microseconds())/1000)
	if !last.Before(end) || first.Before(end) || first.Sub(end) > time.Second {
		t.Error("the end was missed")
	}
}

// use has the helpers speak to another API server.
func (p *platform) use(cfg *rest.Config) {
	config = cfg
	admin = as("")
	p.store = objectstore.New(objectstore.Options{
		Endpoint: p.at.Endpoint, IAMEndpoint: p.at.IAMEndpoint, Region: "us-east-1", Credentials: p.at.Credentials,
	})
}

// children are the processes of these names that this one has started.
func children(t *testing.T, names ...string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // It has ended.
		}
		var pid, parent int
		before, after, _ := strings.Cut(string(raw), ") ")
		number, _, _ := strings.Cut(before, " (")
		if _, err := fmt.Sscan(number, &pid); err != nil {
			t.Fatal(err)
		}
		var state string
		if _, err := fmt.Sscan(after, &state, &parent); err != nil || parent != os.Getpid() {
			continue
		}
		path, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			continue
		}
		program, _, _ := strings.Cut(string(path), "\x00")
		if slices.Contains(names, filepath.Base(program)) {
			pids = append(pids, pid)
		}
	}
	return pids
}
