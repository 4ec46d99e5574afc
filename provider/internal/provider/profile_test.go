package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const python = `
resource "atoll_profile" "this" {
  name         = "NAME"
  display_name = "Python"
  image        = "docker.io/atoll/notebook:0.1.0"
  sizes = [
    {
      name   = "small"
      cpu    = { guarantee = "100m", limit = "1" }
      memory = { guarantee = "256Mi", limit = "1Gi" }
    },
    {
      name    = "gpu"
      default = true
      cpu     = { guarantee = "1", limit = "4" }
      memory  = { guarantee = "4Gi", limit = "8Gi" }
      gpu     = { count = 1 }
    },
  ]
}
`

// full declares every attribute that is optional.
const full = `
  description = "Pandas and friends."
  env         = { LOG_LEVEL = "info", EMPTY = "" }
  packages    = ["pandas==2.2.3", "boto3"]
  node_pool = {
    node_selector = { "kubernetes.io/arch" = "amd64" }
    tolerations   = [{ key = "dedicated", value = "notebooks", effect = "NoSchedule" }, { key = "spot" }]
  }
  image =`

func profile(name string, replace ...string) string {
	return configured(strings.NewReplacer(append([]string{"NAME", name}, replace...)...).Replace(python))
}

func TestProfileLife(t *testing.T) {
	const address = "atoll_profile.this"
	sizes := tfjsonpath.New("sizes")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		CheckDestroy:             func(*terraform.State) error { return absent(t, "profiles", "life") },
		Steps: []resource.TestStep{
			{
				Config: profile("life"),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact("life")),
					statecheck.ExpectKnownValue(address, sizes.AtSliceIndex(1).AtMapKey("gpu").AtMapKey("resource"), knownvalue.StringExact("nvidia.com/gpu")),
					statecheck.ExpectKnownValue(address, sizes.AtSliceIndex(0).AtMapKey("default"), knownvalue.Null()),
				},
			},
			{
				Config: profile("life", `  image        =`, full),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				}},
			},
			{
				ResourceName:      address,
				ImportState:       true,
				ImportStateId:     "life",
				ImportStateVerify: true,
			},
			{
				// Another order and another name are changes in place, and stick.
				Config: profile("life", `"small"`, `"gpu"`, `"gpu"`, `"small"`, `count = 1`, `count = 2`),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, sizes.AtSliceIndex(1).AtMapKey("gpu").AtMapKey("count"), knownvalue.Int32Exact(2)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("env"), knownvalue.Null()),
				},
			},
		},
	})
}

const sources = `
data "atoll_profile" "one" {
  name = atoll_profile.this.name
}

data "atoll_profiles" "all" {
  depends_on = [atoll_profile.this, atoll_workspace.this]
}

data "atoll_profiles" "allowed" {
  workspace  = atoll_workspace.this.name
  depends_on = [atoll_profile.this]
}

data "atoll_workspace" "one" {
  name = atoll_workspace.this.name
}
`

func TestDataSources(t *testing.T) {
	other := strings.NewReplacer("NAME", "sourced-r", `"this"`, `"r"`).Replace(python)
	team := strings.NewReplacer("NAME", "sourced", `["python", "r"]`, `[atoll_profile.this.name]`).Replace(fraud)
	at := tfjsonpath.New[string]
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config: profile("sourced") + other + team + strings.Replace(sources, "atoll_profile.this, atoll_w", "atoll_profile.r, atoll_w", 1),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.atoll_profile.one", at("ready"), knownvalue.Bool(true)),
				statecheck.ExpectKnownValue("data.atoll_profile.one", at("conditions").AtSliceIndex(0).AtMapKey("type"), knownvalue.StringExact("Ready")),
				statecheck.ExpectKnownValue("data.atoll_profile.one", at("sizes").AtSliceIndex(1).AtMapKey("default"), knownvalue.Bool(true)),
				statecheck.ExpectKnownValue("data.atoll_profiles.all", at("names"), knownvalue.ListExact([]knownvalue.Check{
					knownvalue.StringExact("sourced"), knownvalue.StringExact("sourced-r"),
				})),
				statecheck.ExpectKnownValue("data.atoll_profiles.allowed", at("names"), knownvalue.ListExact([]knownvalue.Check{
					knownvalue.StringExact("sourced"),
				})),
				statecheck.ExpectKnownValue("data.atoll_workspace.one", at("people"), knownvalue.Int32Exact(1)),
				statecheck.ExpectKnownValue("data.atoll_workspace.one", at("quota").AtMapKey("cpu"), knownvalue.StringExact("8")),
				statecheck.ExpectKnownValue("data.atoll_workspace.one", at("usage"), knownvalue.Null()),
			},
		}},
	})
}
