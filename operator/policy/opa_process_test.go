package policy_test

import (
	"encoding/json"
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

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

// Set, these make this program a decision point, a process of its own that is measured from without.
const (
	folderVariable  = "ACT_AS_DECISION_POINT_IN"
	addressVariable = "ACT_AS_DECISION_POINT_AT"
	logVariable     = "ACT_AS_DECISION_POINT_THAT_LOGS"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(folderVariable); folder != "" {
		fmt.Fprintln(os.Stderr, decideIn(folder))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// decideIn serves what is kept in the folder until it is killed.
func decideIn(folder string) error {
	point, err := policy.Open(policy.Options{Folder: folder, StaleAfter: time.Hour, Hold: time.Minute, Now: time.Now})
	if err != nil {
		return err
	}
	log := zap.NewNop()
	if os.Getenv(logVariable) != "" {
		log = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), os.Stdout, zapcore.InfoLevel))
	}
	server := http.Server{Addr: os.Getenv(addressVariable), Handler: policy.Handler(point, log), ReadHeaderTimeout: time.Minute}
	return server.ListenAndServe()
}

// rival is one way to answer the same requests over the same grants.
type rival struct {
	name    string
	logs    bool
	program string
	args    func(address string) []string
	env     func(address string) []string
}

// rivals are the decision point and an OPA server, with what they load at their start on disk.
func rivals(t testing.TB, files opaFiles, folder string, logs bool) [2]rival {
	opa := []string{"run", "--server", "--log-level", "error", "--skip-version-check", "--optimize-store-for-read-speed"}
	env := []string{folderVariable + "=" + folder}
	if logs {
		opa = append(opa, "--set", "decision_logs.console=true")
		env = append(env, logVariable+"=1")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return [2]rival{
		{
			name: "point", logs: logs, program: self,
			args: func(string) []string { return nil },
			env:  func(address string) []string { return append(env, addressVariable+"="+address) },
		},
		{
			name: "opa", logs: logs, program: tool(t, "opa"),
			args: func(address string) []string { return append(opa, "--addr", address, files.policy, files.data) },
			env:  func(string) []string { return nil },
		},
	}
}

// tool is a program that `make bench` builds.
func tool(t testing.TB, name string) string {
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Skipf("%v: make tools-opa builds it", err)
	}
	return path
}

// running is a rival that answers.
type running struct {
	address string
	// said is the file with what it prints.
	said string
	pid  int
	// ready is how long it took from its start to its first right answer.
	ready time.Duration
}

// start runs a rival on one core, until it gives the answer that is expected of the first request.
func (r rival) start(t testing.TB, first []byte, want bool) running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), r.program, r.args(address)...)
	cmd.Env = append(append(os.Environ(), "GOMAXPROCS=1"), r.env(address)...)
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = said.Close() })
	cmd.Stdout, cmd.Stderr = said, said
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := begun.Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		c, err := dial(address)
		if err == nil {
			var allowed bool
			allowed, err = c.ask(first)
			c.close()
			if err == nil && allowed == want {
				return running{address, said.Name(), cmd.Process.Pid, time.Since(begun)}
			}
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(said.Name())
			t.Fatalf("%s gives no answer, or another one than %t: %v\n%s", r.name, want, err, text[:min(len(text), 2000)])
		}
	}
}

// logged fails where the process has, or has not, written down its decisions.
func (r running) logged(t testing.TB, want bool) {
	info, err := os.Stat(r.said)
	if err != nil {
		t.Fatal(err)
	}
	if wrote := info.Size() > 1<<20; wrote != want {
		t.Errorf("what it printed has %d bytes: are decisions logged? %t is wanted", info.Size(), want)
	}
}

// resident is the memory of the process in MiB: now, and at most.
func (r running) resident(t testing.TB) (now, peak float64) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.pid))
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) float64 {
		_, rest, _ := strings.Cut(string(raw), name+":")
		number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		kib, err := strconv.ParseFloat(number, 64)
		if err != nil {
			t.Fatalf("%s of the process: %v", name, err)
		}
		return kib / 1024
	}
	return field("VmRSS"), field("VmHWM")
}

// opaFiles are what OPA is given.
type opaFiles struct{ policy, data, requests string }

// writeFiles writes the same grants and requests for OPA.
func writeFiles(t testing.TB, set map[string][]grant.Atom, bodies [][]byte) opaFiles {
	t.Helper()
	type rule struct {
		Grant   string                `json:"grant"`
		Action  grant.Action          `json:"action"`
		From    int64                 `json:"from"`
		Until   int64                 `json:"until"`
		Columns map[string]bool       `json:"columns,omitempty"`
		Masks   map[string]grant.Mask `json:"masks,omitempty"`
		Rows    grant.Rows            `json:"rows,omitempty"`
	}
	type (
		tables   map[string][]rule
		schemas  map[string]tables
		catalogs map[string]schemas
	)
	all := map[string]catalogs{}
	for name, atoms := range set {
		of := catalogs{}
		for _, a := range atoms {
			p := a.Selector.Part
			r := rule{
				Grant: a.Grant, Action: a.Action, From: a.Window.From.UnixNano(), Until: a.Window.Until.UnixNano(), Masks: p.Masks, Rows: p.Rows,
			}
			for _, column := range p.Columns {
				if r.Columns == nil {
					r.Columns = map[string]bool{}
				}
				r.Columns[column] = true
			}
			if of[p.Table.Catalog] == nil {
				of[p.Table.Catalog] = schemas{}
			}
			if of[p.Table.Catalog][p.Table.Schema] == nil {
				of[p.Table.Catalog][p.Table.Schema] = tables{}
			}
			of[p.Table.Catalog][p.Table.Schema][p.Table.Table] = append(of[p.Table.Catalog][p.Table.Schema][p.Table.Table], r)
		}
		all[name] = of
	}
	data, err := json.Marshal(map[string]any{"grants": all})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	files := opaFiles{
		policy: filepath.Join("testdata", "opa", "trino.rego"), data: filepath.Join(folder, "data.json"), requests: filepath.Join(folder, "requests.jsonl"),
	}
	var lines []byte
	for _, body := range bodies {
		lines = append(append(lines, body...), '\n')
	}
	for name, content := range map[string][]byte{files.data: data, files.requests: lines} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
