package kube

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// CredentialRequests is the kind CredentialRequest.
var CredentialRequests = Kind[v1alpha1.CredentialRequest]{
	Name:   "CredentialRequest",
	Plural: "credentialrequests",
	Meta:   func(r *v1alpha1.CredentialRequest) *metav1.ObjectMeta { return &r.ObjectMeta },
	Status: func(r *v1alpha1.CredentialRequest) (int64, []metav1.Condition) {
		return r.Status.ObservedGeneration, r.Status.Conditions
	},
}

// UserName is the name by which the API server knows who asks.
func (c *Client) UserName(ctx context.Context) (string, error) {
	review, err := c.api.Resource(authenticationv1.SchemeGroupVersion.WithResource("selfsubjectreviews")).Create(ctx, &unstructured.Unstructured{
		Object: map[string]any{"apiVersion": authenticationv1.SchemeGroupVersion.String(), "kind": "SelfSubjectReview"},
	}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("asking the API server for one's own user name: %w", err)
	}
	name, _, err := unstructured.NestedString(review.Object, "status", "userInfo", "username")
	if err != nil {
		return "", fmt.Errorf("reading one's own user name: %w", err)
	}
	return name, nil
}

// Renew asks for the credentials of a request for another while.
func (c *Client) Renew(ctx context.Context, name string) error {
	store := NewStore(c, CredentialRequests)
	live, err := store.Get(ctx, name)
	if err != nil {
		return err
	}
	patch := fmt.Appendf(nil, `{"spec":{"renewals":%d}}`, live.Spec.Renewals+1)
	_, err = store.api("").Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: c.manager})
	return store.explain("renewing", name, err)
}
