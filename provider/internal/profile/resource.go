package profile

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

// NewResource returns atoll_profile.
func NewResource() resource.Resource {
	return managed.New(managed.Definition[v1alpha1.Profile, model, *model]{
		Kind:   kube.Profiles,
		Name:   "profile",
		Schema: resourceSchema,
	})
}
