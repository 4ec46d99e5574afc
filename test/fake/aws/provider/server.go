// Package provider serves derived schemas as a Terraform provider that has no cloud: it plans as Terraform's rules
// ask (what is computed and not configured is unknown), and applies by making up what AWS would answer.
package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/atoll-platform/atoll/test/fake/aws/schema"
)

// Server is the provider. Calls that neither Terraform nor OpenTofu makes of a provider like this are those of the
// embedded interface, which is nil.
type Server struct {
	tfprotov5.ProviderServer

	schemas         *tfprotov5.GetProviderSchemaResponse
	resources, data map[string]*kind
}

// kind is one resource or data source.
type kind struct {
	name   string
	schema *tfprotov5.Schema
}

func (k *kind) terraform() tftypes.Type { return k.schema.ValueType() }

// New makes a server of schemas.
func New(schemas *schema.Schemas) (*Server, error) {
	s := &Server{
		schemas: &tfprotov5.GetProviderSchemaResponse{
			ResourceSchemas: map[string]*tfprotov5.Schema{}, DataSourceSchemas: map[string]*tfprotov5.Schema{},
		},
		resources: map[string]*kind{}, data: map[string]*kind{},
	}
	var err error
	if s.schemas.Provider, err = schemas.Provider.Proto(); err != nil {
		return nil, fmt.Errorf("the provider's own schema: %w", err)
	}
	for _, group := range []struct {
		blocks map[string]*schema.Block
		proto  map[string]*tfprotov5.Schema
		kinds  map[string]*kind
	}{{schemas.Resources, s.schemas.ResourceSchemas, s.resources}, {schemas.Data, s.schemas.DataSourceSchemas, s.data}} {
		for name, block := range group.blocks {
			proto, err := block.Proto()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			group.proto[name], group.kinds[name] = proto, &kind{name: name, schema: proto}
		}
	}
	return s, nil
}

// GetProviderSchema hands the schemas out.
func (s *Server) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return s.schemas, nil
}

// GetMetadata names what there is.
func (s *Server) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	out := &tfprotov5.GetMetadataResponse{}
	for name := range s.resources {
		out.Resources = append(out.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	for name := range s.data {
		out.DataSources = append(out.DataSources, tfprotov5.DataSourceMetadata{TypeName: name})
	}
	return out, nil
}

// GetResourceIdentitySchemas says that no resource has an identity.
func (s *Server) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

// PrepareProviderConfig accepts what the schema does.
func (s *Server) PrepareProviderConfig(_ context.Context, r *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: r.Config}, nil
}

// ConfigureProvider needs nothing: there is no account.
func (s *Server) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

// StopProvider has nothing to stop.
func (s *Server) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}
