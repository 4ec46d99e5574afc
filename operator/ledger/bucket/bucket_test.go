package bucket

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/internal/objectstore"
	"github.com/atoll-platform/atoll/internal/objectstore/storetest"
)

func TestBucketOfARealObjectStore(t *testing.T) {
	store := storetest.Start(t)
	b, err := New(t.Context(), objectstore.Options{Endpoint: store.Endpoint, Region: "us-east-1", Bucket: "atoll-ledger", CredentialsFolder: store.Credentials})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ledger/b", "ledger/a", "other"} {
		if err := b.Create(t.Context(), name, []byte("of "+name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Create(t.Context(), "ledger/a", []byte("another")); err == nil {
		t.Error("an object was written over")
	}
	names, err := b.List(t.Context(), "ledger/")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ledger/a", "ledger/b"}, names); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if raw, err := b.Get(t.Context(), "ledger/a"); err != nil || string(raw) != "of ledger/a" {
		t.Errorf("the object is %q: %v", raw, err)
	}
}
