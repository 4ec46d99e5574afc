package credentials_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/go-logr/logr"

	"github.com/atoll-platform/atoll/operator/credentials"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
)

// counted are leases that say how often they were asked for.
type counted struct {
	open  map[string]lease.Open
	asked int
	err   error
}

func (c *counted) Kind() string { return "tables" }

func (c *counted) Open(_ context.Context, slug string, at time.Time) (lease.Open, bool, error) {
	c.asked++
	open, ok := c.open[slug]
	return open, ok && at.Before(open.Until), c.err
}

func TestTheOperatorNamesALeaseToItsPerson(t *testing.T) {
	now := testingclock.NewFakeClock(time.Now().Truncate(time.Second))
	leases := &counted{open: map[string]lease.Open{"ada": {RoleARN: "arn:hers", Until: now.Now().Add(time.Hour).UTC()}}}
	path := credentials.LeasePath("tables")
	w := &world{t: t, broker: &credentials.Broker{
		Client: admin, Log: logr.Discard(), Givers: map[string]credentials.Giver{path: &credentials.Assumed{Leases: leases, Clock: now}},
	}}
	code, body := w.ask(http.MethodGet, path, w.token("ws-fraud", "person-ada", credentials.Audience))
	var got credentials.Role
	if err := json.Unmarshal([]byte(body), &got); code != http.StatusOK || err != nil || got != (credentials.Role{RoleARN: "arn:hers", Until: leases.open["ada"].Until}) {
		t.Errorf("ada got %d: %s", code, body)
	}
	for name, tt := range map[string]struct {
		path, token string
		code        int
		says        string
	}{
		"somebody else":   {path, w.token("ws-fraud", "person-bob", credentials.Audience), http.StatusForbidden, "Nothing is granted"},
		"another service": {credentials.LeasePath("objects"), w.token("ws-fraud", "person-ada", credentials.Audience), http.StatusNotFound, path},
		"another token":   {path, w.token("ws-fraud", "person-ada", "sts.amazonaws.com"), http.StatusUnauthorized, credentials.Audience},
	} {
		if code, body := w.ask(http.MethodGet, tt.path, tt.token); code != tt.code || !strings.Contains(body, tt.says) || strings.Contains(body, "hers") {
			t.Errorf("%s got %d: %s", name, code, body)
		}
	}
}

func TestAWSIsNotAskedWithoutEnd(t *testing.T) {
	now := testingclock.NewFakeClock(time.Now())
	leases := &counted{open: map[string]lease.Open{"ada": {RoleARN: "arn:hers", Until: now.Now().Add(7 * time.Second)}}}
	given := &credentials.Assumed{Leases: leases, Clock: now}
	ask := func(slug string, asked int, granted bool) {
		t.Helper()
		_, err := given.Give(t.Context(), slug)
		if leases.asked != asked || (err == nil) != granted || err != nil && !errors.Is(err, credentials.ErrNothingGranted) {
			t.Errorf("%s: AWS was asked %d times and not %d, %v", slug, leases.asked, asked, err)
		}
	}
	ask("ada", 1, true)
	ask("ada", 1, true)
	ask("bob", 2, false)
	ask("bob", 2, false)
	now.Step(5 * time.Second)
	ask("ada", 3, true)
	ask("bob", 4, false)
	// Its end is an end, however fresh the answer is.
	now.Step(2 * time.Second)
	ask("ada", 5, false)
	leases.err = errors.New("throttled")
	now.Step(time.Minute)
	for range 2 {
		if _, err := given.Give(t.Context(), "ada"); err == nil || errors.Is(err, credentials.ErrNothingGranted) {
			t.Errorf("what AWS did not answer became %v", err)
		}
	}
	leases.err = nil
	leases.open["ada"] = lease.Open{RoleARN: "arn:hers", Until: now.Now().Add(time.Hour)}
	ask("ada", 8, true)
}
