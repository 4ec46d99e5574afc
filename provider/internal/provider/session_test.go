package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/atoll-platform/atoll/provider/internal/provider"
)

// session speaks the protocol to the provider as Terraform does, without the command line: it is
// quick, it sees what Terraform hides, and it counts requests of one step.
type session struct {
	t      testing.TB
	api    tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
	// problems are the diagnostics of the last step.
	problems []*tfprotov6.Diagnostic
}

// object is a resource as Terraform holds it.
type object struct {
	kind     string
	value    tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

// unknown stands for a value that is not known yet in the JSON of a configuration.
const unknown = "<unknown>"

func newSession(t testing.TB, config string) *session {
	t.Helper()
	s := &session{t: t, api: provider.Server("test")()}
	var err error
	if s.schema, err = s.api.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	typ := s.schema.Provider.ValueType()
	resp, err := s.api.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: s.wire(typ, s.decode(typ, config))})
	if err != nil {
		t.Fatal(err)
	}
	s.problems = resp.Diagnostics
	return s
}

// connected is a session on the test's server.
func connected(t testing.TB) *session {
	t.Helper()
	s := newSession(t, fmt.Sprintf(`{"host": %q}`, server.URL))
	server.Requests.Reset()
	return s
}

func (s *session) typeOf(kind string) tftypes.Type { return s.schema.ResourceSchemas[kind].ValueType() }

// plan plans a change to the configuration, an empty one to destroy.
func (s *session) plan(prior object, config string) *tfprotov6.PlanResourceChangeResponse {
	s.t.Helper()
	typ := s.typeOf(prior.kind)
	value := s.decode(typ, config)
	resp, err := s.api.PlanResourceChange(s.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: prior.kind, PriorState: s.wire(typ, prior.value), PriorPrivate: prior.private,
		Config: s.wire(typ, value), ProposedNewState: s.wire(typ, propose(s.schema.ResourceSchemas[prior.kind].Block.Attributes, prior.value, value)),
		PriorIdentity: prior.identity,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.problems = resp.Diagnostics
	return resp
}

// apply plans and applies a configuration.
func (s *session) apply(ctx context.Context, prior object, config string) object {
	s.t.Helper()
	planned := s.plan(prior, config)
	if s.failed() {
		return prior
	}
	typ := s.typeOf(prior.kind)
	resp, err := s.api.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: prior.kind, PriorState: s.wire(typ, prior.value), Config: s.wire(typ, s.decode(typ, config)),
		PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate, PlannedIdentity: planned.PlannedIdentity,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.problems = resp.Diagnostics
	return object{kind: prior.kind, value: s.unwire(typ, resp.NewState), private: resp.Private, identity: resp.NewIdentity}
}

// create is apply of a new object that must succeed.
func (s *session) create(kind, config string) object {
	s.t.Helper()
	made := s.apply(s.t.Context(), s.none(kind), config)
	s.succeeded()
	return made
}

func (s *session) none(kind string) object {
	return object{kind: kind, value: tftypes.NewValue(s.typeOf(kind), nil)}
}

// read refreshes an object.
func (s *session) read(o object) object {
	s.t.Helper()
	typ := s.typeOf(o.kind)
	resp, err := s.api.ReadResource(s.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: o.kind, CurrentState: s.wire(typ, o.value), Private: o.private, CurrentIdentity: o.identity,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.problems = resp.Diagnostics
	if resp.NewState == nil {
		return o
	}
	return object{kind: o.kind, value: s.unwire(typ, resp.NewState), private: resp.Private, identity: resp.NewIdentity}
}

func (s *session) failed() bool {
	for _, d := range s.problems {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return true
		}
	}
	return false
}

func (s *session) succeeded() {
	s.t.Helper()
	if s.failed() {
		s.t.Fatal(s.said())
	}
}

// said is the text of the last step's diagnostics, each with its attribute.
func (s *session) said() string {
	var b strings.Builder
	for _, d := range s.problems {
		fmt.Fprintf(&b, "%s [%s] %s: %s\n", d.Severity, d.Attribute, d.Summary, d.Detail)
	}
	return b.String()
}

// says fails the test unless the last step's diagnostics contain all the texts.
func (s *session) says(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.said(), text) {
			s.t.Errorf("the diagnostics lack %q:\n%s", text, s.said())
		}
	}
}

