package runner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/operator/runner"
)

var ctx = context.Background()

// repository serves a real git repository over HTTP and returns its URL and the hash of its first commit.
func repository(t *testing.T) (url, first string) {
	t.Helper()
	root := t.TempDir()
	work := filepath.Join(root, "reports")
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", work, "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(work, "daily"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(work, "daily", "load.ipynb"), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	git("init", "-q", "-b", "main")
	git("add", ".")
	git("commit", "-q", "-m", "first")
	git("tag", "v1")
	first = git("rev-parse", "HEAD")
	write("second")
	git("commit", "-q", "-am", "second")
	path, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&cgi.Handler{
		Path: path, Args: []string{"http-backend"}, Stderr: io.Discard,
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1"},
	})
	t.Cleanup(server.Close)
	return server.URL + "/reports/.git", first
}

func TestPrepareFromGit(t *testing.T) {
	url, first := repository(t)
	for _, tt := range []struct{ name, ref, path, want, problem string }{
		{"a branch", "main", "daily/load.ipynb", "second", ""},
		{"a tag", "v1", "daily/load.ipynb", "first", ""},
		{"a commit that no branch is at", first, "daily/load.ipynb", "first", ""},
		{"a ref that is not there", "release", "daily/load.ipynb", "", "no branch or tag release"},
		{"a file that is not there", "main", "daily/other.ipynb", "", "no file daily/other.ipynb at main"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			err := runner.Prepare(ctx, folder, runner.Task{Source: "it", Git: &runner.Git{Repository: url, Ref: tt.ref, Path: tt.path}, Timeout: time.Minute}, runner.Desk{})
			if tt.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tt.problem) {
					t.Fatalf("%v, want %q", err, tt.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, folder, "notebook.ipynb"); got != tt.want {
				t.Errorf("it is %q, want %q", got, tt.want)
			}
		})
	}
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestPrepareFromHome(t *testing.T) {
	folder := t.TempDir()
	task := runner.Task{Source: "reports/load.ipynb", Home: "reports/load.ipynb", Parameters: map[string]any{"day": "2026-01-01"}, Timeout: 90 * time.Second}
	if err := runner.Prepare(ctx, folder, task, runner.Desk{}); err != nil {
		t.Fatal(err)
	}
	var plan struct {
		Notebook, Folder string
		Parameters       map[string]any
		TimeoutSeconds   float64
	}
	if err := json.Unmarshal([]byte(read(t, folder, "task.json")), &plan); err != nil {
		t.Fatal(err)
	}
	if plan.Notebook != "/home/atoll/reports/load.ipynb" || plan.Folder != "/home/atoll/reports" || plan.TimeoutSeconds != 90 || plan.Parameters["day"] != "2026-01-01" {
		t.Errorf("the plan is %+v", plan)
	}
	if !strings.Contains(read(t, folder, runner.Script), "papermill") {
		t.Error("the script is not there")
	}
}

// object answers with each status in turn, the last one for ever, and remembers what it was given.
func object(t *testing.T, statuses ...int) (url string, calls *atomic.Int32, body *bytes.Buffer) {
	t.Helper()
	calls, body = &atomic.Int32{}, &bytes.Buffer{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1))
		status := statuses[min(n, len(statuses))-1]
		w.WriteHeader(status)
		if r.Method == http.MethodPut && status == http.StatusOK {
			_, _ = body.ReadFrom(r.Body)
			return
		}
		_, _ = w.Write([]byte("a notebook"))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/runs/a.ipynb?X-Amz-Signature=secret", calls, body
}

// desk is an operator that answers with each status in turn, the last one for ever, and with the URL.
func desk(t *testing.T, url string, statuses ...int) runner.Desk {
	t.Helper()
	calls := &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer of the pod" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(statuses[min(int(calls.Add(1)), len(statuses))-1])
		_, _ = io.WriteString(w, url+"\n")
	}))
	t.Cleanup(server.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("of the pod\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return runner.Desk{Address: server.URL, Token: token}
}

// silent is a desk that does not answer.
var silent = runner.Desk{Address: "http://127.0.0.1:1"}

func TestAnOperatorThatIsBeingReplacedIsWaitedFor(t *testing.T) {
	url, _, _ := object(t, 200)
	folder := t.TempDir()
	task := runner.Task{Source: "a.ipynb", Object: true, Timeout: time.Minute}
	if err := runner.Prepare(ctx, folder, task, desk(t, url, 503, 200)); err != nil {
		t.Fatal(err)
	}
	err := runner.Prepare(ctx, folder, task, desk(t, "this pod is of no run", 401))
	if err == nil || !strings.Contains(err.Error(), "of no run") {
		t.Errorf("refused: %v", err)
	}
}

func TestPrepareFromObjectStore(t *testing.T) {
	for _, tt := range []struct {
		name     string
		statuses []int
		calls    int32
		problem  string
	}{
		{"at once", []int{200}, 1, ""},
		{"after a failure of the store", []int{503, 200}, 2, ""},
		{"not there", []int{404}, 1, "no such object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			url, calls, _ := object(t, tt.statuses...)
			err := runner.Prepare(ctx, folder, runner.Task{Source: "a.ipynb", Object: true, Timeout: time.Minute}, desk(t, url, 200))
			switch {
			case tt.problem == "" && err != nil:
				t.Fatal(err)
			case tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)):
				t.Fatalf("%v, want %q", err, tt.problem)
			case tt.problem == "" && read(t, folder, "notebook.ipynb") != "a notebook":
				t.Error("it is another notebook")
			}
			if calls.Load() != tt.calls {
				t.Errorf("%d requests, want %d", calls.Load(), tt.calls)
			}
		})
	}
}

func TestKeep(t *testing.T) {
	folder := t.TempDir()
	url, calls, _ := object(t, 200)
	if got := runner.Keep(ctx, folder, desk(t, url, 200), ""); got.Kept || got.Reason != "NoOutput" || calls.Load() != 0 {
		t.Errorf("without an output: %+v after %d requests", got, calls.Load())
	}
	if err := os.WriteFile(filepath.Join(folder, runner.Output), []byte("executed"), 0o600); err != nil {
		t.Fatal(err)
	}
	url, calls, body := object(t, 503, 200)
	if got := runner.Keep(ctx, folder, desk(t, url, 200), "http://127.0.0.1:1"); !got.Kept || calls.Load() != 2 || body.String() != "executed" {
		t.Errorf("%+v after %d requests: %q", got, calls.Load(), body)
	}
	url, _, body = object(t, 200)
	if got := runner.Keep(ctx, folder, silent, url); !got.Kept || body.String() != "executed" {
		t.Errorf("with the URL from before, as the operator is away: %+v: %q", got, body)
	}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	url, _, _ = object(t, 403)
	if got := runner.Keep(short, folder, silent, url); got.Kept || !strings.Contains(got.Message, "403") || strings.Contains(got.Message, "Signature") {
		t.Errorf("refused: %+v", got)
	}
	if got := runner.Keep(short, folder, silent, "http://127.0.0.1:1/x?X-Amz-Signature=secret"); strings.Contains(got.Message, "secret") {
		t.Errorf("the signature is told: %s", got.Message)
	}
}
