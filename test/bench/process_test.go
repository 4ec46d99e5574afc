package bench

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// operator is a running atoll-operator.
type operator struct {
	command *exec.Cmd
	metrics string
}

// operate runs the operator as a process of this machine, as it runs in a pod, with more arguments where there are any.
func operate(b *testing.B, c *cluster, more ...string) *operator {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		b.Fatal(err)
	}
	o := &operator{metrics: "http://" + address + "/metrics"}
	arguments := []string{
		"manager", "--kubeconfig", c.kubeconfig, "--metrics-bind-address", address, "--health-probe-bind-address", "0",
		"--hub-url", "http://hub.example.com",
	}
	o.command = exec.Command(filepath.Join(root(b), "bin", "atoll-operator"), append(arguments, more...)...)
	// As the chart has it.
	o.command.Env = append(os.Environ(), "GOMEMLIMIT=380MiB")
	log, err := os.Create(filepath.Join(b.TempDir(), "operator.log"))
	if err != nil {
		b.Fatal(err)
	}
	o.command.Stdout, o.command.Stderr = log, log
	if err := o.command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		o.stop()
		if raw, err := os.ReadFile(log.Name()); err == nil && b.Failed() {
			b.Logf("the end of the operator's log:\n%s", raw[max(0, len(raw)-4000):])
		}
	})
	return o
}

func (o *operator) stop() {
	_ = o.command.Process.Kill()
	_ = o.command.Wait()
}

// peak is the most memory the operator has had, in bytes.
func (o *operator) peak(b *testing.B) float64 {
	b.Helper()
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", o.command.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib * 1024
		}
	}
	b.Fatal("the kernel does not say VmHWM")
	return 0
}

// cpu is the time the operator has been on a core.
func (o *operator) cpu(b *testing.B) time.Duration {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", o.command.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	// Fields 14 and 15 of proc(5), in hundredths of a second; the second field may hold spaces.
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// count sums the samples of a metric whose labels match; it is zero while the operator does not answer.
func (o *operator) count(b *testing.B, name string, match func(labels map[string]string) bool) float64 {
	b.Helper()
	resp, err := http.Get(o.metrics)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		b.Fatalf("reading the operator's metrics: %v", err)
	}
	var sum float64
	for _, m := range families[name].GetMetric() {
		labels := map[string]string{}
		for _, pair := range m.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		if match(labels) {
			sum += value(m)
		}
	}
	return sum
}

func value(m *dto.Metric) float64 {
	if m.GetCounter() != nil {
		return m.GetCounter().GetValue()
	}
	return m.GetGauge().GetValue()
}

// writes is how many requests the operator has sent to change something.
func (o *operator) writes(b *testing.B) float64 {
	b.Helper()
	return o.count(b, "rest_client_requests_total", func(l map[string]string) bool { return l["method"] != http.MethodGet })
}

// requests is how many requests the operator has sent at all.
func (o *operator) requests(b *testing.B) float64 {
	b.Helper()
	return o.count(b, "rest_client_requests_total", func(map[string]string) bool { return true })
}

// reconciled is how many workspaces were worked on, and waiting how many wait for it.
func (o *operator) reconciled(b *testing.B) (done, waiting float64) {
	b.Helper()
	own := func(l map[string]string) bool { return l["controller"] == "workspace" || l["name"] == "workspace" }
	return o.count(b, "controller_runtime_reconcile_total", own), o.count(b, "workqueue_depth", own)
}
