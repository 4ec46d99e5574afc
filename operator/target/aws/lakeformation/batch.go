package lakeformation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lakeformation"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// batchLimit is the most entries that Lake Formation takes in one request.
const batchLimit = 20

// send is a request with a batch.
type send func(context.Context, []types.BatchPermissionsRequestEntry) ([]types.BatchPermissionsFailureEntry, error)

// Give gives a role permissions. Data filters they need are made first.
func (s *Service) Give(ctx context.Context, roleARN string, permissions []Permission) (done []Permission, err error) {
	var failed []error
	ready := slices.DeleteFunc(slices.Clone(permissions), func(p Permission) bool {
		if !p.filtered() {
			return false
		}
		err := s.ensureFilter(ctx, p)
		failed = append(failed, err)
		return err != nil
	})
	done, err = s.batches(ctx, "giving", roleARN, ready, func(ctx context.Context, entries []types.BatchPermissionsRequestEntry) ([]types.BatchPermissionsFailureEntry, error) {
		out, err := s.lf.BatchGrantPermissions(ctx, &sdk.BatchGrantPermissionsInput{CatalogId: &s.account, Entries: entries})
		if err != nil {
			return nil, err
		}
		return out.Failures, nil
	})
	return done, errors.Join(append(failed, err)...)
}

// Take takes permissions from a role.
func (s *Service) Take(ctx context.Context, roleARN string, permissions []Permission) (done []Permission, err error) {
	return s.batches(ctx, "taking", roleARN, permissions, func(ctx context.Context, entries []types.BatchPermissionsRequestEntry) ([]types.BatchPermissionsFailureEntry, error) {
		out, err := s.lf.BatchRevokePermissions(ctx, &sdk.BatchRevokePermissionsInput{CatalogId: &s.account, Entries: entries})
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(out.Failures, func(f types.BatchPermissionsFailureEntry) bool { return gone(f.Error) }), nil
	})
}

// batches sends the permissions in batches, and again those of which it is said that they failed for a moment.
func (s *Service) batches(ctx context.Context, doing, roleARN string, permissions []Permission, send send) (done []Permission, err error) {
	var failed []error
	for batch := range slices.Chunk(permissions, batchLimit) {
		open := batch
		var last error
		err := wait.ExponentialBackoffWithContext(ctx, s.opts.Patience, func(ctx context.Context) (bool, error) {
			failures, err := send(ctx, s.entries(roleARN, open))
			if err != nil {
				return false, err
			}
			var again []Permission
			last = nil
			wrong := map[int]bool{}
			for _, f := range failures {
				i, err := strconv.Atoi(aws.ToString(f.RequestEntry.Id))
				if err != nil || i < 0 || i >= len(open) {
					return false, fmt.Errorf("Lake Formation says of an entry %q that nobody sent that it failed", aws.ToString(f.RequestEntry.Id)) //nolint:staticcheck // a name
				}
				wrong[i] = true
				problem := fmt.Errorf("%s: %s: %s", open[i], aws.ToString(f.Error.ErrorCode), aws.ToString(f.Error.ErrorMessage))
				if !passing(f.Error) {
					failed = append(failed, problem)
					continue
				}
				last = errors.Join(last, problem)
				again = append(again, open[i])
			}
			for i, p := range open {
				if !wrong[i] {
					done = append(done, p)
				}
			}
			open = again
			return len(open) == 0, nil
		})
		if wait.Interrupted(err) && ctx.Err() == nil {
			err = last
		}
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return done, fmt.Errorf("%s permissions of Lake Formation, role %s: %w", doing, roleARN, err)
	}
	return done, nil
}

// entries of a batch; each is named by its place.
func (s *Service) entries(roleARN string, permissions []Permission) []types.BatchPermissionsRequestEntry {
	all := make([]types.BatchPermissionsRequestEntry, 0, len(permissions))
	for i, p := range permissions {
		entry := types.BatchPermissionsRequestEntry{
			Id: aws.String(strconv.Itoa(i)), Principal: &types.DataLakePrincipal{DataLakePrincipalIdentifier: &roleARN},
			Resource: p.resource(s.account), Permissions: []types.Permission{p.Word},
		}
		if p.PassOn {
			entry.PermissionsWithGrantOption = entry.Permissions
			entry.Permissions = nil
		}
		all = append(all, entry)
	}
	return all
}

// passing says whether an entry may succeed when it is sent again. A role that was made just now is not known everywhere yet.
func passing(e *types.ErrorDetail) bool {
	switch aws.ToString(e.ErrorCode) {
	case "ConcurrentModificationException", "InternalServiceException", "OperationTimeoutException", "ThrottledException", "ThrottlingException":
		return true
	case "InvalidInputException":
		return strings.Contains(aws.ToString(e.ErrorMessage), "Invalid principal")
	}
	return false
}

// gone says that there is nothing left to take.
func gone(e *types.ErrorDetail) bool {
	switch aws.ToString(e.ErrorCode) {
	case "EntityNotFoundException":
		return true
	case "InvalidInputException":
		return strings.Contains(aws.ToString(e.ErrorMessage), "No permissions revoked")
	}
	return false
}
