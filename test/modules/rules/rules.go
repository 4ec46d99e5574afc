package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Rule looks at all resources and says what is wrong with which.
type Rule struct {
	Name  string
	Check func([]Resource) []string
}

// All are the rules there are.
var All = []Rule{
	{"every bucket is encrypted, private, versioned and reached over TLS alone", buckets},
	{"every role has a boundary", boundaries},
	{"no policy gives a whole service, or whatever is not named", wildcards},
	{"no role is for everyone", principals},
	{"everything carries the tags that costs are told apart by", tags},
	{"every log is encrypted and ends", logs},
	{"every disk, home and database is encrypted", encryption},
	{"every key rotates", keys},
	{"no node gives its role to its pods", metadata},
	{"nothing is let in from the whole internet", open},
}

// each makes a rule of what holds for every resource of some types.
func each(resources []Resource, types []string, wrong func(Resource) string) []string {
	var out []string
	for _, r := range resources {
		if slices.Contains(types, r.Type) {
			if problem := wrong(r); problem != "" {
				out = append(out, r.Address+": "+problem)
			}
		}
	}
	return out
}

func boundaries(resources []Resource) []string {
	return each(resources, []string{"aws_iam_role"}, func(r Resource) string {
		if r.text("permissions_boundary") == "" {
			return "it has no permissions_boundary"
		}
		return ""
	})
}

// policies are where each type has its policy.
var policies = map[string]string{
	"aws_iam_role_policy": "policy", "aws_iam_policy": "policy", "aws_s3_bucket_policy": "policy", "aws_efs_file_system_policy": "policy",
}

func wildcards(resources []Resource) []string {
	return each(resources, []string{"aws_iam_role_policy", "aws_iam_policy", "aws_s3_bucket_policy", "aws_efs_file_system_policy"}, func(r Resource) string {
		list, err := statements(r, policies[r.Type])
		if err != nil {
			return err.Error()
		}
		// A boundary gives nothing; it says what others may give.
		ceiling := r.Type == "aws_iam_policy" && strings.HasSuffix(r.text("name"), "-boundary")
		for _, s := range list {
			if s.Effect != "Allow" || ceiling {
				continue
			}
			if len(s.NotAction) > 0 {
				return "it allows all but some actions"
			}
			for _, a := range s.Action {
				if a == "*" || strings.HasSuffix(a, ":*") {
					return "it allows " + a
				}
			}
		}
		return ""
	})
}

func principals(resources []Resource) []string {
	return each(resources, []string{"aws_iam_role"}, func(r Resource) string {
		list, err := statements(r, "assume_role_policy")
		if err != nil {
			return err.Error()
		}
		for _, s := range list {
			if strings.Contains(fmt.Sprint(s.Principal), "*") {
				return "anyone may take it on"
			}
		}
		return ""
	})
}

func tags(resources []Resource) []string {
	var out []string
	for _, r := range resources {
		value, taggable := r.Values["tags"]
		if !taggable {
			continue
		}
		tags, _ := value.(map[string]any)
		for _, key := range []string{"atoll.dev/platform", "atoll.dev/part", "CostCenter"} {
			if tags[key] == nil || tags[key] == "" {
				out = append(out, r.Address+": it has no tag "+key)
			}
		}
	}
	return out
}

func open(resources []Resource) []string {
	return each(resources, []string{"aws_vpc_security_group_ingress_rule", "aws_eks_cluster"}, func(r Resource) string {
		ranges, _ := r.first("vpc_config")["public_access_cidrs"].([]any)
		if r.text("cidr_ipv4") == "0.0.0.0/0" || r.text("cidr_ipv6") == "::/0" || slices.Contains(ranges, any("0.0.0.0/0")) {
			return "the whole internet is let in"
		}
		return ""
	})
}
