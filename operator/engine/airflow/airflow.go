// Package airflow has Apache Airflow release and retry the tasks of runs, through its REST API.
//
// The DAG of a schedule comes from a loader in Airflow that reads the schedules itself. A run here becomes a run of that
// DAG, of the same name: so it can be asked for any number of times.
package airflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/run"
)

const (
	// patience bounds a request.
	patience = 5 * time.Second
	// rest is for how long Airflow is left alone after it has not answered, so that it holds up no other work.
	rest = 5 * time.Second
	// answerLimit bounds what is read of an answer.
	answerLimit = 1 << 20
	// generationTag begins the tag by which a DAG says of which generation of its schedule it is.
	generationTag = "generation:"
)

// Options of a client.
type Options struct {
	// Endpoint of Airflow's API server, such as http://airflow.atoll-directory:8080.
	Endpoint string
	// CredentialsFolder has the files username and password. They are read whenever a token is needed.
	CredentialsFolder string
}

// Client is an engine of runs.
type Client struct {
	opts Options
	http *http.Client

	mu    sync.Mutex
	token string
	// down is why Airflow does not answer, and until when it is not asked again.
	down  error
	until time.Time
}

// New returns a client. Nothing is asked before it is used.
func New(opts Options) *Client {
	return &Client{opts: opts, http: &http.Client{Timeout: patience}}
}

// answerError is an answer that is not what was asked for.
type answerError struct {
	code   int
	detail string
}

func (e *answerError) Error() string { return fmt.Sprintf("Airflow answers %d: %s", e.code, e.detail) }

func is(err error, code int) bool {
	var answer *answerError
	return errors.As(err, &answer) && answer.code == code
}

// dagRun is a run of a DAG, as far as it matters here.
type dagRun struct {
	State string `json:"state"`
}

// Start makes sure that Airflow has the run, and says how it stands there.
func (c *Client) Start(ctx context.Context, r *v1alpha1.Run) (run.EngineState, error) {
	dag := "/api/v2/dags/" + url.PathEscape(DAG(r))
	var got dagRun
	err := c.do(ctx, http.MethodGet, dag+"/dagRuns/"+url.PathEscape(r.Name), nil, &got)
	if is(err, http.StatusNotFound) {
		if err = c.current(ctx, dag, r.Status.Plan.Generation); err == nil {
			err = c.trigger(ctx, dag, r, &got)
		}
	}
	if err != nil {
		return run.EngineState{}, err
	}
	return run.EngineState{Ended: got.State == "success" || got.State == "failed", Detail: "its run is " + got.State}, nil
}

// DAG is the name of the DAG of a run's schedule.
func DAG(r *v1alpha1.Run) string {
	return strings.TrimPrefix(r.Namespace, v1alpha1.WorkspaceNamespacePrefix) + "." + r.Spec.Schedule
}

// current is an error unless Airflow has the schedule as the run has it, or newer.
func (c *Client) current(ctx context.Context, dag string, generation int64) error {
	var got struct {
		IsStale  bool `json:"is_stale"`
		IsPaused bool `json:"is_paused"`
		Tags     []struct {
			Name string `json:"name"`
		} `json:"tags"`
	}
	err := c.do(ctx, http.MethodGet, dag, nil, &got)
	if is(err, http.StatusNotFound) || (err == nil && got.IsStale) {
		return errors.New("the schedule has not been read by Airflow yet")
	}
	if err != nil {
		return err
	}
	if got.IsPaused {
		return errors.New("somebody has paused the schedule in Airflow: go on with it there; to pause one set spec.suspend")
	}
	for _, tag := range got.Tags {
		text, ok := strings.CutPrefix(tag.Name, generationTag)
		if has, err := strconv.ParseInt(text, 10, 64); ok && err == nil && has >= generation {
			return nil
		}
	}
	return errors.New("the schedule as it is now has not been read by Airflow yet")
}

// trigger makes the run of the DAG. One that is there already is the run that was meant.
func (c *Client) trigger(ctx context.Context, dag string, r *v1alpha1.Run, into *dagRun) error {
	body := map[string]any{"dag_run_id": r.Name, "logical_date": nil}
	if r.Spec.Trigger != v1alpha1.TriggerManual {
		body["logical_date"] = r.Status.Plan.Interval.UTC().Format(time.RFC3339)
	}
	err := c.do(ctx, http.MethodPost, dag+"/dagRuns", body, into)
	if is(err, http.StatusConflict) {
		return c.do(ctx, http.MethodGet, dag+"/dagRuns/"+url.PathEscape(r.Name), nil, into)
	}
	return err
}

// do asks Airflow, with a token that is renewed when it is refused.
func (c *Client) do(ctx context.Context, method, path string, body, into any) error {
	c.mu.Lock()
	token, down, until := c.token, c.down, c.until
	c.mu.Unlock()
	if down != nil && time.Now().Before(until) {
		return down
	}
	if token == "" {
		return c.renewed(ctx, method, path, body, into)
	}
	err := c.send(ctx, method, path, token, body, into)
	if is(err, http.StatusUnauthorized) {
		return c.renewed(ctx, method, path, body, into)
	}
	return err
}

func (c *Client) renewed(ctx context.Context, method, path string, body, into any) error {
	token, err := c.signIn(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.token = token
	c.mu.Unlock()
	return c.send(ctx, method, path, token, body, into)
}

func (c *Client) signIn(ctx context.Context) (string, error) {
	account := map[string]string{}
	for _, name := range []string{"username", "password"} {
		raw, err := os.ReadFile(filepath.Join(c.opts.CredentialsFolder, name))
		if err != nil {
			return "", fmt.Errorf("reading the account of Airflow: %w", err)
		}
		account[name] = strings.TrimSpace(string(raw))
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := c.send(ctx, http.MethodPost, "/auth/token", "", account, &answer); err != nil {
		return "", fmt.Errorf("signing in to Airflow: %w", err)
	}
	return answer.Token, nil
}

func (c *Client) send(ctx context.Context, method, path, token string, body, into any) error {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("writing a request to Airflow: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.opts.Endpoint+path, content)
	if err != nil {
		return fmt.Errorf("preparing a request to Airflow: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.http.Do(req)
	c.note(err)
	if err != nil {
		return fmt.Errorf("no answer from Airflow: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("reading Airflow's answer: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return &answerError{code: res.StatusCode, detail: detail(raw)}
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("reading Airflow's answer to %s %s: %w", method, path, err)
	}
	return nil
}

// note remembers whether Airflow answers.
func (c *Client) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = nil
	if err != nil {
		c.down, c.until = fmt.Errorf("no answer from Airflow: %w", err), time.Now().Add(rest)
	}
}

// detail is what Airflow says of an error, without what would change from one time to the next.
func detail(raw []byte) string {
	var answer struct {
		Detail any `json:"detail"`
	}
	if json.Unmarshal(raw, &answer) != nil || answer.Detail == nil {
		return "no reason given"
	}
	if text, ok := answer.Detail.(string); ok {
		return text
	}
	text, err := json.Marshal(answer.Detail)
	if err != nil {
		return "no reason given"
	}
	return string(text[:min(len(text), 300)])
}
