package objectstore_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/objectstore"
	"github.com/atoll-platform/atoll/internal/objectstore/storetest"
)

func request(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestStore(t *testing.T) {
	ctx := context.Background()
	real := storetest.Start(t)
	o := objectstore.Options{
		Endpoint: real.Endpoint, PublicEndpoint: real.Endpoint, Region: "us-east-1", Bucket: "runs", CredentialsFolder: real.Credentials,
	}
	store, err := objectstore.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.Ensure(ctx); err != nil {
			t.Fatal(err)
		}
	}
	key := "outputs/fraud/nightly/nightly-20260101-0000/load data+1.ipynb"
	put, err := store.Put(ctx, key, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := request(t, http.MethodPut, put, "a notebook"); status != http.StatusOK {
		t.Fatalf("writing it: %d %s", status, body)
	}
	get, err := store.Get(ctx, key, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for what, url := range map[string]string{"reading it": get, "its link": store.Link(ctx, store.Name(key))} {
		if status, body := request(t, http.MethodGet, url, ""); status != http.StatusOK || body != "a notebook" {
			t.Errorf("%s: %d %s", what, status, body)
		}
	}

	t.Run("a URL is good for one thing and one object", func(t *testing.T) {
		for what, try := range map[string][2]string{
			"writing by the URL for reading":  {http.MethodPut, get},
			"deleting by the URL for writing": {http.MethodDelete, put},
			"another object":                  {http.MethodPut, strings.Replace(put, "nightly/", "weekly/", 1)},
		} {
			if status, _ := request(t, try[0], try[1], "x"); status != http.StatusForbidden {
				t.Errorf("%s: status %d", what, status)
			}
		}
	})
	t.Run("and for a while", func(t *testing.T) {
		o.Now = func() time.Time { return time.Now().Add(-2 * time.Minute) }
		past, err := objectstore.New(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		url, err := past.Get(ctx, key, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if status, _ := request(t, http.MethodGet, url, ""); status != http.StatusForbidden {
			t.Errorf("after its time: status %d", status)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []objectstore.Options{
		{Region: "us-east-1"},
		{Bucket: "runs"},
		{Bucket: "runs", Region: "us-east-1", Endpoint: "objectstore:7070"},
		{Bucket: "runs", Region: "us-east-1", PublicEndpoint: "ftp://x"},
	} {
		if _, err := objectstore.New(context.Background(), o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
