package policy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

func TestAdmin(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "token")
	admin := policy.Admin(w.Point, file, zap.NewNop())
	ask := func(method, path, authorization string, body any) (int, string) {
		t.Helper()
		raw, isText := body.(string)
		if !isText {
			encoded, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			raw = string(encoded)
		}
		req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(raw))
		req.Header.Set("Authorization", authorization)
		rec := httptest.NewRecorder()
		admin.ServeHTTP(rec, req)
		return rec.Code, rec.Body.String()
	}
	push := whole(policy.Push{}, []grant.Atom{atom("a")})
	for name, authorization := range map[string]string{"no token": "", "an empty token": "Bearer ", "another": "Bearer other", "no bearer": "secret"} {
		for _, content := range []string{"", "secret\n"} {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{policy.PathSnapshot, policy.PathStatus} {
				if code, _ := ask(http.MethodGet, path, authorization, nil); code != http.StatusUnauthorized {
					t.Errorf("%s and the file %q: GET %s answered %d", name, content, path, code)
				}
			}
			if code, _ := ask(http.MethodPatch, policy.PathSnapshot, authorization, push); code != http.StatusUnauthorized || w.reads(t) {
				t.Errorf("%s and the file %q: a push answered %d", name, content, code)
			}
		}
	}
	const operator = "Bearer secret"
	for name, tt := range map[string]struct {
		body any
		code int
		want string
	}{
		"no JSON":                   {"{", http.StatusBadRequest, "reading the push"},
		"no digest":                 {"{}", http.StatusBadRequest, "digest is missing"},
		"a field that is not there": {`{"digest":"x","people":[]}`, http.StatusBadRequest, `unknown field "people"`},
		"a time that is none":       {`{"digest":"x","set":{"a":[{"window":{"from":"yesterday"}}]}}`, http.StatusBadRequest, "yesterday"},
		"a time without a zone":     {`{"digest":"x","set":{"a":[{"window":{"from":"2027-03-01T08:00:00"}}]}}`, http.StatusBadRequest, "2027-03-01T08:00:00"},
		"another base":              {policy.Push{Base: "x", Digest: "y"}, http.StatusConflict, "send all of it"},
		"another digest":            {policy.Push{Digest: "y"}, http.StatusUnprocessableEntity, "the push leads to"},
	} {
		if code, got := ask(http.MethodPatch, policy.PathSnapshot, operator, tt.body); code != tt.code || !strings.Contains(got, tt.want) {
			t.Errorf("%s: answered %d %s, want %d with %q", name, code, got, tt.code, tt.want)
		}
	}
	if code, got := ask(http.MethodPatch, policy.PathSnapshot, operator, push); code != http.StatusOK || !w.reads(t) {
		t.Fatalf("a good push answered %d %s", code, got)
	}
	code, got := ask(http.MethodGet, policy.PathSnapshot, operator, nil)
	live, err := policy.ParsePush(strings.NewReader(got))
	if code != http.StatusOK || err != nil || live.Digest != push.Digest || len(live.Set["ada"]) != 1 {
		t.Errorf("what is live is %d %s, %v", code, got, err)
	}
	code, got = ask(http.MethodGet, policy.PathStatus, operator, nil)
	var status policy.Status
	if err := json.Unmarshal([]byte(got), &status); err != nil || code != http.StatusOK || status.Digest != push.Digest || status.People != 1 || status.Atoms != 1 || status.Stale {
		t.Errorf("the status is %d %s, %v", code, got, err)
	}
	if code, _ := ask(http.MethodGet, policy.PathHealth, "", nil); code != http.StatusOK {
		t.Errorf("the health check answered %d", code)
	}
}

// TestEveryDecisionIsLogged joins an allowed request to one person and one grant.
func TestEveryDecisionIsLogged(t *testing.T) {
	w := newWorld(t)
	w.push(t, policy.Push{}, atom("fraud-1"))
	core, logs := observer.New(zapcore.InfoLevel)
	server := policy.Handler(w.Point, zap.New(core))
	for person, body := range map[string]string{
		"ada": strings.Replace(recorded(t, "SelectFromColumns", "ada"), `"context":{`, `"context":{"queryId":"20270301_080000_00001_abcde",`, 1),
		"bob": recorded(t, "SelectFromColumns", "bob"),
	} {
		server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, policy.PathAllow, strings.NewReader(body)))
		entries := logs.TakeAll()
		if len(entries) != 1 {
			t.Fatalf("%d lines are logged", len(entries))
		}
		fields := entries[0].ContextMap()
		if fields["person"] != person || fields["operation"] != "SelectFromColumns" || fields["table"] != "memory.default.people" {
			t.Errorf("logged %v", fields)
		}
		grants, _ := fields["grants"].([]any)
		switch person {
		case "ada":
			if fields["allowed"] != true || fields["query"] != "20270301_080000_00001_abcde" || len(grants) != 1 || grants[0] != "fraud-1" {
				t.Errorf("logged %v", fields)
			}
		case "bob":
			if fields["allowed"] != false || fields["reason"] != "no grant reaches table memory.default.people" {
				t.Errorf("logged %v", fields)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	folder := t.TempDir()
	var answer []byte
	var failure error
	fetched := make(chan struct{}, 100)
	fetch := func(context.Context) ([]byte, error) {
		fetched <- struct{}{}
		return answer, failure
	}
	get := func(k *policy.Keys) (int, string) {
		rec := httptest.NewRecorder()
		k.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, policy.PathKeys, nil))
		return rec.Code, rec.Body.String()
	}
	// once runs until the second fetch begins, so that what the first one brought is served.
	once := func(k *policy.Keys) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { k.Run(ctx, time.Millisecond, time.Millisecond); close(done) }()
		<-fetched
		<-fetched
		cancel()
		<-done
		for len(fetched) > 0 {
			<-fetched
		}
	}
	for _, bad := range []struct {
		answer string
		err    error
	}{{"", errors.New("nobody answers")}, {"<html>", nil}, {`{"keys":[]}`, nil}} {
		answer, failure = []byte(bad.answer), bad.err
		k := policy.NewKeys(folder, fetch, zap.NewNop())
		once(k)
		if code, got := get(k); code != http.StatusServiceUnavailable {
			t.Errorf("%v: answered %d %s", bad, code, got)
		}
	}
	answer, failure = []byte(`{"keys":[{"kid":"1"}]}`), nil
	k := policy.NewKeys(folder, fetch, zap.NewNop())
	once(k)
	if code, got := get(k); code != http.StatusOK || !bytes.Equal([]byte(got), answer) {
		t.Errorf("answered %d %s", code, got)
	}
	// The API server is gone, and so is the process: the keys are still there.
	failure = errors.New("nobody answers")
	k = policy.NewKeys(folder, fetch, zap.NewNop())
	if code, got := get(k); code != http.StatusOK || !bytes.Equal([]byte(got), answer) {
		t.Errorf("started again: answered %d %s", code, got)
	}
}
