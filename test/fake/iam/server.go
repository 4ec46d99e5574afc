// Package iam is IAM of AWS as far as roles and policies go: the protocol, the limits, the errors, throttling, and reads that lag
// behind writes. It refuses what AWS refuses, and knows what its policies allow.
package iam

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
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
	// Lag is how far reads are behind writes.
	Lag time.Duration
	// Throttle refuses each nth request; 0 refuses none.
	Throttle int
	// Boundary is the ARN of the policy that every new role must have as its boundary; empty asks for none.
	Boundary string
	// BoundaryDocument is the text of that policy, which Assumable goes by; empty lets everything through.
	BoundaryDocument string
}

// Server answers as IAM does.
type Server struct {
	// Endpoint is where it listens.
	Endpoint string

	mu        sync.Mutex
	opts      Options
	held      lagging.State[state]
	requests  int
	throttled int
	calls     map[string]int
	fail      func(action string) bool
}

// Start runs a server until the test ends.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	s := &Server{opts: opts, held: lagging.New(state{}, opts.Lag), calls: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.Endpoint = server.URL
	return s
}

// Fail has requests fail for which it says so, with an error that no client repeats; nil fails none.
func (s *Server) Fail(when func(action string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = when
}

// Calls is how often an action was asked for, throttled requests left out.
func (s *Server) Calls(action string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[action]
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

// failure is an error as IAM states it.
type failure struct {
	status  int
	code    string
	message string
}

func refuse(code, format string, args ...any) *failure {
	status := map[string]int{
		"NoSuchEntity": http.StatusNotFound, "EntityAlreadyExists": http.StatusConflict, "LimitExceeded": http.StatusConflict,
		"DeleteConflict": http.StatusConflict, "AccessDenied": http.StatusForbidden, "MissingAuthenticationToken": http.StatusForbidden,
	}[code]
	if status == 0 {
		status = http.StatusBadRequest
	}
	return &failure{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// ServeHTTP answers one request of the query protocol.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.serve(r)
	w.Header().Set("Content-Type", "text/xml")
	if err != nil {
		w.WriteHeader(err.status)
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName xml.Name `xml:"https://iam.amazonaws.com/doc/2010-05-08/ ErrorResponse"`
			Type    string   `xml:"Error>Type"`
			Code    string   `xml:"Error>Code"`
			Message string   `xml:"Error>Message"`
		}{Type: "Sender", Code: err.code, Message: err.message})
		return
	}
	action := r.PostForm.Get("Action")
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName xml.Name
		Result  any
		Request string `xml:"ResponseMetadata>RequestId"`
	}{
		XMLName: xml.Name{Space: "https://iam.amazonaws.com/doc/2010-05-08/", Local: action + "Response"},
		Result:  named{action + "Result", answer}, Request: "0",
	})
}

// named is an element with a name that is known when it is written.
type named struct {
	name string
	of   any
}

// MarshalXML writes the element.
func (n named) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	if n.of == nil {
		return nil
	}
	return e.EncodeElement(n.of, xml.StartElement{Name: xml.Name{Local: n.name}})
}

func (s *Server) serve(r *http.Request) (any, *failure) {
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
		return nil, refuse("MalformedInput", "not a request of the query protocol")
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		return nil, refuse("MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if s.opts.Throttle > 0 && s.requests%s.opts.Throttle == 0 {
		s.throttled++
		return nil, refuse("Throttling", "Rate exceeded")
	}
	action := r.PostForm.Get("Action")
	s.calls[action]++
	if s.fail != nil && s.fail(action) {
		return nil, refuse("AccessDenied", "not authorized to perform: iam:%s", action)
	}
	if read := reads[action]; read != nil {
		return read(s.held.Read(), r.PostForm)
	}
	write := writes[action]
	if write == nil {
		return nil, refuse("InvalidAction", "Could not find operation %s for version %s", action, r.PostForm.Get("Version"))
	}
	next := s.held.Now().clone()
	answer, err := write(next, s.opts, r.PostForm)
	if err == nil {
		s.held.Write(next)
	}
	return answer, err
}
