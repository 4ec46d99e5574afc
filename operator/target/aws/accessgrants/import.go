package accessgrants

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/atoll-platform/atoll/operator/target/aws/lease"
)

// Held lists every grant that reaches into the bucket, whoever has it; of one role alone where one is named.
func (s *Service) Held(ctx context.Context, roleARN string) ([]lease.Held[Permission], error) {
	list, err := s.entries(ctx, roleARN, "", "")
	if err != nil {
		return nil, err
	}
	var all []lease.Held[Permission]
	for _, e := range list {
		scope := aws.ToString(e.GrantScope)
		if !s.reaches(scope) {
			continue
		}
		h := lease.Held[Permission]{Permission: Permission{Word: e.Permission}}
		if e.Grantee != nil {
			h.Principal = aws.ToString(e.Grantee.GranteeIdentifier)
		}
		var ours bool
		h.Permission.Prefix, ours = s.prefix(scope)
		if !ours {
			h.Problem = fmt.Sprintf("%s of %s", e.Permission, scope)
		}
		all = append(all, h)
	}
	return all, nil
}

// reaches says whether a grant of the scope gives anything of the bucket: the scope begins like it, or the other way round.
func (s *Service) reaches(scope string) bool {
	bucket := "s3://" + s.opts.Bucket + "/"
	stem, open := strings.CutSuffix(scope, "*")
	return strings.HasPrefix(scope, bucket) || open && strings.HasPrefix(bucket, stem)
}

// prefix that a scope is, as grants state it; false where it is anything else, such as a single object or half a folder.
func (s *Service) prefix(scope string) (string, bool) {
	prefix, ok := strings.CutPrefix(scope, "s3://"+s.opts.Bucket+"/")
	prefix, open := strings.CutSuffix(prefix, "*")
	return prefix, ok && open && !strings.ContainsAny(prefix, "*?") && (prefix == "" || strings.HasSuffix(prefix, "/"))
}

// entries of the instance; those of one role, scope and permission where they are named.
func (s *Service) entries(ctx context.Context, roleARN, scope string, word types.Permission) (all []types.ListAccessGrantEntry, err error) {
	input := &s3control.ListAccessGrantsInput{AccountId: aws.String(s.owner.Account()), Permission: word, MaxResults: 1000}
	if roleARN != "" {
		input.GranteeType, input.GranteeIdentifier = types.GranteeTypeIam, &roleARN
	}
	if scope != "" {
		input.GrantScope = &scope
	}
	pages := s3control.NewListAccessGrantsPaginator(s.s3, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the grants of S3 Access Grants: %w", err)
		}
		all = append(all, page.AccessGrantsList...)
	}
	return all, nil
}