func (s *session) wire(typ tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	s.t.Helper()
	out, err := tfprotov6.NewDynamicValue(typ, v)
	if err != nil {
		s.t.Fatal(err)
	}
	return &out
}

func (s *session) unwire(typ tftypes.Type, v *tfprotov6.DynamicValue) tftypes.Value {
	s.t.Helper()
	out, err := v.Unmarshal(typ)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// decode reads JSON as a value of the type; what is left out is null. No text is null.
func (s *session) decode(typ tftypes.Type, text string) tftypes.Value {
	s.t.Helper()
	if text == "" {
		return tftypes.NewValue(typ, nil)
	}
	var in any
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		s.t.Fatalf("%v in %s", err, text)
	}
	return build(typ, in)
}

func build(typ tftypes.Type, in any) tftypes.Value {
	if in == nil {
		return tftypes.NewValue(typ, nil)
	}
	if in == unknown {
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	}
	element := func(t tftypes.Type) []tftypes.Value {
		out := []tftypes.Value{}
		for _, e := range in.([]any) {
			out = append(out, build(t, e))
		}
		return out
	}
	switch t := typ.(type) {
	case tftypes.Object:
		out := map[string]tftypes.Value{}
		for name, attribute := range t.AttributeTypes {
			out[name] = build(attribute, in.(map[string]any)[name])
		}
		return tftypes.NewValue(typ, out)
	case tftypes.Map:
		out := map[string]tftypes.Value{}
		for name, value := range in.(map[string]any) {
			out[name] = build(t.ElementType, value)
		}
		return tftypes.NewValue(typ, out)
	case tftypes.List:
		return tftypes.NewValue(typ, element(t.ElementType))
	case tftypes.Set:
		return tftypes.NewValue(typ, element(t.ElementType))
	}
	return tftypes.NewValue(typ, in)
}

// propose is Terraform's proposed new state at the top level: the configuration, with computed
// attributes that are not configured taken from the prior state.
func propose(schema []*tfprotov6.SchemaAttribute, prior, config tftypes.Value) tftypes.Value {
	if prior.IsNull() || config.IsNull() {
		return config
	}
	was, is := map[string]tftypes.Value{}, map[string]tftypes.Value{}
	if prior.As(&was) != nil || config.As(&is) != nil {
		return config
	}
	for _, a := range schema {
		if a.Computed && is[a.Name].IsNull() {
			is[a.Name] = was[a.Name]
		}
	}
	return tftypes.NewValue(config.Type(), is)
}

// text returns a string of an object's value by its path.
func (o object) text(t *testing.T, names ...string) string {
	t.Helper()
	v := o.value
	for _, name := range names {
		fields := map[string]tftypes.Value{}
		if err := v.As(&fields); err != nil {
			t.Fatal(err)
		}
		v = fields[name]
	}
	var out *string
	if err := v.As(&out); err != nil {
		t.Fatal(err)
	}
	if out == nil {
		return ""
	}
	return *out
}

// importByID imports and refreshes an object.
func (s *session) importByID(kind, id string) object {
	s.t.Helper()
	resp, err := s.api.ImportResourceState(s.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	if err != nil || len(resp.ImportedResources) != 1 {
		s.t.Fatal(err, resp)
	}
	got := resp.ImportedResources[0]
	read := s.read(object{kind: kind, value: s.unwire(s.typeOf(kind), got.State), private: got.Private, identity: got.Identity})
	s.succeeded()
	return read
}

// importByIdentity imports and refreshes an object, as clients do that know identities.
func (s *session) importByIdentity(kind string, identity tftypes.Value) object {
	s.t.Helper()
	data, err := tfprotov6.NewDynamicValue(identity.Type(), identity)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.api.ImportResourceState(s.t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: kind, Identity: &tfprotov6.ResourceIdentityData{IdentityData: &data},
	})
	if err != nil || len(resp.ImportedResources) != 1 {
		s.t.Fatal(err, resp)
	}
	got := resp.ImportedResources[0]
	read := s.read(object{kind: kind, value: s.unwire(s.typeOf(kind), got.State), private: got.Private, identity: got.Identity})
	s.succeeded()
	return read
}
