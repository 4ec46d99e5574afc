package provider

import (
	"fmt"
	"hash/fnv"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The account and the region that everything is in.
const (
	account = "123456789012"
	region  = "eu-central-1"
)

// answer makes up what AWS would say of one object. The same object is always answered alike.
type answer struct {
	kind string // the type without aws_
	name string // what the configuration calls it
	hash string
}

func answerTo(kind string, v tftypes.Value) answer {
	fields := map[string]tftypes.Value{}
	_ = v.As(&fields) // a resource always is an object
	sum := fnv.New64a()
	_, _ = fmt.Fprint(sum, kind, v)
	a := answer{kind: strings.TrimPrefix(kind, "aws_"), hash: fmt.Sprintf("%016x", sum.Sum64())}
	for _, key := range []string{"bucket", "name", "identifier", "cluster_name", "id"} {
		if text, ok := text(fields[key]); ok {
			a.name = text
			break
		}
	}
	return a
}

func text(v tftypes.Value) (string, bool) {
	if v.Type() == nil || !v.Type().Is(tftypes.String) || v.IsNull() || !v.IsKnown() {
		return "", false
	}
	var out string
	return out, v.As(&out) == nil && out != ""
}

// facts are answers that the modules count on, by data source and attribute.
var facts = map[string]any{
	"availability_zones.names":       []string{region + "a", region + "b", region + "c"},
	"availability_zones.zone_ids":    []string{"euc1-az2", "euc1-az3", "euc1-az1"},
	"caller_identity.account_id":     account,
	"caller_identity.arn":            "arn:aws:iam::" + account + ":role/founder",
	"iam_session_context.issuer_arn": "arn:aws:iam::" + account + ":role/founder",
	"partition.partition":            "aws",
	"partition.dns_suffix":           "amazonaws.com",
	"prefix_list.cidr_blocks":        []string{"3.5.136.0/22", "52.219.0.0/20"},
	"region.name":                    region,
	"region.region":                  region,
	"eks_cluster.endpoint":           "https://0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com",
	"eks_cluster.status":             "ACTIVE",
	"eks_cluster.version":            "1.36",
	"eks_addon_version.version":      "v1.0.0-eksbuild.1",
	"subnet.vpc_id":                  "vpc-0123456789abcdef0",
	"vpc.enable_dns_support":         true,
	"vpc.enable_dns_hostnames":       true,
	"vpc.cidr_block":                 "10.0.0.0/16",
}

func (a answer) value(name string, t tftypes.Type) tftypes.Value {
	if fact, ok := facts[a.kind+"."+name]; ok {
		if list, ok := fact.([]string); ok {
			var elements []tftypes.Value
			for _, text := range list {
				elements = append(elements, tftypes.NewValue(tftypes.String, text))
			}
			return tftypes.NewValue(t, elements)
		}
		return tftypes.NewValue(t, fact)
	}
	switch known := t.(type) {
	case tftypes.List:
		return tftypes.NewValue(t, a.elements(known.ElementType))
	case tftypes.Set:
		return tftypes.NewValue(t, a.elements(known.ElementType))
	case tftypes.Map:
		return tftypes.NewValue(t, map[string]tftypes.Value{})
	case tftypes.Object:
		fields := map[string]tftypes.Value{}
		for field, kind := range known.AttributeTypes {
			fields[field] = a.value(field, kind)
		}
		return tftypes.NewValue(t, fields)
	}
	switch {
	case t.Is(tftypes.String):
		return tftypes.NewValue(t, a.text(name))
	case t.Is(tftypes.Number):
		return tftypes.NewValue(t, big.NewFloat(1))
	case t.Is(tftypes.Bool):
		return tftypes.NewValue(t, false)
	default:
		return tftypes.NewValue(t, nil)
	}
}

// elements are one structure where structures are held, such as the issuer of a cluster, and nothing otherwise.
func (a answer) elements(t tftypes.Type) []tftypes.Value {
	if _, ok := t.(tftypes.Object); !ok {
		return nil
	}
	return []tftypes.Value{a.value("", t)}
}

func (a answer) text(name string) string {
	switch name {
	case "id":
		if a.named() {
			return a.name
		}
		return a.kind + "-" + a.hash[:8]
	case "arn":
		return a.arn()
	case "availability_zone":
		return a.zone()
	case "owner_id", "account_id", "registry_id":
		return account
	case "region":
		return region
	case "authentication_mode":
		return "API_AND_CONFIG_MAP"
	case "issuer":
		return "https://oidc.eks." + region + ".amazonaws.com/id/" + strings.ToUpper(a.hash)
	case "endpoint", "address":
		return a.hash[:8] + "." + region + ".example.com"
	case "data":
		return "LS0tLS1CRUdJTg==" // a certificate's first letters
	}
	if strings.HasSuffix(name, "_arn") {
		return "arn:aws:" + strings.TrimSuffix(name, "_arn") + ":" + region + ":" + account + ":" + a.hash[:8]
	}
	return name + "-" + a.hash[:8]
}

// zone spreads what there is over three zones by the last letter of its name.
func (a answer) zone() string {
	if a.name == "" {
		return region + "a"
	}
	return region + string("abc"[int(a.name[len(a.name)-1])%3])
}

// named tells the kinds whose id is their name.
func (a answer) named() bool {
	switch a.kind {
	case "s3_bucket", "iam_role", "eks_cluster", "cloudwatch_log_group", "db_subnet_group", "backup_vault":
		return a.name != ""
	}
	return false
}

func (a answer) arn() string {
	switch a.kind {
	case "s3_bucket":
		return "arn:aws:s3:::" + a.name
	case "iam_role":
		return "arn:aws:iam::" + account + ":role/" + a.name
	case "iam_policy":
		return "arn:aws:iam::" + account + ":policy/" + a.name
	}
	service, rest, _ := strings.Cut(a.kind, "_")
	id := a.name
	if id == "" {
		id = a.hash[:12]
	}
	return "arn:aws:" + service + ":" + region + ":" + account + ":" + rest + "/" + id
}
