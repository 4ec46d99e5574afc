package kubetest

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
)

// Recorder passes requests on to the API server and remembers them.
type Recorder struct {
	next http.Handler

	mu     sync.Mutex
	seen   []string
	tokens []string
	fault  func(http.ResponseWriter, *http.Request) bool
}

func newRecorder(cfg *rest.Config) (*Recorder, error) {
	target, err := url.Parse(cfg.Host)
	if err != nil {
		return nil, fmt.Errorf("reading the API server's address %q: %w", cfg.Host, err)
	}
	transport, err := rest.TransportFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the proxy's transport: %w", err)
	}
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Authorization")
		},
	}
	return &Recorder{next: proxy}, nil
}

// ServeHTTP records the request as "VERB plural name" and passes it on.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	path := strings.TrimPrefix(req.URL.Path, "/apis/atoll.dev/v1alpha1/")
	verb := req.Method
	switch {
	case req.URL.Query().Get("watch") == "true":
		verb = "WATCH"
	case verb == http.MethodGet && !strings.Contains(path, "/"):
		verb = "LIST"
	}
	r.seen = append(r.seen, verb+" "+strings.ReplaceAll(path, "/", " "))
	r.tokens = append(r.tokens, strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "))
	fault := r.fault
	r.mu.Unlock()
	if fault != nil && fault(w, req) {
		return
	}
	r.next.ServeHTTP(w, req)
}

// Reset forgets what was recorded.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen, r.tokens = nil, nil
}

// Seen returns what was recorded, such as "LIST workspaces" or "PATCH workspaces fraud".
func (r *Recorder) Seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// Tokens returns the bearer tokens of the requests.
func (r *Recorder) Tokens() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tokens)
}

// Fault answers requests in the server's place where it returns true; nil ends that.
func (r *Recorder) Fault(fault func(http.ResponseWriter, *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = fault
}
