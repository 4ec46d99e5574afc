// Package hub acts as a person at JupyterHub: it signs in at the identity provider's
// form, starts servers, runs cells over the kernel's websocket and reads files.
// It uses only what a browser or a person's own token could use.
package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// ErrSignInRefused says that the identity provider did not accept the name and password.
var ErrSignInRefused = errors.New("the identity provider refused the sign-in")

// Session is a person signed in at the hub.
type Session struct {
	// User is the person's user name.
	User string

	base  *url.URL
	http  *http.Client
	token string
}

// SignIn goes from the hub's sign-in link through the provider's form and back, as a
// browser does, and then asks for a token of the person's own that lives for an hour.
func SignIn(ctx context.Context, hubURL, user, password string) (*Session, error) {
	base, err := url.Parse(strings.TrimRight(hubURL, "/"))
	if err != nil {
		return nil, fmt.Errorf("parsing the hub's URL %q: %w", hubURL, err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	s := &Session{User: user, base: base, http: &http.Client{Jar: jar, Timeout: 60 * time.Second}}

	page, at, err := s.page(ctx, http.MethodGet, s.url("/hub/oauth_login"), nil)
	if err != nil {
		return nil, fmt.Errorf("opening the sign-in page: %w", err)
	}
	action, fields, ok := loginForm(page)
	if !ok {
		return nil, fmt.Errorf("opening the sign-in page: no form with a password field at %s", at)
	}
	target, err := at.Parse(action)
	if err != nil {
		return nil, fmt.Errorf("parsing the form's action %q: %w", action, err)
	}
	fields.Set("username", user)
	fields.Set("password", password)
	page, at, err = s.page(ctx, http.MethodPost, target.String(), fields)
	if err != nil {
		return nil, fmt.Errorf("signing in as %s: %w", user, err)
	}
	if _, _, again := loginForm(page); again || at.Host != base.Host {
		return nil, fmt.Errorf("signing in as %s: %w (ended at %s)", user, ErrSignInRefused, at.Redacted())
	}
	return s, s.mintToken(ctx)
}

func (s *Session) url(path string) string { return s.base.String() + path }

// page fetches a page, follows its redirects and says where it ended.
func (s *Session) page(ctx context.Context, method, target string, form url.Values) (string, *url.URL, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return "", nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return "", nil, err
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return "", nil, fmt.Errorf("%s %s: %s", method, resp.Request.URL.Redacted(), resp.Status)
	}
	return string(text), resp.Request.URL, nil
}

// Page returns the text of one of the hub's pages as the person sees it in a browser.
func (s *Session) Page(ctx context.Context, path string) (string, error) {
	text, _, err := s.page(ctx, http.MethodGet, s.url(path), nil)
	return text, err
}

// loginForm finds the form that asks for a password, with its hidden fields.
func loginForm(page string) (action string, fields url.Values, ok bool) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return "", nil, false
	}
	for form := range root.Descendants() {
		if form.Type != html.ElementNode || form.Data != "form" {
			continue
		}
		fields, hasPassword := url.Values{}, false
		for input := range form.Descendants() {
			if input.Type != html.ElementNode || input.Data != "input" {
				continue
			}
			hasPassword = hasPassword || attr(input, "type") == "password"
			if attr(input, "type") == "hidden" && attr(input, "name") != "" {
				fields.Set(attr(input, "name"), attr(input, "value"))
			}
		}
		if hasPassword {
			return attr(form, "action"), fields, true
		}
	}
	return "", nil, false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
