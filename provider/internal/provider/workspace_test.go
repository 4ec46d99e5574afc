package provider_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

const fraud = `
resource "atoll_workspace" "this" {
  name         = "NAME"
  display_name = "Fraud"
  owner        = "carol"
  members = [
    { name = "ada" },
    { kind = "Group", name = "analysts" },
    { kind = "User", name = "dana", role = "Viewer" },
  ]
  profiles = ["python", "r"]
  quota = {
    cpu     = "8"
    memory  = "16Gi"
    storage = "100Gi"
  }
}
`

func workspace(name string, replace ...string) string {
	return configured(strings.NewReplacer(append([]string{"NAME", name}, replace...)...).Replace(fraud))
}

func TestWorkspaceLife(t *testing.T) {
	const address = "atoll_workspace.this"
	at := func(names ...string) tfjsonpath.Path {
		p := tfjsonpath.New(names[0])
		for _, n := range names[1:] {
			p = p.AtMapKey(n)
		}
		return p
	}
	value := func(v string, names ...string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, at(names...), knownvalue.StringExact(v))
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		CheckDestroy:             func(*terraform.State) error { return absent(t, "workspaces", "life") },
		Steps: []resource.TestStep{
			{
				Config: workspace("life"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
					plancheck.ExpectKnownValue(address, at("namespace"), knownvalue.StringExact("ws-life")),
					plancheck.ExpectUnknownValue(address, at("hub_url")),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					value("life", "id"),
					value("ws-life", "namespace"),
					value(kubetest.HubURL, "hub_url"),
					value("10Gi", "home", "size"),
					value("1h", "culling", "idle_after"),
					value("24h", "culling", "max_hold"),
					value("C2", "classification_ceiling"),
					value("Retain", "deletion_policy"),
					statecheck.ExpectKnownValue(address, at("quota", "servers"), knownvalue.Int32Exact(10)),
					statecheck.ExpectKnownValue(address, at("quota", "gpus"), knownvalue.Int32Exact(0)),
					statecheck.ExpectKnownValue(address, at("cost_center"), knownvalue.Null()),
					statecheck.ExpectKnownValue(address, at("members"), knownvalue.SetExact([]knownvalue.Check{
						member("User", "ada", "Member"), member("Group", "analysts", "Member"), member("User", "dana", "Viewer"),
					})),
				},
			},
			{
				// The same quantities in other words are no change.
				Config: workspace("life", `"8"`, `"8000m"`, `"16Gi"`, `"16384Mi"`),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectEmptyPlan(),
				}},
			},
			{
				Config: workspace("life", `"8"`, `"12"`, `role = "Viewer"`, `role = "Member"`),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
					plancheck.ExpectKnownValue(address, at("hub_url"), knownvalue.StringExact(kubetest.HubURL)),
				}},
				ConfigStateChecks: []statecheck.StateCheck{value("12", "quota", "cpu")},
			},
			{
				ResourceName:      address,
				ImportState:       true,
				ImportStateId:     "life",
				ImportStateVerify: true,
			},
			{
				Config:      workspace("life", `quota = {`, "home = { size = \"5Gi\" }\n  quota = {"),
				ExpectError: regexp.MustCompile(`(?s)home.size cannot shrink.*10Gi already; 5Gi was\s+asked\s+for`),
			},
			{
				Config: workspace("life", `quota = {`, "home = { size = \"20Gi\", storage_class_name = \"fast\" }\n  quota = {"),
			},
			{
				Config:      workspace("life", `quota = {`, "home = { size = \"20Gi\", storage_class_name = \"slow\" }\n  quota = {"),
				ExpectError: regexp.MustCompile(`(?s)home.storage_class_name cannot be changed.*storage class "fast"`),
			},
		},
	})
}

func member(kind, name, role string) knownvalue.Check {
	return knownvalue.ObjectExact(map[string]knownvalue.Check{
		"kind": knownvalue.StringExact(kind), "name": knownvalue.StringExact(name), "role": knownvalue.StringExact(role),
	})
}

// absent returns an error where the cluster has the object.
func absent(t *testing.T, plural, name string) error {
	_, err := server.Admin.Resource(kubetest.Resource(plural)).Get(t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// kubectlEdit changes an object as another field manager.
func kubectlEdit(t *testing.T, plural, name, patch string) {
	t.Helper()
	_, err := server.Admin.Resource(kubetest.Resource(plural)).Patch(t.Context(), name, types.MergePatchType,
		[]byte(patch), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWorkspaceThatDisappears(t *testing.T) {
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: workspace("fleeting")},
			{
				PreConfig: func() {
					if err := server.Admin.Resource(kubetest.Resource("workspaces")).Delete(t.Context(), "fleeting", metav1.DeleteOptions{}); err != nil {
						t.Fatal(err)
					}
				},
				Config: workspace("fleeting"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("atoll_workspace.this", plancheck.ResourceActionCreate),
				}},
			},
		},
	})
}

func TestWorkspaceConflict(t *testing.T) {
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: workspace("contested")},
			{
				PreConfig: func() {
					kubectlEdit(t, "workspaces", "contested", `{"spec":{"quota":{"cpu":"64"},"members":[{"kind":"User","name":"ada","role":"Member"},`+
						`{"kind":"Group","name":"analysts","role":"Member"},{"kind":"User","name":"dana","role":"Viewer"},{"kind":"User","name":"eve","role":"Owner"}]}}`)
				},
				Config: workspace("contested"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction("atoll_workspace.this", plancheck.ResourceActionUpdate),
				}},
				ExpectError: regexp.MustCompile(`(?s)spec.members\[kind="User",name="eve"\].*is held by\s+"kubectl-edit"`),
			},
			{
				PreConfig: func() {
					kubectlEdit(t, "workspaces", "contested", `{"spec":{"members":[{"kind":"User","name":"ada","role":"Member"},`+
						`{"kind":"Group","name":"analysts","role":"Member"},{"kind":"User","name":"dana","role":"Viewer"}]}}`)
				},
				Config:      workspace("contested"),
				ExpectError: regexp.MustCompile(`(?s)spec.quota.cpu of Workspace contested is held by\s+"kubectl-edit".*force_conflicts`),
			},
			{
				PreConfig: func() {
					kubectlEdit(t, "workspaces", "contested", `{"spec":{"members":[{"kind":"User","name":"ada","role":"Member"},`+
						`{"kind":"Group","name":"analysts","role":"Member"},{"kind":"User","name":"dana","role":"Viewer"},{"kind":"User","name":"eve","role":"Owner"}]}}`)
				},
				Config: workspace("contested", `quota = {`, "force_conflicts = true\n  quota = {"),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("atoll_workspace.this", tfjsonpath.New("members"), knownvalue.SetSizeExact(3)),
					statecheck.ExpectKnownValue("atoll_workspace.this", tfjsonpath.New("quota").AtMapKey("cpu"), knownvalue.StringExact("8")),
				},
			},
		},
	})
}
