package lease

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/target/aws/answer"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
)

// Gate is what a lease lets its role ask of a service. Kind names it in the names of roles.
type Gate struct {
	Kind      string
	Actions   []string
	Resources []string
}

// roles are the leases of one service, by their names.
type roles struct {
	opts role.Options
	gate Gate
}

// path of all leases of the service.
func (r roles) path() string { return "/atoll/" + r.opts.Platform + "/leases/" + r.gate.Kind + "/" }

// pathOf is that of the leases of one person, by the part of names that is theirs. It ends with the name of their ServiceAccount, which is
// in the tags of their sessions: so the boundary of grants lets each session take on the leases of its own person alone.
func (r roles) pathOf(slug string) string { return r.path() + person.ServiceAccountPrefix + slug + "/" }

// slug of the person whose lease has the path; empty where it is none.
func (r roles) slug(path string) string {
	slug, ok := strings.CutPrefix(path, r.path()+person.ServiceAccountPrefix)
	slug, end := strings.CutSuffix(slug, "/")
	if !ok || !end || strings.Contains(slug, "/") {
		return ""
	}
	return slug
}

// name of the role of a lease.
func (r roles) name(slug string, w grant.Window) string {
	sum := sha256.Sum256([]byte(slug + "\x00" + w.From.UTC().Format(instant) + "\x00" + w.Until.UTC().Format(instant)))
	return r.opts.Platform + "-" + r.gate.Kind + "-" + hex.EncodeToString(sum[:])[:16]
}

// arn of a role of a person's leases.
func (r roles) arn(slug, name string) string {
	return "arn:" + r.opts.Partition() + ":iam::" + r.opts.Account() + ":role" + r.pathOf(slug) + name
}

// Prefix is how the ARNs of all leases of a kind begin.
func Prefix(opts role.Options, kind string) string {
	return "arn:" + opts.Partition() + ":iam::" + opts.Account() + ":role" + roles{opts: opts, gate: Gate{Kind: kind}}.path()
}

// trust lets the role of this one person take the lease on, in sessions of the person's pods alone: EKS has put the ServiceAccount into
// their tags, which go along into those of the lease.
func (r roles) trust(slug string) string {
	return text(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Allow", "Action": []string{"sts:AssumeRole", "sts:TagSession"},
			"Principal": map[string]string{"AWS": r.opts.ARNOf(slug)},
			"Condition": map[string]any{"StringEquals": map[string]string{
				"aws:PrincipalTag/kubernetes-service-account": person.ServiceAccountPrefix + slug,
			}},
		}},
	})
}

// Document opens the gate inside the window.
func (g Gate) Document(w grant.Window) string {
	return text(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Allow", "Action": g.Actions, "Resource": g.Resources,
			"Condition": map[string]any{
				"DateGreaterThanEquals": map[string]string{"aws:CurrentTime": w.From.UTC().Format(instant)},
				"DateLessThan":          map[string]string{"aws:CurrentTime": w.Until.UTC().Format(instant)},
			},
		}},
	})
}

// window reads back what Document wrote; false where it says anything else.
func (g Gate) window(document string) (grant.Window, bool) {
	var d struct {
		Statement []struct {
			Condition map[string]map[string]string
		}
	}
	if json.Unmarshal([]byte(document), &d) != nil || len(d.Statement) != 1 {
		return grant.Window{}, false
	}
	from, err := time.Parse(instant, d.Statement[0].Condition["DateGreaterThanEquals"]["aws:CurrentTime"])
	if err != nil {
		return grant.Window{}, false
	}
	until, err := time.Parse(instant, d.Statement[0].Condition["DateLessThan"]["aws:CurrentTime"])
	if err != nil {
		return grant.Window{}, false
	}
	w := grant.Window{From: from, Until: until}
	return w, answer.Same(document, g.Document(w))
}

func text(document any) string {
	raw, _ := json.Marshal(document) // maps and lists of strings always encode, in order
	return string(raw)
}
