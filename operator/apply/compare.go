package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// wanted turns an apply configuration into its fields and notes their digest.
func wanted(desired runtime.ApplyConfiguration) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(desired)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", desired, err)
	}
	want := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, &want.Object); err != nil {
		return nil, fmt.Errorf("encoding %T: %w", desired, err)
	}
	digest := sha256.Sum256(data)
	annotations := want.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[AnnotationApplied] = hex.EncodeToString(digest[:8])
	want.SetAnnotations(annotations)
	return want, nil
}

// fields are those of a typed object. Its kind is left out: what a cache returns does not carry it.
func fields(obj client.Object) (map[string]any, error) {
	data, err := json.Marshal(obj)
	if err != nil {
		return nil, fmt.Errorf("encoding %T %s: %w", obj, client.ObjectKeyFromObject(obj), err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("encoding %T %s: %w", obj, client.ObjectKeyFromObject(obj), err)
	}
	return out, nil
}

// covers reports whether live holds every field of want with the same value. Lists are compared whole.
func covers(live, want any) bool {
	w, isMap := want.(map[string]any)
	if !isMap {
		return coversValue(live, want)
	}
	l, isMap := live.(map[string]any)
	if !isMap {
		// The API leaves out empty maps.
		return live == nil && len(w) == 0
	}
	for key, value := range w {
		if key == "apiVersion" || key == "kind" {
			if _, typed := l[key]; !typed {
				continue
			}
		}
		if !covers(l[key], value) {
			return false
		}
	}
	return true
}

func coversValue(live, want any) bool {
	w, isList := want.([]any)
	if !isList {
		return reflect.DeepEqual(live, want)
	}
	l, isList := live.([]any)
	if !isList || len(l) != len(w) {
		return len(w) == 0 && live == nil
	}
	for i := range w {
		if !covers(l[i], w[i]) {
			return false
		}
	}
	return true
}

// body is an object's content: what is neither its identity, nor its metadata, nor its status.
func body(obj map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range obj {
		switch key {
		case "apiVersion", "kind", "metadata", "status":
		default:
			out[key] = value
		}
	}
	return out
}

// foreign is the JSON merge patch that removes from live the fields which want does not have.
func foreign(live, want map[string]any) map[string]any {
	patch := map[string]any{}
	for key, value := range live {
		w, known := want[key]
		if !known {
			patch[key] = nil
			continue
		}
		l, isMap := value.(map[string]any)
		wm, both := w.(map[string]any)
		if !isMap || !both {
			continue
		}
		if nested := foreign(l, wm); len(nested) > 0 {
			patch[key] = nested
		}
	}
	return patch
}
