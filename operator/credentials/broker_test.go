package credentials_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/internal/objectstore/storetest"
	"github.com/atoll-platform/atoll/operator/credentials"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

const ownNamespace = "atoll-directory"

var admin client.Client

func TestMain(m *testing.M) {
	os.Exit(all(m))
}

func all(m *testing.M) int {
	server, err := apitest.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = server.Stop() }()
	if admin, err = client.New(server.Config, client.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, name := range []string{ownNamespace, "ws-fraud", "other"} {
		if err := admin.Create(context.Background(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// leases are the ends of what is granted, by account.
type leases map[string]time.Time

func (l leases) Until(_ context.Context, account string, at time.Time) (time.Time, error) {
	if end, ok := l[account]; ok && at.Before(end) {
		return end, nil
	}
	return time.Time{}, credentials.ErrNothingGranted
}

// world is a broker with a real object store behind it.
type world struct {
	t      *testing.T
	clock  *testingclock.FakeClock
	leases leases
	keys   *credentials.Keys
	store  *objectstore.Client
	broker http.Handler
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := storetest.Start(t)
	w := &world{t: t, clock: testingclock.NewFakeClock(time.Now().Truncate(time.Second)), leases: leases{}}
	w.store = objectstore.New(objectstore.Options{
		Endpoint: s.Endpoint, IAMEndpoint: s.IAMEndpoint, Region: "us-east-1", Credentials: s.Credentials,
	})
	for _, account := range []string{"account-ada", "account-bob"} {
		if err := w.store.EnsureUser(t.Context(), account, objectstore.Bucket("data")); err != nil {
			t.Fatal(err)
		}
		w.forget(account)
	}
	w.keys = w.operator()
	w.broker = &credentials.Broker{
		Client: admin, Log: logr.Discard(),
		Givers: map[string]credentials.Giver{
			credentials.Path: &credentials.Store{Lease: w.leases, Keys: w.keys, Account: func(slug string) string { return "account-" + slug }, Clock: w.clock},
		},
	}
	return w
}

// forget has nothing kept of an account.
func (w *world) forget(account string) {
	w.t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ownNamespace, Name: credentials.SecretName(account)}}
	if err := client.IgnoreNotFound(admin.Delete(w.t.Context(), secret)); err != nil {
		w.t.Fatal(err)
	}
}

// operator is one that has just started.
func (w *world) operator() *credentials.Keys {
	return &credentials.Keys{Accounts: w.store, Client: admin, Namespace: ownNamespace, Clock: w.clock}
}

// token is one of a ServiceAccount, as the kubelet asks for it.
func (w *world) token(namespace, account, audience string) string {
	w.t.Helper()
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: account}}
	if err := admin.Create(w.t.Context(), sa); err != nil && client.IgnoreAlreadyExists(err) != nil {
		w.t.Fatal(err)
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To(int64(600))}}
	if audience != "" {
		request.Spec.Audiences = []string{audience}
	}
	if err := admin.SubResource("token").Create(w.t.Context(), sa, request); err != nil {
		w.t.Fatal(err)
	}
	return request.Status.Token
}

