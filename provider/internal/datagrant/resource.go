package datagrant

import (
	search "github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

// NewResource returns atoll_data_grant.
func NewResource() resource.Resource { return managed.New(definition()) }

// NewLister returns the list resource atoll_data_grant.
func NewLister() search.ListResource { return managed.NewLister(definition()) }

func definition() managed.Definition[v1alpha1.DataGrant, model, *model] {
	return managed.Definition[v1alpha1.DataGrant, model, *model]{
		Kind:   kube.DataGrants,
		Name:   "data_grant",
		Schema: resourceSchema,
	}
}
