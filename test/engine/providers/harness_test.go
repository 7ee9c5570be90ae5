package main

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

type values = map[string]any

// bridged is a provider as the engine sees it: behind its gRPC methods.
type bridged struct {
	t      *testing.T
	server pulumirpc.ResourceProviderServer
	name   string
}

func start(t *testing.T, name string, config values) bridged {
	t.Helper()
	info := infos[name]("1.0.0")
	server := tfbridge.NewProvider(context.Background(), nil, name, "1.0.0", info.P, info, []byte("{}"))
	b := bridged{t, server, name}
	urn := "urn:pulumi:test::test::pulumi:providers:" + name + "::p"
	checked, err := server.CheckConfig(context.Background(), &pulumirpc.CheckRequest{Urn: urn, News: b.marshal(config)})
	b.must(err)
	b.noFailures(checked.Failures)
	_, err = server.Configure(context.Background(), &pulumirpc.ConfigureRequest{Args: checked.Inputs, AcceptSecrets: true, AcceptResources: true})
	b.must(err)
	return b
}

func (b bridged) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b bridged) noFailures(failures []*pulumirpc.CheckFailure) {
	b.t.Helper()
	for _, failure := range failures {
		b.t.Fatalf("%s: %s", failure.Property, failure.Reason)
	}
}

var options = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true}

func (b bridged) marshal(v values) *structpb.Struct {
	b.t.Helper()
	s, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(v), options)
	b.must(err)
	return s
}

func (b bridged) unmarshal(s *structpb.Struct) resource.PropertyMap {
	b.t.Helper()
	m, err := plugin.UnmarshalProperties(s, options)
	b.must(err)
	return m
}

// thing is a resource as the state has it.
type thing struct {
	b               bridged
	urn, id         string
	inputs, outputs *structpb.Struct
}

func (b bridged) urn(kind, name string) string { return "urn:pulumi:test::test::" + kind + "::" + name }

// tryCreate makes a resource as the engine does: check, then create.
func (b bridged) tryCreate(kind, name string, inputs values) (thing, error) {
	b.t.Helper()
	urn := b.urn(kind, name)
	checked, err := b.server.Check(context.Background(), &pulumirpc.CheckRequest{
		Urn: urn, News: b.marshal(inputs), RandomSeed: make([]byte, 32),
	})
	b.must(err)
	b.noFailures(checked.Failures)
	made, err := b.server.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: checked.Inputs})
	if err != nil {
		return thing{}, err
	}
	return thing{b, urn, made.Id, checked.Inputs, made.Properties}, nil
}

func (b bridged) create(kind, name string, inputs values) thing {
	b.t.Helper()
	made, err := b.tryCreate(kind, name, inputs)
	b.must(err)
	return made
}

// get reads a property of the state, without its secrecy.
func (r thing) get(property string) any {
	r.b.t.Helper()
	v := r.b.unmarshal(r.outputs)[resource.PropertyKey(property)]
	for v.IsSecret() {
		v = v.SecretValue().Element
	}
	return v.Mappable()
}

func (r thing) secret(property string) bool {
	return r.b.unmarshal(r.outputs)[resource.PropertyKey(property)].IsSecret()
}

// state is what the engine sends back to a provider: its outputs, with the secrets in clear.
func (r thing) state() *structpb.Struct {
	r.b.t.Helper()
	s, err := plugin.MarshalProperties(r.b.unmarshal(r.outputs), plugin.MarshalOptions{KeepUnknowns: true})
	r.b.must(err)
	return s
}

// diff says what new inputs would do: "none", "update" or "replace".
func (r thing) diff(inputs values) string {
	r.b.t.Helper()
	what, _ := r.diffed(inputs)
	return what
}

func (r thing) diffed(inputs values) (string, *structpb.Struct) {
	r.b.t.Helper()
	checked, err := r.b.server.Check(context.Background(), &pulumirpc.CheckRequest{
		Urn: r.urn, Olds: r.inputs, News: r.b.marshal(inputs), RandomSeed: make([]byte, 32),
	})
	r.b.must(err)
	r.b.noFailures(checked.Failures)
	d, err := r.b.server.Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: r.id, Urn: r.urn, Olds: r.state(), OldInputs: r.inputs, News: checked.Inputs,
	})
	r.b.must(err)
	switch {
	case len(d.Replaces) > 0:
		return "replace", checked.Inputs
	case d.Changes == pulumirpc.DiffResponse_DIFF_SOME:
		return "update", checked.Inputs
	}
	return "none", checked.Inputs
}

func (r thing) update(inputs values) thing {
	r.b.t.Helper()
	what, checked := r.diffed(inputs)
	if what != "update" {
		r.b.t.Fatalf("the new inputs of %s are a %q, not an update", r.urn, what)
	}
	done, err := r.b.server.Update(context.Background(), &pulumirpc.UpdateRequest{
		Id: r.id, Urn: r.urn, Olds: r.state(), OldInputs: r.inputs, News: checked,
	})
	r.b.must(err)
	return thing{r.b, r.urn, r.id, checked, done.Properties}
}

// refresh reads the resource anew; false where it is gone.
func (r thing) refresh() (thing, bool) {
	r.b.t.Helper()
	read, err := r.b.server.Read(context.Background(), &pulumirpc.ReadRequest{
		Id: r.id, Urn: r.urn, Properties: r.state(), Inputs: r.inputs,
	})
	r.b.must(err)
	return thing{r.b, r.urn, read.Id, r.inputs, read.Properties}, read.Id != ""
}

// adopt imports what is there already; false where nothing is.
func (b bridged) adopt(kind, name, id string) (thing, bool) {
	b.t.Helper()
	urn := b.urn(kind, name)
	read, err := b.server.Read(context.Background(), &pulumirpc.ReadRequest{Id: id, Urn: urn})
	b.must(err)
	return thing{b, urn, read.Id, read.Inputs, read.Properties}, read.Id != ""
}

func (r thing) delete() error {
	_, err := r.b.server.Delete(context.Background(), &pulumirpc.DeleteRequest{Id: r.id, Urn: r.urn, Properties: r.state()})
	return err
}
