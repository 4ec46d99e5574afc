// Package eks is EKS of AWS as far as Pod Identity associations go: the protocol, the errors, throttling, and lists that lag behind
// writes.
package eks

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/test/fake/lagging"
)

// Options of a server.
type Options struct {
	// Cluster is the name of the one cluster there is.
	Cluster string
	// Lag is how far reads are behind writes.
	Lag time.Duration
	// Throttle refuses each nth request; 0 refuses none.
	Throttle int
	// Limit is how many associations the cluster takes; 0 is AWS's default.
	Limit int
}

// Association is one that the cluster has.
type Association struct {
	ID             string `json:"associationId"`
	ARN            string `json:"associationArn"`
	Cluster        string `json:"clusterName"`
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
	RoleARN        string `json:"roleArn,omitempty"`
}

// Server answers as EKS does.
type Server struct {
	Endpoint string

	mu       sync.Mutex
	opts     Options
	held     lagging.State[map[string]Association]
	requests int
	writes   int
	made     int
}

// Start runs a server until the test ends.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	if opts.Limit == 0 {
		opts.Limit = 5000
	}
	s := &Server{opts: opts, held: lagging.New[map[string]Association](nil, opts.Lag)}
	mux := http.NewServeMux()
	const path = "/clusters/{cluster}/pod-identity-associations"
	for pattern, handle := range map[string]func(*http.Request) (any, *failure){
		"GET " + path: s.list, "POST " + path: s.create,
		"GET " + path + "/{id}": s.describe, "POST " + path + "/{id}": s.update, "DELETE " + path + "/{id}": s.remove,
	} {
		mux.HandleFunc(pattern, s.answer(handle))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.Endpoint = server.URL
	return s
}

// All are the associations there are now, by namespace and ServiceAccount.
func (s *Server) All() map[string]Association {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]Association{}
	for _, a := range s.held.Now() {
		all[a.Namespace+"/"+a.ServiceAccount] = a
	}
	return all
}

// Writes is how many requests have changed something.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

type failure struct {
	status        int
	code, message string
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
			err = &failure{http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token"}
		case s.opts.Throttle > 0 && s.requests%s.opts.Throttle == 0:
			err = &failure{http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded"}
		case r.PathValue("cluster") != s.opts.Cluster:
			err = &failure{http.StatusNotFound, "ResourceNotFoundException", "No cluster found for name: " + r.PathValue("cluster") + "."}
		default:
			out, err = handle(r)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.Header().Set("X-Amzn-ErrorType", err.code)
			w.WriteHeader(err.status)
			out = map[string]string{"message": err.message}
		}
		_ = json.NewEncoder(w).Encode(out)
	}
}

func (s *Server) change(do func(map[string]Association)) {
	next := map[string]Association{}
	maps.Copy(next, s.held.Now())
	do(next)
	s.held.Write(next)
	s.writes++
}

func (s *Server) list(r *http.Request) (any, *failure) {
	all := []Association{}
	for _, a := range s.held.Read() {
		q := r.URL.Query()
		if (q.Get("namespace") == "" || q.Get("namespace") == a.Namespace) && (q.Get("serviceAccount") == "" || q.Get("serviceAccount") == a.ServiceAccount) {
			a.RoleARN = "" // Lists do not say it.
			all = append(all, a)
		}
	}
	return map[string]any{"associations": all}, nil
}

var (
	roleForm = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`)
	nameForm = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
)

func (s *Server) create(r *http.Request) (any, *failure) {
	var in Association
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !roleForm.MatchString(in.RoleARN) ||
		!nameForm.MatchString(in.Namespace) || !nameForm.MatchString(in.ServiceAccount) {
		return nil, &failure{http.StatusBadRequest, "InvalidParameterException", fmt.Sprintf("a parameter is missing or wrong: %+v", in)}
	}
	for _, a := range s.held.Now() {
		if a.Namespace == in.Namespace && a.ServiceAccount == in.ServiceAccount {
			return nil, &failure{http.StatusConflict, "ResourceInUseException", "Association already exists: " + a.ID}
		}
	}
	if len(s.held.Now()) >= s.opts.Limit {
		return nil, &failure{http.StatusBadRequest, "ResourceLimitExceededException", "The cluster has as many associations as it may."}
	}
	s.made++
	in.ID = fmt.Sprintf("a-%017d", s.made)
	in.ARN = "arn:aws:eks:eu-central-1:123456789012:podidentityassociation/" + s.opts.Cluster + "/" + in.ID
	in.Cluster = s.opts.Cluster
	s.change(func(all map[string]Association) { all[in.ID] = in })
	return map[string]any{"association": in}, nil
}

func (s *Server) find(r *http.Request, in map[string]Association) (Association, *failure) {
	id := r.PathValue("id")
	if a, there := in[id]; there {
		return a, nil
	}
	return Association{}, &failure{http.StatusNotFound, "ResourceNotFoundException", "The association " + id + " does not exist among " +
		strings.Join(slices.Sorted(maps.Keys(in)), ", ")}
}

func (s *Server) describe(r *http.Request) (any, *failure) {
	a, err := s.find(r, s.held.Read())
	return map[string]any{"association": a}, err
}

func (s *Server) update(r *http.Request) (any, *failure) {
	a, err := s.find(r, s.held.Now())
	if err != nil {
		return nil, err
	}
	var in Association
	if json.NewDecoder(r.Body).Decode(&in) != nil || !roleForm.MatchString(in.RoleARN) {
		return nil, &failure{http.StatusBadRequest, "InvalidParameterException", "roleArn is " + in.RoleARN}
	}
	a.RoleARN = in.RoleARN
	s.change(func(all map[string]Association) { all[a.ID] = a })
	return map[string]any{"association": a}, nil
}

func (s *Server) remove(r *http.Request) (any, *failure) {
	a, err := s.find(r, s.held.Now())
	if err != nil {
		return nil, err
	}
	s.change(func(all map[string]Association) { delete(all, a.ID) })
	return map[string]any{"association": a}, nil
}
