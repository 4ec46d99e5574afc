// Package sts is STS of AWS as far as roles are taken on: the protocol, signatures, the bounds of sessions, and trust. Beside it stands the
// agent of EKS's nodes, which hands the role of a ServiceAccount to pods.
package sts

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/test/fake/iam"
)

// Bounds of what a session may be asked to last, and of one that a session asks for.
const (
	shortest = 900 * time.Second
	longest  = 12 * time.Hour
	chained  = time.Hour
)

// Options of a server.
type Options struct {
	// Region that requests are signed for.
	Region string
}

// Session is what somebody has who has taken a role on.
type Session struct {
	iam.Principal
	// Name that who took it on gave it.
	Name       string
	ID, Secret string
	Token      string
	Began, End time.Time
}

// Server answers as STS does, and as the agent of a node does.
type Server struct {
	// Endpoint is where it listens.
	Endpoint string

	opts Options
	iam  *iam.Server

	mu       sync.Mutex
	sessions map[string]*Session
	pods     map[string]iam.Principal
}

// Start runs a server until the test ends.
func Start(t testing.TB, roles *iam.Server, opts Options) *Server {
	t.Helper()
	s := &Server{opts: opts, iam: roles, sessions: map[string]*Session{}, pods: map[string]iam.Principal{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", s.assume)
	mux.HandleFunc("GET "+agentPath, s.agent)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.Endpoint = server.URL
	return s
}

// Session is the one that credentials are of, by the id of their key; nil where there is none.
func (s *Server) Session(id string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id]
}

// Sessions is how many there have been.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

func (s *Server) begin(who iam.Principal, name string, lasts time.Duration) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.sessions) + 1
	now := time.Now().UTC().Truncate(time.Second)
	session := &Session{
		Principal: iam.Principal{RoleARN: who.RoleARN, Tags: maps.Clone(who.Tags)}, Name: name,
		ID: fmt.Sprintf("ASIA%016d", n), Secret: fmt.Sprintf("secret/of+session-%d", n), Token: fmt.Sprintf("token/of+session=%d", n),
		Began: now, End: now.Add(lasts),
	}
	s.sessions[session.ID] = session
	return session
}

// failure is an error as STS states it.
type failure struct {
	status        int
	code, message string
}

func refuse(status int, code, format string, args ...any) *failure {
	return &failure{status, code, fmt.Sprintf(format, args...)}
}

const space = "https://sts.amazonaws.com/doc/2011-06-15/"

type credentialsView struct {
	ID         string `xml:"AccessKeyId"`
	Secret     string `xml:"SecretAccessKey"`
	Token      string `xml:"SessionToken"`
	Expiration string
}

func (s *Server) assume(w http.ResponseWriter, r *http.Request) {
	session, err := s.taken(r)
	w.Header().Set("Content-Type", "text/xml")
	if err != nil {
		w.WriteHeader(err.status)
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName xml.Name
			Code    string `xml:"Error>Code"`
			Message string `xml:"Error>Message"`
		}{xml.Name{Space: space, Local: "ErrorResponse"}, err.code, err.message})
		return
	}
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName     xml.Name
		Credentials credentialsView `xml:"AssumeRoleResult>Credentials"`
		ARN         string          `xml:"AssumeRoleResult>AssumedRoleUser>Arn"`
	}{
		xml.Name{Space: space, Local: "AssumeRoleResponse"},
		credentialsView{session.ID, session.Secret, session.Token, session.End.Format(time.RFC3339)},
		strings.Replace(session.RoleARN, ":iam:", ":sts:", 1) + "/" + session.Name,
	})
}

var nameForm = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// taken is the session that a request asks for.
func (s *Server) taken(r *http.Request) (*Session, *failure) {
	caller, in, err := s.signed(r)
	if err != nil {
		return nil, err
	}
	if in.Get("Action") != "AssumeRole" || in.Get("Version") != "2011-06-15" {
		return nil, refuse(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", in.Get("Action"), in.Get("Version"))
	}
	name, arn := in.Get("RoleSessionName"), in.Get("RoleArn")
	if !nameForm.MatchString(name) || len(arn) < 20 {
		return nil, refuse(http.StatusBadRequest, "ValidationError", "Value %q at 'roleSessionName' or %q at 'roleArn' failed to satisfy constraint", name, arn)
	}
	lasts := time.Hour
	if in.Has("DurationSeconds") {
		seconds, err := strconv.Atoi(in.Get("DurationSeconds"))
		lasts = time.Duration(seconds) * time.Second
		if err != nil || lasts < shortest || lasts > longest {
			return nil, refuse(http.StatusBadRequest, "ValidationError", "Value '%s' at 'durationSeconds' failed to satisfy constraint: between %.0f and %.0f",
				in.Get("DurationSeconds"), shortest.Seconds(), longest.Seconds())
		}
	}
	most, ok := s.iam.Assumable(arn, caller.Principal, time.Now())
	switch {
	case !ok:
		return nil, refuse(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", caller.RoleARN, arn)
	case lasts > chained: // Everybody who asks here has a session.
		return nil, refuse(http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case lasts > most:
		return nil, refuse(http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return s.begin(iam.Principal{RoleARN: arn, Tags: caller.Tags}, name, lasts), nil
}
