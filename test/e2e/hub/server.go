package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Options is what a person chooses on the spawn page.
type Options struct {
	Profile string `json:"profile,omitempty"`
	Size    string `json:"size,omitempty"`
}

type user struct {
	Servers map[string]server `json:"servers"`
	Groups  []string          `json:"groups"`
}

type server struct {
	Ready   bool    `json:"ready"`
	Pending *string `json:"pending"`
	URL     string  `json:"url"`
}

func (s *Session) userPath() string { return "/hub/api/users/" + url.PathEscape(s.User) }

func (s *Session) serverPath(workspace string) string {
	return "/user/" + url.PathEscape(s.User) + "/" + url.PathEscape(workspace)
}

// pace is how often a start is looked at: what a benchmark of starts can tell apart.
const pace = 200 * time.Millisecond

// Start starts the person's server in a workspace and waits until it answers.
func (s *Session) Start(ctx context.Context, workspace string, options Options) error {
	path := s.userPath() + "/servers/" + url.PathEscape(workspace)
	if err := s.call(ctx, http.MethodPost, path, options, nil); err != nil {
		return fmt.Errorf("starting %s's server in workspace %s: %w", s.User, workspace, err)
	}
	err := wait.PollUntilContextCancel(ctx, pace, true, func(ctx context.Context) (bool, error) {
		var u user
		if err := s.call(ctx, http.MethodGet, s.userPath(), nil, &u); err != nil {
			return false, err
		}
		srv, exists := u.Servers[workspace]
		if !exists || (!srv.Ready && srv.Pending == nil) {
			return false, fmt.Errorf("the hub gave up: %s", s.lastProgress(ctx, workspace))
		}
		return srv.Ready, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for %s's server in workspace %s: %w", s.User, workspace, err)
	}
	return nil
}

// Ready says whether the person's server in a workspace answers.
func (s *Session) Ready(ctx context.Context, workspace string) (bool, error) {
	var u user
	err := s.call(ctx, http.MethodGet, s.userPath(), nil, &u)
	return u.Servers[workspace].Ready, err
}

// lastProgress reads why the last start failed from the hub's spawn page.
func (s *Session) lastProgress(ctx context.Context, workspace string) string {
	var raw json.RawMessage
	err := s.call(ctx, http.MethodGet, s.userPath()+"/servers/"+url.PathEscape(workspace)+"/progress", nil, &raw)
	if err == nil {
		return string(raw)
	}
	return err.Error()
}

// Stop stops the person's server in a workspace and waits until it is gone.
func (s *Session) Stop(ctx context.Context, workspace string) error {
	path := s.userPath() + "/servers/" + url.PathEscape(workspace)
	if err := s.call(ctx, http.MethodDelete, path, nil, nil); err != nil {
		return fmt.Errorf("stopping %s's server in workspace %s: %w", s.User, workspace, err)
	}
	err := wait.PollUntilContextCancel(ctx, 500*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		var u user
		if err := s.call(ctx, http.MethodGet, s.userPath(), nil, &u); err != nil {
			return false, err
		}
		srv, exists := u.Servers[workspace]
		return !exists || (!srv.Ready && srv.Pending == nil), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the end of %s's server in workspace %s: %w", s.User, workspace, err)
	}
	return nil
}

// Running says whether the person's server in a workspace answers.
func (s *Session) Running(ctx context.Context, workspace string) (bool, error) {
	var u user
	if err := s.call(ctx, http.MethodGet, s.userPath(), nil, &u); err != nil {
		return false, err
	}
	return u.Servers[workspace].Ready, nil
}

// ReadFile returns the text of a file in the person's home.
func (s *Session) ReadFile(ctx context.Context, workspace, name string) (string, error) {
	var file struct {
		Content string `json:"content"`
	}
	path := s.serverPath(workspace) + "/api/contents/" + url.PathEscape(name) + "?type=file&format=text&content=1"
	if err := s.call(ctx, http.MethodGet, path, nil, &file); err != nil {
		return "", err
	}
	return file.Content, nil
}

// Peek asks another person's server for its state, as somebody who has no right to would.
func (s *Session) Peek(ctx context.Context, person, workspace string) (string, error) {
	var raw json.RawMessage
	err := s.call(ctx, http.MethodGet, "/user/"+url.PathEscape(person)+"/"+url.PathEscape(workspace)+"/api/contents", nil, &raw)
	return string(raw), err
}
