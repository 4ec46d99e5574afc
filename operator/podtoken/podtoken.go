// Package podtoken tells which pod asks, by the token of its ServiceAccount that Kubernetes made for that one pod and for
// one audience.
package podtoken

import (
	"context"
	"fmt"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	podName = "authentication.kubernetes.io/pod-name"
	podUID  = "authentication.kubernetes.io/pod-uid"
)

// Pod is one that has shown a good token.
type Pod struct {
	Namespace, ServiceAccount string
	// Name and UID are empty where the token is not bound to a pod.
	Name, UID string
}

// Of reads a pod off the header Authorization; nil where it has no good token for the audience.
func Of(ctx context.Context, c client.Client, audience, header string) (*Pod, error) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || token == "" {
		return nil, nil
	}
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: []string{audience}}}
	if err := c.Create(ctx, review); err != nil {
		return nil, fmt.Errorf("reviewing a token: %w", err)
	}
	s := review.Status
	if !s.Authenticated || len(s.Audiences) != 1 || s.Audiences[0] != audience {
		return nil, nil
	}
	account, ok := strings.CutPrefix(s.User.Username, "system:serviceaccount:")
	if !ok {
		return nil, nil
	}
	pod := &Pod{}
	pod.Namespace, pod.ServiceAccount, _ = strings.Cut(account, ":")
	for key, into := range map[string]*string{podName: &pod.Name, podUID: &pod.UID} {
		if values := s.User.Extra[key]; len(values) == 1 {
			*into = values[0]
		}
	}
	return pod, nil
}
