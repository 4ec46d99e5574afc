package managed

import "testing"

func TestAttributeOf(t *testing.T) {
	for field, want := range map[string]string{
		"spec.quota.cpu":                                "quota.cpu",
		".spec.home.storageClassName":                   "home.storage_class_name",
		"spec.culling.idleAfter":                        "culling.idle_after",
		"metadata.name":                                 "name",
		"spec.sizes[1].gpu.count":                       "sizes[1].gpu.count",
		`spec.sizes[name="small"].cpu.limit`:            "sizes",
		`spec.members[kind="User",name="ada"].role`:     "members",
		"spec.members[3].name":                          "members",
		`spec.env[name="LOG_LEVEL"].value`:              `env["LOG_LEVEL"]`,
		`spec.packages[="a]b"]`:                         "packages",
		"spec.nodePool.nodeSelector.kubernetes.io/arch": "node_pool.node_selector",
		"spec.nodePool.tolerations[0].key":              "node_pool.tolerations[0].key",
		"spec":                                          "",
	} {
		if got := attributeOf(field).String(); got != want {
			t.Errorf("%s is at %s, want %s", field, got, want)
		}
	}
}
