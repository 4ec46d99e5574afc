package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	// Audience is that of the token by which a run's pod asks the operator.
	Audience = "atoll.dev/run"
	// DeskFolder has it as the file token, in the containers that ask and not in the notebook's.
	DeskFolder = "/run/atoll-desk"
	// DeskVariable holds the address at which they ask.
	DeskVariable = "ATOLL_DESK"
	// PathNotebook is where the URL of the task's notebook is asked for.
	PathNotebook = "/v1/notebook"
	// PathOutput is where the URL of the executed notebook is asked for.
	PathOutput = "/v1/output"

	// An operator that is being replaced is waited for.
	deskPatience = 2 * time.Minute
	deskPause    = 2 * time.Second
	deskAnswer   = 10 * time.Second
)

// Desk is where the operator hands URLs of the object store to the pods of runs: each its own, and no other.
type Desk struct {
	// Address of the operator, and the file with the token.
	Address, Token string
}

// OwnDesk is that of the pod.
func OwnDesk() Desk { return Desk{Address: os.Getenv(DeskVariable), Token: DeskFolder + "/token"} }

// Notebook is a URL by which the task's notebook can be read.
func (d Desk) Notebook(ctx context.Context) (string, error) { return d.patiently(ctx, PathNotebook) }

// Hold is a URL by which the executed notebook can be written, for as long as the pod may live; empty where none was given
// until the context ended.
func (d Desk) Hold(ctx context.Context) string {
	for {
		url, err := d.patiently(ctx, PathOutput)
		if err == nil || ctx.Err() != nil {
			return url
		}
		// A desk that refuses now may know the run a moment later.
		pauseFor(ctx, deskPatience/4)
	}
}

func (d Desk) patiently(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, deskPatience)
	defer cancel()
	for {
		url, err := d.ask(ctx, path)
		if err == nil || errors.As(err, &final{}) {
			return url, err
		}
		if pauseFor(ctx, deskPause); ctx.Err() != nil {
			return "", err
		}
	}
}

func (d Desk) ask(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, deskAnswer)
	defer cancel()
	token, err := os.ReadFile(d.Token)
	if err != nil {
		return "", fmt.Errorf("reading the token of the pod: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(d.Address, "/")+path, http.NoBody)
	if err != nil {
		return "", final{fmt.Errorf("the operator's address is no URL: %w", err)}
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("asking the operator: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 8<<10))
	switch {
	case err != nil:
		return "", fmt.Errorf("asking the operator: %w", err)
	case resp.StatusCode == http.StatusOK:
		return strings.TrimSpace(string(body)), nil
	case resp.StatusCode < http.StatusInternalServerError && resp.StatusCode != http.StatusTooManyRequests:
		return "", final{fmt.Errorf("the operator answered %s: %s", resp.Status, strings.TrimSpace(string(body)))}
	}
	return "", fmt.Errorf("the operator answered %s", resp.Status)
}

func pauseFor(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
