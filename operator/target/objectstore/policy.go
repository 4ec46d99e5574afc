package objectstore

import "encoding/json"

func policy(statements ...statement) string {
	raw, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements}) // strings always encode
	return string(raw)
}

// Bucket is the IAM policy that lets an account list a bucket and read, write and delete what is in it, and nothing else.
func Bucket(name string) string {
	return policy(
		statement{Effect: "Allow", Action: []string{"s3:GetBucketLocation", "s3:ListBucket"}, Resource: []string{arn + name}},
		statement{
			Effect:   "Allow",
			Action:   []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"},
			Resource: []string{arn + name + "/*"},
		},
	)
}

// Runs is the IAM policy that lets an account read the notebooks of a bucket, and read and write the executed ones, and nothing else.
func Runs(bucket string) string {
	return policy(
		// Who may not list is told of what is missing that it is forbidden.
		statement{Effect: "Allow", Action: []string{"s3:ListBucket"}, Resource: []string{arn + bucket}},
		statement{Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{arn + bucket + "/notebooks/*"}},
		statement{Effect: "Allow", Action: []string{"s3:GetObject", "s3:PutObject"}, Resource: []string{arn + bucket + "/outputs/*"}},
	)
}
