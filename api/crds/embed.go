// Package crds holds the generated custom resource definitions.
package crds

import "embed"

// Cluster holds the definitions that the installer puts into a cluster, one file a kind.
//
//go:embed atoll.dev_workspaces.yaml atoll.dev_profiles.yaml atoll.dev_schedules.yaml atoll.dev_runs.yaml atoll.dev_datasets.yaml atoll.dev_datagrants.yaml atoll.dev_accessqueries.yaml atoll.dev_groupmemberships.yaml atoll.dev_credentialrequests.yaml
var Cluster embed.FS

// Platform is the definition whose schema platform.yaml is checked against. It is never
// put into a cluster: platform.yaml is the installer's input, not an object.
//
//go:embed atoll.dev_platforms.yaml
var Platform []byte
