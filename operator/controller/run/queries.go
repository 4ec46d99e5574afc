package run

import (
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

const (
	queriesFolder   = "/run/atoll-trino"
	queriesAudience = "trino"
)

// Queries make a notebook find Trino, and a token by which Trino knows the owner. The token is of the owner's ServiceAccount
// and good for nothing else; it lies beside the certificate that Trino is known by. The hub does the same for servers
// (images/hub/glue/atoll_hub/queries.py).
type Queries struct {
	// URL of Trino; empty where the platform has none.
	URL string
	// Authority is a file with the certificate that signed Trino's. It is read for each pod, so that a new one needs no restart.
	Authority string
}

// add puts it into a pod; nothing where there is none.
func (q Queries) add(pod *corev1.Pod) error {
	if q.URL == "" {
		return nil
	}
	authority, err := os.ReadFile(q.Authority)
	if err != nil {
		return fmt.Errorf("reading the certificate of Trino's authority: %w", err)
	}
	project(pod, "trino", queriesFolder, queriesAudience, file{"ca.crt", v1alpha1.AnnotationTrinoAuthority, string(authority)})
	notebook := &pod.Spec.Containers[0]
	notebook.Env = append(notebook.Env, corev1.EnvVar{Name: "ATOLL_TRINO_URL", Value: q.URL})
	return nil
}
