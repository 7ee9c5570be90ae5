package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func TestTypescriptIsOnUnlessTurnedOff(t *testing.T) {
	for _, c := range []struct {
		raw  map[string]any
		want options
	}{
		{nil, options{typescript: true}},
		{map[string]any{"typescript": false}, options{}},
		{map[string]any{"nodeargs": "--require 'a b' --max-old-space-size=64"},
			options{typescript: true, nodeargs: []string{"--require", "a b", "--max-old-space-size=64"}}},
	} {
		if got, err := parseOptions(c.raw); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v gave %+v, %v", c.raw, got, err)
		}
	}
	for _, bad := range []map[string]any{{"typescript": "no"}, {"nodeargs": 1.0}, {"tsconfig": true}} {
		if _, err := parseOptions(bad); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

func TestTheSDKIsFoundUpwards(t *testing.T) {
	root := t.TempDir()
	script := filepath.Join(root, "node_modules", "@pulumi", "pulumi", "cmd", "run")
	program := filepath.Join(root, "infra", "deep")
	for _, dir := range []string{script, program} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := locate("run", program, "pulumi install"); err == nil || !strings.Contains(err.Error(), "Have you run pulumi install?") {
		t.Errorf("a script that is not there: %v", err)
	}
	index := filepath.Join(script, "index.js")
	if err := os.WriteFile(index, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := locate("run", program, ""); err != nil || got != index {
		t.Errorf("found %s, %v", got, err)
	}
}

func TestConfigComesUnderTheOldKeys(t *testing.T) {
	env, err := programEnv(&pulumirpc.RunRequest{
		Config: map[string]string{"substation:zone": "z"}, ConfigSecretKeys: []string{"substation:token"},
	}, options{})
	want := []string{`PULUMI_CONFIG={"substation:config:zone":"z"}`, `PULUMI_CONFIG_SECRET_KEYS=["substation:token"]`}
	if err != nil || !reflect.DeepEqual(env, want) {
		t.Errorf("got %v, %v", env, err)
	}
}

func TestAProgramIsToldWhereItStands(t *testing.T) {
	h := newHost("engine:1", "")
	got := h.programArgs("run.js", &pulumirpc.RunRequest{
		MonitorAddress: "monitor:2", Project: "p", Stack: "s", Organization: "organization", DryRun: true, Parallel: 8,
		Info: &pulumirpc.ProgramInfo{RootDirectory: "/r", ProgramDirectory: "/r/infra", EntryPoint: "index.ts"},
	})
	want := "run.js --monitor monitor:2 --engine engine:1 --organization organization --project p --root-directory /r " +
		"--stack s --pwd /r/infra --dry-run --parallel 8 index.ts"
	if strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
}