func (w *world) ask(method, path, token string) (int, string) {
	request := httptest.NewRequestWithContext(w.t.Context(), method, path, nil)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	recorder := httptest.NewRecorder()
	w.broker.ServeHTTP(recorder, request)
	body, err := io.ReadAll(recorder.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return recorder.Code, string(body)
}

func (w *world) given(token string) credentials.Answer {
	w.t.Helper()
	code, body := w.ask(http.MethodGet, credentials.Path, token)
	var answer credentials.Answer
	if err := json.Unmarshal([]byte(body), &answer); code != http.StatusOK || err != nil {
		w.t.Fatalf("the broker answered %d: %s", code, body)
	}
	return answer
}

func TestWhoGetsCredentials(t *testing.T) {
	w := newWorld(t)
	w.leases["account-ada"] = w.clock.Now().Add(24 * time.Hour)
	ada := w.token("ws-fraud", "person-ada", credentials.Audience)
	answer := w.given(ada)
	if want := w.clock.Now().Add(credentials.Life); answer.Version != 1 || answer.SecretAccessKey == "" || !answer.Expiration.Equal(want) {
		t.Errorf("ada got %+v, and not until %s", answer, want)
	}
	live, err := w.store.KeyIDs(t.Context(), "account-ada")
	if err != nil || !slices.Equal(live, []string{answer.AccessKeyID}) {
		t.Errorf("her account has the keys %v (%v), and she got %s", live, err, answer.AccessKeyID)
	}
	for name, tt := range map[string]struct {
		method, path, token string
		code                int
		says                string
	}{
		"another path":              {http.MethodGet, "/", ada, http.StatusNotFound, "GET /v1/credentials"},
		"another method":            {http.MethodPost, credentials.Path, ada, http.StatusNotFound, "GET /v1/credentials"},
		"no token":                  {http.MethodGet, credentials.Path, "", http.StatusUnauthorized, credentials.Audience},
		"no JWT":                    {http.MethodGet, credentials.Path, "x", http.StatusUnauthorized, credentials.Audience},
		"another audience":          {http.MethodGet, credentials.Path, w.token("ws-fraud", "person-ada", "sts.amazonaws.com"), http.StatusUnauthorized, credentials.Audience},
		"the API server's audience": {http.MethodGet, credentials.Path, w.token("ws-fraud", "person-ada", ""), http.StatusUnauthorized, credentials.Audience},
		"another namespace":         {http.MethodGet, credentials.Path, w.token("other", "person-ada", credentials.Audience), http.StatusUnauthorized, credentials.Audience},
		"no person's account":       {http.MethodGet, credentials.Path, w.token("ws-fraud", "default", credentials.Audience), http.StatusUnauthorized, credentials.Audience},
		"nothing granted":           {http.MethodGet, credentials.Path, w.token("ws-fraud", "person-bob", credentials.Audience), http.StatusForbidden, "Nothing is granted to you"},
	} {
		t.Run(name, func(t *testing.T) {
			code, body := w.ask(tt.method, tt.path, tt.token)
			if code != tt.code || !strings.Contains(body, tt.says) || strings.Contains(body, answer.SecretAccessKey) {
				t.Errorf("the broker answered %d: %s", code, body)
			}
		})
	}
}

func TestCredentialsEndWithTheGrant(t *testing.T) {
	w := newWorld(t)
	end := w.clock.Now().Add(7 * time.Minute)
	w.leases["account-ada"] = end
	ada := w.token("ws-fraud", "person-ada", credentials.Audience)
	if got := w.given(ada).Expiration; !got.Equal(end) {
		t.Errorf("the credentials last until %s, and the grant until %s", got, end)
	}
	w.clock.SetTime(end)
	if code, body := w.ask(http.MethodGet, credentials.Path, ada); code != http.StatusForbidden {
		t.Errorf("at its end the broker answered %d: %s", code, body)
	}
}

// TestNobodyLosesAKeyInUse asks every quarter of an hour for a day, with operators that start anew: what was handed out stays a
// key of the account until its end, and there are never more than the two that an account takes.
func TestNobodyLosesAKeyInUse(t *testing.T) {
	w := newWorld(t)
	given := map[string]time.Time{}
	for quarter := range 24 * 4 {
		keys := w.keys
		if quarter%3 == 0 {
			keys = w.operator()
		}
		key, err := keys.Current(t.Context(), "account-ada")
		if err != nil {
			t.Fatal(err)
		}
		given[key.ID] = w.clock.Now().Add(credentials.Life)
		live, err := w.store.KeyIDs(t.Context(), "account-ada")
		if err != nil || len(live) > 2 {
			t.Fatalf("quarter %d: the account has the keys %v, %v", quarter, live, err)
		}
		for id, end := range given {
			if w.clock.Now().Before(end) && !slices.Contains(live, id) {
				t.Fatalf("quarter %d: key %s is gone before its end", quarter, id)
			}
		}
		w.clock.Step(15 * time.Minute)
	}
	if len(given) < 20 {
		t.Errorf("a day had %d keys", len(given))
	}
	w.clock.Step(2 * credentials.Life)
	if err := w.keys.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if live, err := w.store.KeyIDs(t.Context(), "account-ada"); err != nil || len(live) > 0 {
		t.Errorf("keys that nobody may use any more are there: %v, %v", live, err)
	}
	secret := &corev1.Secret{}
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: ownNamespace, Name: credentials.SecretName("account-ada")}, secret); err != nil || len(secret.Data) > 0 {
		t.Errorf("the Secret keeps %d accounts, %v", len(secret.Data), err)
	}
}

// TestASweepAfterACrash finds the claim of an operator that ended before it had made a key.
func TestASweepAfterACrash(t *testing.T) {
	w := newWorld(t)
	w.keys.Accounts = noRoom{w.store}
	if _, err := w.keys.Current(t.Context(), "account-ada"); err == nil {
		t.Fatal("a key was made")
	}
	w.keys.Accounts = w.store
	w.clock.Step(time.Hour)
	if err := w.keys.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := w.keys.Current(t.Context(), "account-ada"); err != nil {
		t.Error(err)
	}
}

// noRoom makes no keys.
type noRoom struct{ credentials.Accounts }

func (noRoom) AddKey(context.Context, string) (id, secret string, err error) {
	return "", "", errors.New("the operator was killed")
}

// TestTwoOperatorsAgreeOnAKey has several ask at once for an account without one.
func TestTwoOperatorsAgreeOnAKey(t *testing.T) {
	w := newWorld(t)
	type result struct {
		key credentials.Key
		err error
	}
	results := make(chan result)
	for range 2 {
		keys := w.operator()
		go func() {
			key, err := keys.Current(context.WithoutCancel(t.Context()), "account-ada")
			results <- result{key, err}
		}()
	}
	ids := map[string]bool{}
	for range 2 {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		ids[r.key.ID] = true
	}
	live, err := w.store.KeyIDs(t.Context(), "account-ada")
	if err != nil {
		t.Fatal(err)
	}
	for id := range ids {
		if !slices.Contains(live, id) {
			t.Errorf("a key was handed out that is none: of %v the account has %v", ids, live)
		}
	}
}

// TestAStoreThatWasEmptied has lost the keys that the Secrets still name.
func TestAStoreThatWasEmptied(t *testing.T) {
	w := newWorld(t)
	before, err := w.keys.Current(t.Context(), "account-ada")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.RemoveKey(t.Context(), "account-ada", before.ID); err != nil {
		t.Fatal(err)
	}
	after, err := w.keys.Current(t.Context(), "account-ada")
	if err != nil || after.ID == before.ID {
		t.Errorf("the key that is gone is handed out still: %v, %v", after.ID, err)
	}
}

func TestAStoreThatDoesNotAnswer(t *testing.T) {
	w := newWorld(t)
	w.leases["account-ada"] = w.clock.Now().Add(time.Hour)
	w.keys.Accounts = broken{}
	code, body := w.ask(http.MethodGet, credentials.Path, w.token("ws-fraud", "person-ada", credentials.Audience))
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "try again") || strings.Contains(body, "refused") {
		t.Errorf("the broker answered %d: %s", code, body)
	}
}

type broken struct{ credentials.Accounts }

func (broken) KeyIDs(context.Context, string) ([]string, error) {
	return nil, errors.New("connection refused")
}
