package kube

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	// ErrNotFound says that the object does not exist: the API server knows the kind and said so.
	ErrNotFound = errors.New("not found")
	// ErrKindMissing says that the server does not serve the kind, so nothing is known of the object.
	ErrKindMissing = errors.New("the server does not know the kind")
	// ErrNamespaceMissing says that the namespace the object would be in does not exist.
	ErrNamespaceMissing = errors.New("there is no namespace")
	// ErrExists says that an object of the name is already there.
	ErrExists = errors.New("already exists")
)

// Field is a part of an object that a call was refused for.
type Field struct {
	// Path in the object, such as spec.quota.cpu or spec.members[kind="User",name="ada"].
	Path string
	// Message says why.
	Message string
	// Manager that holds the field, in a ConflictError.
	Manager string
}

// ConflictError says that other managers hold fields that the caller declares. Nothing was written.
type ConflictError struct {
	Object string
	Fields []Field
}

func (e *ConflictError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = fmt.Sprintf("%s (%s)", f.Path, f.Manager)
	}
	return fmt.Sprintf("%s: fields are held by other managers: %s", e.Object, strings.Join(parts, ", "))
}

// InvalidError says that the API server refused values.
type InvalidError struct {
	Object string
	Fields []Field
}

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = fmt.Sprintf("%s: %s", f.Path, f.Message)
	}
	return fmt.Sprintf("%s is not valid: %s", e.Object, strings.Join(parts, "; "))
}

// explain turns an error of the API server into one that says what was being done to which object.
func (s *Store[T]) explain(doing, name string, err error) error {
	if err == nil {
		return nil
	}
	object := strings.TrimSpace(s.kind.Name + " " + name)
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return fmt.Errorf("%s %s: %w", doing, object, err)
	}
	reason, details := status.Status().Reason, status.Status().Details
	_, plain := s.split(name)
	if reason == metav1.StatusReasonNotFound {
		// A proxy's 404, or the server's for an unknown kind, does not name the object.
		if name != "" && details != nil && details.Name == plain {
			return fmt.Errorf("%s %s: %w", doing, object, ErrNotFound)
		}
		if details != nil && details.Kind == "namespaces" {
			return fmt.Errorf("%s %s: %w %s", doing, object, ErrNamespaceMissing, details.Name)
		}
		return fmt.Errorf("%s %s: %w %s of %s", doing, object, ErrKindMissing, s.kind.Name, s.kind.Resource().GroupVersion())
	}
	if details == nil {
		return fmt.Errorf("%s %s: %w", doing, object, err)
	}
	var conflicts, invalid []Field
	for _, c := range details.Causes {
		field := Field{Path: strings.TrimPrefix(c.Field, "."), Message: c.Message}
		if c.Type == metav1.CauseTypeFieldManagerConflict {
			field.Manager = managerOf(c.Message)
			conflicts = append(conflicts, field)
			continue
		}
		invalid = append(invalid, field)
	}
	if reason == metav1.StatusReasonConflict && len(conflicts) > 0 {
		return fmt.Errorf("%s: %w", doing, &ConflictError{Object: object, Fields: conflicts})
	}
	if reason == metav1.StatusReasonInvalid && len(invalid) > 0 {
		return fmt.Errorf("%s: %w", doing, &InvalidError{Object: object, Fields: invalid})
	}
	return fmt.Errorf("%s %s: %w", doing, object, err)
}

// managerOf reads the manager's name out of `conflict with "name" using version at time`.
func managerOf(message string) string {
	quoted, err := strconv.QuotedPrefix(strings.TrimPrefix(message, "conflict with "))
	if err != nil {
		return message
	}
	name, err := strconv.Unquote(quoted)
	if err != nil {
		return message
	}
	return name
}
