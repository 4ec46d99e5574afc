package hub

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Hold holds the person's server in a workspace for a while ("2h") and returns when the hold ends.
func (s *Session) Hold(ctx context.Context, workspace, duration string) (time.Time, error) {
	return s.hold(ctx, http.MethodPost, workspace, map[string]string{"for": duration})
}

// Release lets a held server go.
func (s *Session) Release(ctx context.Context, workspace string) error {
	_, err := s.hold(ctx, http.MethodDelete, workspace, nil)
	return err
}

func (s *Session) hold(ctx context.Context, method, workspace string, in any) (time.Time, error) {
	var answer struct {
		HeldUntil *time.Time `json:"heldUntil"`
	}
	path := s.userPath() + "/servers/" + url.PathEscape(workspace) + "/hold"
	if err := s.call(ctx, method, path, in, &answer); err != nil || answer.HeldUntil == nil {
		return time.Time{}, err
	}
	return *answer.HeldUntil, nil
}

// ServerToken reads the token with which the person's server speaks to the hub, as code in the server can.
func (s *Session) ServerToken(ctx context.Context, workspace string) (string, error) {
	out, err := s.Run(ctx, workspace, "import os; print(os.environ['JUPYTERHUB_API_TOKEN'])")
	return strings.TrimSpace(out), err
}

// OwnToken is the person's own token.
func (s *Session) OwnToken() string { return s.token }

// Accepts says whether the hub knows a token.
func (s *Session) Accepts(ctx context.Context, token string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url("/hub/api/user"), nil)
	if err != nil {
		return false, err
	}
	req.Header.Set("Authorization", "token "+token)
	// Without the jar: the person's cookies would speak for them.
	resp, err := (&http.Client{Timeout: s.http.Timeout}).Do(req)
	if err != nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
		return true, nil
	case http.StatusForbidden, http.StatusUnauthorized:
		return false, nil
	}
	return false, fmt.Errorf("asking the hub who a token is: %s", resp.Status)
}
