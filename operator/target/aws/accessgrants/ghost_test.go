package accessgrants_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/test/fake/iam"
	fake "github.com/atoll-platform/atoll/test/fake/s3control"
)

func TestGhostsAreFound(t *testing.T) {
	ctx := context.Background()
	for what, seed := range map[string]struct {
		who, word, prefix string
		own               bool
	}{
		"another prefix":                  {"", "READ", "data/b/*", true},
		"more than the prefix":            {"", "READ", "data/*", true},
		"another action":                  {"", "WRITE", "data/a/*", true},
		"both at once":                    {"", "READWRITE", "data/a/*", true},
		"somebody else's role":            {"arn:aws:iam::123456789012:role/eve", "READ", "data/a/*", false},
		"a single object of theirs":       {"arn:aws:iam::123456789012:role/eve", "READ", "data/a/secret", false},
		"a role of a lease that has gone": {"arn:aws:iam::123456789012:role/atoll/reef/leases/objects/person-bob/reef-objects-0123456789abcdef", "READ", "data/a/*", true},
	} {
		t.Run(what, func(t *testing.T) {
			p := begin(t, iam.Options{}, fake.Options{})
			p.s3 = fake.Start(t, fake.Options{})
			p.Grants = p.grants(t)
			access := target.Access{"ada": reading("a/", start, end)}
			p.sync(t, access["ada"]...)
			if found, err := p.Ghosts(ctx, access, start); err != nil || len(found) != 0 {
				t.Fatalf("before: %+v, %v", found, err)
			}
			who := seed.who
			if who == "" {
				who = p.iam.Roles("/atoll/reef/leases/objects/person-ada/")[0]
			}
			_, err := s3control.NewFromConfig(p.config()).CreateAccessGrant(ctx, &s3control.CreateAccessGrantInput{
				AccountId: aws.String("123456789012"), AccessGrantsLocationId: aws.String("default"), Permission: types.Permission(seed.word),
				AccessGrantsLocationConfiguration: &types.AccessGrantsLocationConfiguration{S3SubPrefix: &seed.prefix},
				Grantee:                           &types.Grantee{GranteeType: types.GranteeTypeIam, GranteeIdentifier: &who},
			})
			if err != nil {
				t.Fatal(err)
			}
			found, err := p.Ghosts(ctx, access, start)
			if err != nil || len(found) != 1 || found[0].Own() != seed.own {
				t.Fatalf("%+v, %v", found, err)
			}
			if !seed.own {
				return
			}
			if err := p.Repair(ctx, found[0], access); err != nil {
				t.Fatal(err)
			}
			if found, err := p.Ghosts(ctx, access, start); err != nil || len(found) != 0 {
				t.Errorf("after it was put right: %+v, %v", found, err)
			}
			if !p.may("ada", grant.Read, "data", "a/x", start) {
				t.Error("what is granted is gone")
			}
		})
	}
}
