package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// borrow applies a configuration that has credentials of somebody for the shipments, and holds the apply up while it has them.
const borrow = `
variable "kubeconfig" {}
variable "context" {}
variable "folder" {}

terraform {
  required_providers {
    atoll = { source = "atoll-platform/atoll" }
  }
}

provider "atoll" {
  kubeconfig = var.kubeconfig
  context    = var.context
}

ephemeral "atoll_data_credentials" "one" {
  person  = "gina"
  dataset = "e2e-shipments"
}

resource "terraform_data" "one" {
  provisioner "local-exec" {
    command = "printf '%s\\n' $KEY > $FOLDER/part && mv $FOLDER/part $FOLDER/key && while [ ! -e $FOLDER/done ]; do sleep 0.1; done"
    environment = {
      FOLDER = var.folder
      KEY    = "${ephemeral.atoll_data_credentials.one.access_key_id} ${ephemeral.atoll_data_credentials.one.secret_access_key}"
    }
  }
}
`

// testCredentials reads the shipments with what Terraform has while it applies, and tries the same key when it is done.
func testCredentials(ctx context.Context, t *testing.T, g *grantsStage) {
	defer g.grant(ctx, t, "e2e-terraform", "gina", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))()
	options := g.quickstart(t, g.terraform)
	options.TerraformDir = t.TempDir()
	folder := t.TempDir()
	options.EnvVars["TF_VAR_folder"] = folder
	require.NoError(t, os.WriteFile(filepath.Join(options.TerraformDir, "main.tf"), []byte(borrow), 0o600))
	terraform.InitContext(t, ctx, options)
	applied := make(chan error, 1)
	go func() {
		_, err := terraform.ApplyContextE(t, ctx, options)
		applied <- err
	}()
	var id, secret string
	eventually(t, 3*time.Minute, "Terraform to have a key", func(context.Context) (bool, error) {
		select {
		case err := <-applied:
			return false, fmt.Errorf("the apply ended before: %w", err)
		default:
		}
		text, err := os.ReadFile(filepath.Join(folder, "key"))
		if err != nil {
			return false, nil //nolint:nilerr // it comes
		}
		fields := strings.Fields(string(text))
		if len(fields) != 2 {
			return false, errors.New("the key is not whole")
		}
		id, secret = fields[0], fields[1]
		return true, nil
	})
	s := g.client3(credentials.NewStaticCredentialsProvider(id, secret, ""))
	require.True(t, g.reads(ctx, t, s, "shipments/a"), "what is granted")
	require.False(t, g.reads(ctx, t, s, "salaries/a"), "what is not granted")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "done"), nil, 0o600))
	require.NoError(t, <-applied)
	_, err := s.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(grantsBucket), Key: aws.String("shipments/a")})
	var api smithy.APIError
	require.ErrorAs(t, err, &api, "the key was given back and opens the shipments")
	require.Equal(t, "InvalidAccessKeyId", api.ErrorCode())
	state, err := os.ReadFile(filepath.Join(options.TerraformDir, "terraform.tfstate"))
	require.NoError(t, err)
	require.NotContains(t, string(state), secret)
}
