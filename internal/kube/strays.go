package kube

import (
	"bytes"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// openMaps are the fields whose keys are chosen by users, as opposed to those of the schema.
var openMaps = []string{"nodeSelector"}

// stray is an item of a declared list or map that another manager put there.
type stray struct {
	path    fieldpath.Path
	manager string
}

// strays finds them by the managed fields of the live object.
func strays(live, declared *unstructured.Unstructured, manager string) ([]stray, error) {
	var found []stray
	seen := map[string]bool{}
	for _, entry := range live.GetManagedFields() {
		own := entry.Manager == manager && entry.Operation == metav1.ManagedFieldsOperationApply
		if own || entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		var set fieldpath.Set
		if err := set.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
			return nil, err
		}
		set.Iterate(func(p fieldpath.Path) {
			item := itemOf(p)
			if item == nil || seen[item.String()] {
				return
			}
			list, isDeclared := at(declared.Object, item[:len(item)-1])
			if !isDeclared {
				return
			}
			if _, ok := step(list, item[len(item)-1]); ok {
				return
			}
			seen[item.String()] = true
			found = append(found, stray{path: item.Copy(), manager: entry.Manager})
		})
	}
	return found, nil
}

// itemOf cuts a path after its first item of a list or of an open map.
func itemOf(p fieldpath.Path) fieldpath.Path {
	for i, e := range p {
		if e.Key != nil || e.Value != nil {
			return p[:i+1]
		}
		if e.FieldName != nil && i > 0 && p[i-1].FieldName != nil && slices.Contains(openMaps, *p[i-1].FieldName) {
			return p[:i+1]
		}
	}
	return nil
}

func fields(extra []stray) []Field {
	out := make([]Field, len(extra))
	for i, e := range extra {
		out[i] = Field{
			Path:    e.path.String()[1:],
			Manager: e.manager,
			Message: "is not declared, and was added by another manager",
		}
	}
	return out
}

func (s stray) removeFrom(object map[string]any) {
	last := len(s.path) - 1
	parent, ok := at(object, s.path[:last])
	if !ok {
		return
	}
	switch holder := parent.(type) {
	case map[string]any:
		delete(holder, *s.path[last].FieldName)
	case []any:
		kept := slices.DeleteFunc(holder, func(item any) bool { return matches(item, s.path[last]) })
		grand, _ := at(object, s.path[:last-1])
		grand.(map[string]any)[*s.path[last-1].FieldName] = kept
	}
}

// at follows a path from a decoded JSON value.
func at(v any, p fieldpath.Path) (any, bool) {
	for _, e := range p {
		next, ok := step(v, e)
		if !ok {
			return nil, false
		}
		v = next
	}
	return v, true
}

func step(v any, e fieldpath.PathElement) (any, bool) {
	switch holder := v.(type) {
	case map[string]any:
		if e.FieldName == nil {
			return nil, false
		}
		next, ok := holder[*e.FieldName]
		return next, ok
	case []any:
		for _, item := range holder {
			if matches(item, e) {
				return item, true
			}
		}
	}
	return nil, false
}

func matches(item any, e fieldpath.PathElement) bool {
	if e.Value != nil {
		return value.Equals(value.NewValueInterface(item), *e.Value)
	}
	entry, ok := item.(map[string]any)
	if !ok || e.Key == nil {
		return false
	}
	for _, k := range *e.Key {
		if !value.Equals(value.NewValueInterface(entry[k.Name]), k.Value) {
			return false
		}
	}
	return true
}
