// Package s3control is S3 Access Grants of AWS as far as grants to roles go: the protocol, the limits, the errors, throttling, and lists
// that lag behind writes. It refuses what AWS refuses, and knows what its grants hand out.
package s3control

import (
	"context"
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/test/fake/lagging"
)

// Account is the number of the one account there is.
const Account = "123456789012"

// Options of a server.
type Options struct {
	// Lag is how far lists are behind writes.
	Lag time.Duration
	// Throttle refuses each nth request; 0 refuses none.
	Throttle int
	// Limit is how many grants the instance takes; 0 is AWS's default.
	Limit int
	// Known says whether IAM has a role; nil knows all.
	Known func(roleARN string) bool
}

// Server answers as S3 Control does.
type Server struct {
	// Endpoint is where it listens, and Client reaches it: requests go to a host below it that is named after the account.
	Endpoint string
	Client   *http.Client

	mu        sync.Mutex
	opts      Options
	held      lagging.State[map[string]Grant]
	requests  int
	throttled int
	made      int
	log       []string
	fail      func(call string) bool
}

// Start runs a server until the test ends.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	if opts.Limit == 0 {
		opts.Limit = 100000
	}
	s := &Server{opts: opts, held: lagging.New[map[string]Grant](nil, opts.Lag)}
	mux := http.NewServeMux()
	const path = "/v20180820/accessgrantsinstance/grant"
	for pattern, handle := range map[string]func(*http.Request) (any, *failure){
		"POST " + path: s.create, "DELETE " + path + "/{id}": s.remove, "GET " + path + "s": s.list,
	} {
		mux.HandleFunc(pattern, s.answer(handle))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.Endpoint = server.URL
	at := server.Listener.Addr().String()
	s.Client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, at)
	}}}
	return s
}

// Fail has requests fail for whose line in the log it says so, with an error that no client repeats; nil fails none.
func (s *Server) Fail(when func(call string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = when
}

// Log is what was done, in order, as "create READ s3://data/a/* <role>".
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

// failure is an error as S3 states it.
type failure struct {
	status        int
	code, message string
}

func refuse(status int, code, format string, args ...any) *failure {
	return &failure{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func (s *Server) answer(handle func(*http.Request) (any, *failure)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests++
		var out any
		var err *failure
		switch {
		case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
			err = refuse(http.StatusForbidden, "AccessDenied", "Access Denied")
		case s.opts.Throttle > 0 && s.requests%s.opts.Throttle == 0:
			s.throttled++
			err = refuse(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
		case r.Header.Get("X-Amz-Account-Id") != Account || !strings.HasPrefix(r.Host, Account+"."):
			err = refuse(http.StatusBadRequest, "InvalidRequest", "The account of the request is missing or another one")
		default:
			out, err = handle(r)
		}
		w.Header().Set("Content-Type", "application/xml")
		if err != nil {
			w.WriteHeader(err.status)
			out = struct {
				XMLName xml.Name `xml:"ErrorResponse"`
				Code    string   `xml:"Error>Code"`
				Message string   `xml:"Error>Message"`
			}{Code: err.code, Message: err.message}
		}
		if out == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_ = xml.NewEncoder(w).Encode(out)
	}
}
