package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/atoll-platform/atoll/provider/internal/managed"
)

// Server returns a constructor of the provider as clients speak to it, in the given version. It is the framework's, which
// unpacks and packs the state of every object that is read; what has not changed since is answered before that. Over
// thousands of objects, that is most of what a plan costs the provider.
func Server(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		p := &atoll{version: version}
		s := &server{provider: p, resources: map[string]managed.Unchanging{}}
		//nolint:forcetypeassert // the framework's server has all parts of the protocol
		s.framework = providerserver.NewProtocol6(p)().(framework)
		for _, construct := range p.Resources(context.Background()) {
			r := construct()
			var named resource.MetadataResponse
			r.Metadata(context.Background(), resource.MetadataRequest{ProviderTypeName: name}, &named)
			if unchanging, ok := r.(managed.Unchanging); ok {
				s.resources[named.TypeName] = unchanging
			}
		}
		return s
	}
}

// framework is the protocol with the parts that clients ask for one by one.
type framework interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

type server struct {
	framework

	provider  *atoll
	resources map[string]managed.Unchanging
}

// ReadResource returns the state as it came where it is current, and has the framework read the object otherwise.
func (s *server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	kind, connect := s.resources[req.TypeName], s.provider.connect
	if kind == nil || connect == nil {
		return s.framework.ReadResource(ctx, req)
	}
	key := kind.Unchanged(ctx, connect, req.Private)
	if key == "" {
		return s.framework.ReadResource(ctx, req)
	}
	resp := &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private, NewIdentity: req.CurrentIdentity}
	if resp.NewIdentity == nil {
		// A state that a client wrote which knew no identities has none yet.
		identity, err := kind.IdentityOf(key)
		if err != nil {
			return s.framework.ReadResource(ctx, req)
		}
		resp.NewIdentity = &tfprotov6.ResourceIdentityData{IdentityData: &identity}
	}
	return resp, nil
}
