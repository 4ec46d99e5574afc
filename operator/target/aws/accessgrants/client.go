package accessgrants

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go"
	"k8s.io/apimachinery/pkg/util/wait"
)

// key of a grant: there is one of each at the most.
type key struct {
	role string
	Permission
}

// ids are those of grants, which S3 picks.
type ids struct {
	mu    sync.Mutex
	known map[key]string
}

func (i *ids) get(k key) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.known[k]
}

func (i *ids) put(k key, id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if id == "" {
		delete(i.known, k)
		return
	}
	i.known[k] = id
}

// Give gives a role grants.
func (s *Service) Give(ctx context.Context, roleARN string, permissions []Permission) (done []Permission, err error) {
	return each(permissions, func(p Permission) error {
		err := wait.ExponentialBackoffWithContext(ctx, s.opts.Patience, func(ctx context.Context) (bool, error) {
			out, err := s.s3.CreateAccessGrant(ctx, &s3control.CreateAccessGrantInput{
				AccountId: aws.String(s.owner.Account()), AccessGrantsLocationId: aws.String(location), Permission: p.Word,
				AccessGrantsLocationConfiguration: &types.AccessGrantsLocationConfiguration{S3SubPrefix: aws.String(s.opts.Bucket + "/" + p.Prefix + "*")},
				Grantee:                           &types.Grantee{GranteeType: types.GranteeTypeIam, GranteeIdentifier: &roleARN},
				Tags:                              []types.Tag{{Key: aws.String("atoll.dev/platform"), Value: &s.owner.Platform}},
			})
			switch code(err) {
			case "":
				s.ids.put(key{roleARN, p}, aws.ToString(out.AccessGrantId))
				return true, nil
			case "AccessGrantAlreadyExists":
				return true, nil
			case "InvalidIamPrincipal":
				return false, nil // A role that was made just now is not known everywhere yet.
			}
			return false, err
		})
		if err != nil {
			return fmt.Errorf("giving %s to role %s: %w", p, roleARN, err)
		}
		return nil
	})
}

// Take takes grants from a role.
func (s *Service) Take(ctx context.Context, roleARN string, permissions []Permission) (done []Permission, err error) {
	return each(permissions, func(p Permission) error {
		k := key{roleARN, p}
		var list []string
		if id := s.ids.get(k); id != "" {
			list = append(list, id)
		} else {
			found, err := s.entries(ctx, roleARN, s.scope(p), p.Word)
			if err != nil {
				return err
			}
			for _, e := range found {
				list = append(list, aws.ToString(e.AccessGrantId))
			}
		}
		for _, id := range list {
			_, err := s.s3.DeleteAccessGrant(ctx, &s3control.DeleteAccessGrantInput{AccountId: aws.String(s.owner.Account()), AccessGrantId: &id})
			if c := code(err); c != "" && c != "NoSuchAccessGrant" {
				return fmt.Errorf("taking %s from role %s: %w", p, roleARN, err)
			}
		}
		s.ids.put(k, "")
		return nil
	})
}

// each does something for each permission, and says of which it succeeded.
func each(permissions []Permission, do func(Permission) error) (done []Permission, err error) {
	var failed []error
	for _, p := range permissions {
		if err := do(p); err != nil {
			failed = append(failed, err)
			continue
		}
		done = append(done, p)
	}
	return done, errors.Join(failed...)
}

// scope is how S3 names what a permission is on.
func (s *Service) scope(p Permission) string { return "s3://" + s.opts.Bucket + "/" + p.Prefix + "*" }

// code of an error of S3; empty where there is none.
func code(err error) string {
	if err == nil {
		return ""
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return "Unknown"
}
