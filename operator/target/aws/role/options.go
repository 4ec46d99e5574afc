// Package role enforces grants of objects on AWS, by the policies of one IAM role for each person. Each statement has its window
// as literal times, so that access ends by AWS's own clock, in sessions that are open too.
package role

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/atoll-platform/atoll/internal/person"
)

// nameLimit is the longest name of a role.
const nameLimit = 64

// Options say whose roles they are.
type Options struct {
	// Platform is the name of the platform, which roles and policies are named after.
	Platform string
	// ClusterARN is that of the EKS cluster, whose pods alone get the roles.
	ClusterARN string
	// BoundaryARN is that of the policy that bounds every role.
	BoundaryARN string
	// Encrypted says that the data is encrypted with a key of the account's, which the boundary names, and not with one of AWS's own.
	Encrypted bool
	// HandedOut is a bucket whose objects are handed out by S3 Access Grants, and are in no policy of a role; empty where there is none.
	HandedOut string
}

var (
	platformForm = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$`)
	clusterForm  = regexp.MustCompile(`^arn:(aws[a-z-]*):eks:([a-z0-9-]+):([0-9]{12}):cluster/[0-9A-Za-z][A-Za-z0-9_-]{0,99}$`)
	boundaryForm = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:policy/[\w+=,.@/-]+$`)
)

// Validate is an error that names the option that is not what it has to be.
func (o Options) Validate() error {
	for _, f := range []struct {
		what, is, like string
		form           *regexp.Regexp
	}{
		{"the name of the platform", o.Platform, "reef, of at most 30 lower-case letters, digits and hyphens", platformForm},
		{"the ARN of the cluster", o.ClusterARN, "arn:aws:eks:eu-central-1:123456789012:cluster/reef", clusterForm},
		{"the ARN of the boundary", o.BoundaryARN, "arn:aws:iam::123456789012:policy/atoll/reef-grants-boundary", boundaryForm},
	} {
		if !f.form.MatchString(f.is) {
			return fmt.Errorf("%s is %q: set it like %s", f.what, f.is, f.like)
		}
	}
	return nil
}

// cluster is what the ARN of the cluster says of it.
func (o Options) cluster() (partition, region, account string) {
	found := clusterForm.FindStringSubmatch(o.ClusterARN)
	if found == nil {
		return "", "", "" // Validate says so.
	}
	return found[1], found[2], found[3]
}

// Cluster is the name of the cluster.
func (o Options) Cluster() string { return o.ClusterARN[strings.LastIndex(o.ClusterARN, "/")+1:] }

// Region is that of the cluster.
func (o Options) Region() string {
	_, region, _ := o.cluster()
	return region
}

// Account is the number of the account that the cluster is in.
func (o Options) Account() string {
	_, _, account := o.cluster()
	return account
}

// Partition is that of AWS, such as aws or aws-cn.
func (o Options) Partition() string {
	partition, _, _ := o.cluster()
	return partition
}

// path of the roles of people and of their policies.
func (o Options) path() string { return "/atoll/" + o.Platform + "/grants/" }

// Name of a person's role.
func (o Options) Name(user string) string { return o.nameOf(person.Slug(user)) }

func (o Options) nameOf(slug string) string {
	name := o.Platform + "-person-" + slug
	if len(name) <= nameLimit {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:nameLimit-10] + "--" + hex.EncodeToString(sum[:])[:8]
}

// ARN of a person's role.
func (o Options) ARN(user string) string { return o.ARNOf(person.Slug(user)) }

// ARNOf is the ARN of the role of the person by the part of names that is theirs, see person.Slug.
func (o Options) ARNOf(slug string) string {
	partition, _, account := o.cluster()
	return "arn:" + partition + ":iam::" + account + ":role" + o.path() + o.nameOf(slug)
}

// policyName is that of a managed policy of a role.
func policyName(role string, slot int) string { return fmt.Sprintf("%s-%d", role, slot) }

func (o Options) policyARN(role string, slot int) string {
	partition, _, account := o.cluster()
	return "arn:" + partition + ":iam::" + account + ":policy" + o.path() + policyName(role, slot)
}

// trust lets pods of this one person in the cluster have the role, and nobody else. EKS says of each session which pod it is of.
func (o Options) trust(serviceAccount string) string {
	_, _, account := o.cluster()
	return write(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Allow", "Action": []string{"sts:AssumeRole", "sts:TagSession"},
			"Principal": map[string]string{"Service": "pods.eks.amazonaws.com"},
			"Condition": map[string]any{
				"StringEquals": map[string]string{
					"aws:SourceAccount": account, "aws:RequestTag/kubernetes-service-account": serviceAccount,
				},
				"StringLike": map[string]string{"aws:RequestTag/kubernetes-namespace": "ws-*"},
				"ArnEquals":  map[string]string{"aws:SourceArn": o.ClusterARN},
			},
		}},
	})
}

// key lets S3 use the key of the data for the role; it gives no data by itself, and the boundary says which key. Empty where there is
// no such key.
func (o Options) key() string {
	if !o.Encrypted {
		return ""
	}
	partition, region, _ := o.cluster()
	suffix := ".amazonaws.com"
	if strings.HasPrefix(partition, "aws-cn") {
		suffix += ".cn"
	}
	return write(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Allow", "Action": []string{"kms:Decrypt", "kms:GenerateDataKey"}, "Resource": "*",
			"Condition": map[string]any{"StringEquals": map[string]string{"kms:ViaService": "s3." + region + suffix}},
		}},
	})
}

func write(document any) string {
	raw, _ := json.Marshal(document) // maps and lists of strings always encode, in order
	return string(raw)
}
