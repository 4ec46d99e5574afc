package objectstore

import "encoding/json"

// Bucket is the IAM policy that lets an account list a bucket and read, write and delete what is in it, and nothing else.
func Bucket(name string) string {
	const arn = "arn:aws:s3:::"
	type statement struct {
		Effect   string
		Action   []string
		Resource string
	}
	raw, _ := json.Marshal(map[string]any{ // strings always encode
		"Version": "2012-10-17",
		"Statement": []statement{
			{Effect: "Allow", Action: []string{"s3:GetBucketLocation", "s3:ListBucket"}, Resource: arn + name},
			{
				Effect:   "Allow",
				Action:   []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"},
				Resource: arn + name + "/*",
			},
		},
	})
	return string(raw)
}
