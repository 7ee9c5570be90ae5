package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	pschema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

// official is what of an official plugin's schema a program can notice: schemas/*.json, extracts of the official
// files; the one of Cloudflare was made from the types of @pulumi/cloudflare, which do not say what replaces.
type official struct {
	Config    map[string]map[string]any
	Resources map[string]struct {
		Inputs, Outputs                   map[string]map[string]any
		RequiredInputs, Required, Aliases []string
	}
	Types map[string]struct {
		Properties map[string]map[string]any
		Required   []string
	}
}

// different are the properties that are meant to differ, with the reason.
var different = map[string]string{
	"cloudflare: DnsRecordData flags": "the official one takes a number or a text; the Terraform SDK of the stand-in has no such type, and a text takes both",
}

// unsaid holds aspects that the official schema of a plugin leaves out though its plugin has them.
var unsaid = map[string]string{
	"random":     "willReplaceOnChanges", // upstream is of the plugin framework, whose schemas do not tell
	"cloudflare": "willReplaceOnChanges", // the same, and the types do not have it either
}

func TestBridgedSchemasAreTheOfficialOnes(t *testing.T) {
	for name := range infos {
		t.Run(name, func(t *testing.T) {
			want := readOfficial(t, name)
			got := generate(t, name)
			for property, wanted := range want.Config {
				same(t, name, name+": config "+property, wanted, got.Config.Variables[property])
			}
			for token, resource := range want.Resources {
				mine, ok := got.Resources[token]
				if !ok {
					t.Errorf("%s is missing", token)
					continue
				}
				sameProperties(t, name, token+" input", resource.Inputs, mine.InputProperties)
				sameProperties(t, name, token+" output", resource.Outputs, mine.Properties)
				sameList(t, token+" requires as inputs", resource.RequiredInputs, mine.RequiredInputs)
				sameList(t, token+" always has as outputs", resource.Required, mine.Required)
				var aliases []string
				for _, alias := range mine.Aliases {
					aliases = append(aliases, alias.Type)
				}
				sameList(t, token+" aliases", resource.Aliases, aliases)
			}
			for token, kind := range want.Types {
				mine, ok := got.Types[token]
				if !ok {
					t.Errorf("%s is missing", token)
					continue
				}
				short := token[strings.LastIndex(token, ":")+1:]
				sameProperties(t, name, name+": "+short, kind.Properties, mine.Properties)
				sameList(t, token+" requires", kind.Required, mine.Required)
			}
		})
	}
}

func readOfficial(t *testing.T, name string) official {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("schemas", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var want official
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

func generate(t *testing.T, name string) pschema.PackageSpec {
	t.Helper()
	t.Setenv("PULUMI_SKIP_MISSING_MAPPING_ERROR", "true")
	sink := diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never})
	spec, err := tfgen.GenerateSchema(infos[name]("1.0.0"), sink)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func sameProperties(t *testing.T, plugin, where string, want map[string]map[string]any, got map[string]pschema.PropertySpec) {
	t.Helper()
	for property, wanted := range want {
		mine, ok := got[property]
		if !ok {
			t.Errorf("%s %s is missing", where, property)
			continue
		}
		same(t, plugin, where+" "+property, wanted, mine)
	}
	for property := range got {
		if _, ok := want[property]; !ok {
			t.Errorf("%s %s is not in the official schema", where, property)
		}
	}
}

// same compares all that a fixture says of a property: type, secrecy, default, deprecation, replacement.
func same(t *testing.T, plugin, where string, want map[string]any, got pschema.PropertySpec) {
	t.Helper()
	if _, ok := different[where]; ok {
		return
	}
	mine := map[string]any{}
	data, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &mine); err != nil {
		t.Fatal(err)
	}
	if mine["deprecationMessage"] != nil {
		mine["deprecated"] = true
	}
	for _, aspect := range []string{"type", "$ref", "items", "additionalProperties", "secret", "default", "defaultInfo",
		"deprecated", "willReplaceOnChanges", "replaceOnChanges"} {
		if unsaid[plugin] == aspect {
			continue
		}
		if a, b := relevant(want[aspect]), relevant(mine[aspect]); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %s is %v, and officially %v", where, aspect, b, a)
		}
	}
}

// relevant drops from nested types what the fixtures do not keep.
func relevant(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	kept := map[string]any{}
	for key, value := range m {
		if slices.Contains([]string{"type", "$ref", "items", "additionalProperties", "secret", "environment"}, key) {
			kept[key] = relevant(value)
		}
	}
	return kept
}

func sameList(t *testing.T, what string, want, got []string) {
	t.Helper()
	want, got = slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))
	if !slices.Equal(want, got) {
		t.Errorf("%s: %v, and officially %v", what, got, want)
	}
}
