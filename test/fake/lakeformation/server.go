// Package lakeformation is Lake Formation of AWS as far as permissions of tables and data filters go: the protocol, the limits, the
// errors of requests and of single entries of a batch, throttling, and lists that lag behind writes. It refuses what AWS refuses, and
// knows what its permissions show.
package lakeformation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/test/fake/lagging"
)

// Account is the number of the one account there is, and the name of its catalog.
const Account = "123456789012"

// Options of a server.
type Options struct {
	// Lag is how far lists are behind writes.
	Lag time.Duration
	// Throttle refuses each nth request, and Collide fails each nth entry of batches as AWS does when two change the same; 0 refuses none.
	Throttle, Collide int
	// Known says whether IAM has a role; nil knows all.
	Known func(roleARN string) bool
	// Tables are the tables of the catalog by database.table, each with its columns and their types.
	Tables map[string]map[string]string
}

// Server answers as Lake Formation does.
type Server struct {
	// Endpoint is where it listens.
	Endpoint string

	mu        sync.Mutex
	opts      Options
	held      lagging.State[state]
	requests  int
	entries   int
	throttled int
	log       []string
	fail      func(call string) bool
}

// failure is an error as Lake Formation states it.
type failure struct {
	status        int
	code, message string
}

func refuse(code, format string, args ...any) *failure {
	status := http.StatusBadRequest
	if code == "AccessDeniedException" {
		status = http.StatusForbidden
	}
	return &failure{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// Start runs a server until the test ends.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	s := &Server{opts: opts, held: lagging.New(state{}.clone(), opts.Lag)}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.Endpoint = server.URL
	return s
}

// Fail has requests fail, and single entries of batches, for whose line in the log it says so, with an error that no client repeats; nil
// fails none.
func (s *Server) Fail(when func(call string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = when
}

// Log is what was asked for, in order: the action of each request that was not throttled, and each entry of a batch that was done, as
// "grant SELECT sales.orders <role>".
func (s *Server) Log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Writes is how often what it holds has changed.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held.Writes()
}

// Throttled is how many requests were refused for being too many.
func (s *Server) Throttled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.throttled
}

// ServeHTTP answers one request: an action is a path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, err := s.serve(r)
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.Header().Set("X-Amzn-ErrorType", err.code)
		w.WriteHeader(err.status)
		out = map[string]string{"Message": err.message}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Server) serve(r *http.Request) (any, *failure) {
	action := strings.TrimPrefix(r.URL.Path, "/")
	if r.Method != http.MethodPost {
		return nil, refuse("InvalidInputException", "%s is not a request of the protocol", r.Method)
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		return nil, refuse("AccessDeniedException", "Missing Authentication Token")
	}
	s.requests++
	if s.opts.Throttle > 0 && s.requests%s.opts.Throttle == 0 {
		s.throttled++
		return nil, refuse("ThrottledException", "Rate exceeded")
	}
	s.log = append(s.log, action)
	if s.fail != nil && s.fail(action) {
		return nil, refuse("AccessDeniedException", "Insufficient Lake Formation permission(s)")
	}
	handle := map[string]func(*Server, *json.Decoder) (any, *failure){
		"BatchGrantPermissions": (*Server).grant, "BatchRevokePermissions": (*Server).revoke, "ListPermissions": (*Server).list,
		"CreateDataCellsFilter": (*Server).createFilter, "GetDataCellsFilter": (*Server).getFilter, "UpdateDataCellsFilter": (*Server).updateFilter,
	}[action]
	if handle == nil {
		return nil, refuse("UnknownOperationException", "no operation %s", action)
	}
	return handle(s, json.NewDecoder(r.Body))
}

// change makes what there is something else, from now on.
func (s *Server) change(do func(state)) {
	next := s.held.Now().clone()
	do(next)
	s.held.Write(next)
}
