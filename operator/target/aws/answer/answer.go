// Package answer says what IAM's answers mean.
package answer

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Document reads a document, which IAM answers with as a part of a URL.
func Document(text *string) (string, error) {
	document, err := url.PathUnescape(aws.ToString(text))
	if err != nil {
		return "", fmt.Errorf("reading a policy: %w", err)
	}
	return document, nil
}

// Missing says that there is no such role or policy.
func Missing(err error) bool {
	var gone *iamtypes.NoSuchEntityException
	return errors.As(err, &gone)
}

// Exists says that there is one already.
func Exists(err error) bool {
	var there *iamtypes.EntityAlreadyExistsException
	return errors.As(err, &there)
}

// InUse says that it cannot go yet.
func InUse(err error) bool {
	var conflict *iamtypes.DeleteConflictException
	return errors.As(err, &conflict)
}

// Same says whether two documents say the same in another form.
func Same(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
