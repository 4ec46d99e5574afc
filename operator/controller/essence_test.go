package controller_test

import (
	"encoding/json"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// essence is what an object says, without its status and what every write changes.
func essence(t testing.TB, obj client.Object) string {
	t.Helper()
	data, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "status")
	if meta, ok := fields["metadata"].(map[string]any); ok {
		delete(meta, "resourceVersion")
		delete(meta, "managedFields")
		delete(meta, "generation")
	}
	data, err = json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
