package airflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/run"
	"github.com/atoll-platform/atoll/operator/engine/airflow"
)

// server answers as Airflow does, as far as it is told; the real one is in the end-to-end tests.
type server struct {
	t *testing.T
	// dag is the state of the DAG: its generation, or 0 where there is none.
	generation int
	paused     bool
	// runs are the states of its runs.
	runs map[string]string
	// made are the bodies by which runs were made; tokens are how often somebody signed in.
	made   []map[string]any
	tokens int
	// valid is the token that is taken.
	valid string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := func(code int, body any) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(body)
	}
	missing := map[string]any{"detail": "not found"}
	var body map[string]any
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			s.t.Error(err)
		}
	}
	if r.URL.Path == "/auth/token" {
		if body["username"] != "operator" || body["password"] != "secret" {
			answer(http.StatusUnauthorized, map[string]any{"detail": "Invalid credentials"})
			return
		}
		s.tokens++
		s.valid = fmt.Sprint("token", s.tokens)
		answer(http.StatusCreated, map[string]any{"access_token": s.valid})
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+s.valid {
		answer(http.StatusUnauthorized, map[string]any{"detail": "Invalid token"})
		return
	}
	const dag = "/api/v2/dags/fraud.report"
	name := strings.TrimPrefix(r.URL.Path, dag+"/dagRuns/")
	switch {
	case r.URL.Path == dag && s.generation > 0:
		tags := []any{map[string]any{"name": "workspace:fraud"}, map[string]any{"name": fmt.Sprint("generation:", s.generation)}}
		answer(http.StatusOK, map[string]any{"tags": tags, "is_paused": s.paused})
	case r.Method == http.MethodPost && r.URL.Path == dag+"/dagRuns":
		s.made = append(s.made, body)
		s.runs[body["dag_run_id"].(string)] = "queued"
		answer(http.StatusOK, map[string]any{"state": "queued"})
	case s.runs[name] != "":
		answer(http.StatusOK, map[string]any{"state": s.runs[name]})
	default:
		answer(http.StatusNotFound, missing)
	}
}

func client(t *testing.T, s *server) *airflow.Client {
	t.Helper()
	s.t, s.runs = t, map[string]string{}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return airflow.New(airflow.Options{Endpoint: web.URL, CredentialsFolder: account(t, "secret")})
}

func account(t *testing.T, password string) string {
	t.Helper()
	folder := t.TempDir()
	for name, value := range map[string]string{"username": "operator", "password": password + "\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func report(trigger v1alpha1.Trigger) *v1alpha1.Run {
	due := metav1.NewTime(time.Date(2026, 3, 31, 4, 30, 0, 0, time.UTC))
	return &v1alpha1.Run{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ws-fraud", Name: "report-20260331-0430"},
		Spec:       v1alpha1.RunSpec{Schedule: "report", Trigger: trigger, Interval: &due},
		Status:     v1alpha1.RunStatus{Plan: &v1alpha1.RunPlan{Generation: 3, Interval: due}},
	}
}

func TestStart(t *testing.T) {
	s := &server{generation: 3}
	c := client(t, s)
	for range 3 {
		state, err := c.Start(context.Background(), report(v1alpha1.TriggerSchedule))
		if err != nil || state.Ended {
			t.Fatalf("%+v, %v", state, err)
		}
		// A token that Airflow does not take any more is renewed.
		s.valid = "another"
	}
	if len(s.made) != 1 || s.made[0]["dag_run_id"] != "report-20260331-0430" || s.made[0]["logical_date"] != "2026-03-31T04:30:00Z" {
		t.Errorf("it made %v", s.made)
	}
	s.runs["report-20260331-0430"] = "failed"
	if state, err := c.Start(context.Background(), report(v1alpha1.TriggerSchedule)); err != nil || !state.Ended {
		t.Errorf("%+v, %v", state, err)
	}
}

// Several people may ask for a run in the same second, and Airflow has one run for each logical date.
func TestManualRunsHaveNoLogicalDate(t *testing.T) {
	s := &server{generation: 3}
	if _, err := client(t, s).Start(context.Background(), report(v1alpha1.TriggerManual)); err != nil {
		t.Fatal(err)
	}
	if date, there := s.made[0]["logical_date"]; !there || date != nil {
		t.Errorf("it made %v", s.made)
	}
}

func TestNotYet(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server *server
		want   string
	}{
		{"unread", &server{}, "the schedule has not been read by Airflow yet"},
		{"older", &server{generation: 2}, "the schedule as it is now has not been read by Airflow yet"},
		{"paused", &server{generation: 3, paused: true}, "somebody has paused the schedule in Airflow"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := client(t, tt.server).Start(context.Background(), report(v1alpha1.TriggerSchedule))
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(tt.server.made) != 0 {
				t.Errorf("%v, made %v", err, tt.server.made)
			}
		})
	}
}

func TestWrongAccount(t *testing.T) {
	web := httptest.NewServer(&server{t: t})
	defer web.Close()
	c := airflow.New(airflow.Options{Endpoint: web.URL, CredentialsFolder: account(t, "wrong")})
	_, err := c.Start(context.Background(), report(v1alpha1.TriggerSchedule))
	if err == nil || !strings.Contains(err.Error(), "signing in to Airflow: Airflow answers 401: Invalid credentials") || strings.Contains(err.Error(), "wrong") {
		t.Error(err)
	}
}

// An Airflow that does not answer is left alone for a while, so that it holds up no other work.
func TestDown(t *testing.T) {
	web := httptest.NewServer(nil)
	web.Close()
	c := airflow.New(airflow.Options{Endpoint: web.URL, CredentialsFolder: account(t, "secret")})
	for range 2 {
		state, err := c.Start(context.Background(), report(v1alpha1.TriggerSchedule))
		if err == nil || !strings.Contains(err.Error(), "no answer from Airflow") || state != (run.EngineState{}) {
			t.Errorf("%+v, %v", state, err)
		}
	}
}
