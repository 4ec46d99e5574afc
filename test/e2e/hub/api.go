package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// StatusError is an answer that is not a success.
type StatusError struct {
	Method, Path string
	// Code is the HTTP status code.
	Code int
	// Body is the answer's text.
	Body string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: status %d: %s", e.Method, e.Path, e.Code, e.Body)
}

// mintToken exchanges the browser's cookies for a token, as the hub's token page does.
func (s *Session) mintToken(ctx context.Context) error {
	if _, err := s.Page(ctx, "/hub/token"); err != nil {
		return fmt.Errorf("opening the token page: %w", err)
	}
	xsrf := ""
	hubPage, err := url.Parse(s.url("/hub/"))
	if err != nil {
		return err
	}
	for _, c := range s.http.Jar.Cookies(hubPage) {
		if c.Name == "_xsrf" {
			xsrf = c.Value
		}
	}
	body, _ := json.Marshal(map[string]any{"expires_in": 3600, "note": "end-to-end check"})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url("/hub/api/users/"+url.PathEscape(s.User)+"/tokens?_xsrf="+url.QueryEscape(xsrf)), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Referer", s.url("/hub/token"))
	req.Header.Set("X-XSRFToken", xsrf)
	var token struct {
		Token string `json:"token"`
	}
	if err := s.send(req, &token); err != nil {
		return fmt.Errorf("asking for a token of %s: %w", s.User, err)
	}
	s.token = token.Token
	return nil
}

// call sends a request that carries the person's token. The path begins at the hub's root.
func (s *Session) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url(path), body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "token "+s.token)
	return s.send(req, out)
}

func (s *Session) send(req *http.Request, out any) error {
	// Without the jar: a token speaks for itself, and cookies would ask for an XSRF header too.
	client := &http.Client{Timeout: s.http.Timeout}
	if req.Header.Get("Authorization") == "" {
		client = s.http
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return &StatusError{Method: req.Method, Path: req.URL.Path, Code: resp.StatusCode, Body: string(data)}
	}
	if out == nil || len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("reading the answer of %s %s: %w", req.Method, req.URL.Path, err)
	}
	return nil
}
