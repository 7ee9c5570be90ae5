package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// exitShown is the code with which the SDK says that it has told the user already what is wrong.
const exitShown = 32

// Run runs a program to its end. Its working directory is this process's, which the engine has set to the program's
// directory; relative paths in `nodeargs` are resolved from there.
func (h *host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	failed := func(err error) (*pulumirpc.RunResponse, error) {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return failed(fmt.Errorf("could not find node on the $PATH: %w", err))
	}
	opts, err := parseOptions(req.Info.Options.AsMap())
	if err != nil {
		return failed(err)
	}
	script, err := locate("run", req.Info.ProgramDirectory, "pulumi install")
	if err != nil {
		return failed(err)
	}
	env, err := programEnv(req, opts)
	if err != nil {
		return failed(err)
	}

	// Either end of the call, the engine's or ours, ends the program.
	running, stop := context.WithCancel(h.cancelled)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	cmd := exec.CommandContext(running, node, append(append([]string{}, opts.nodeargs...), h.programArgs(script, req)...)...)
	interruptible(cmd)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = writer{os.Stdout}, writer{os.Stderr}

	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == exitShown:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return failed(fmt.Errorf("Program exited with non-zero exit code: %d", exit.ExitCode())) //nolint:staticcheck // the official host's words
	default:
		return failed(fmt.Errorf("Problem executing program (could not run language executor): %w", err)) //nolint:staticcheck // as above
	}
}

func (h *host) programArgs(script string, req *pulumirpc.RunRequest) []string {
	args := []string{script}
	add := func(name, value string) {
		if value != "" {
			args = append(args, "--"+name, value)
		}
	}
	add("monitor", req.MonitorAddress)
	add("engine", h.engine)
	add("organization", req.Organization)
	add("project", req.Project)
	add("root-directory", req.Info.RootDirectory)
	add("stack", req.Stack)
	add("pwd", req.Info.ProgramDirectory)
	if req.DryRun {
		args = append(args, "--dry-run")
	}
	add("parallel", strconv.Itoa(int(req.Parallel)))
	add("tracing", h.tracing)
	return append(append(args, req.Info.EntryPoint), req.Args...)
}

// programEnv carries the stack's config, as the SDK expects it: in the environment, under keys of the older form.
func programEnv(req *pulumirpc.RunRequest, opts options) ([]string, error) {
	values := map[string]string{}
	for k, v := range req.Config {
		key, err := config.ParseKey(k)
		if err != nil {
			return nil, fmt.Errorf("failed to serialize configuration: %w", err)
		}
		values[key.Namespace()+":config:"+key.Name()] = v
	}
	secretKeys := req.ConfigSecretKeys
	if secretKeys == nil {
		secretKeys = []string{}
	}
	valuesJSON, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("failed to serialize configuration: %w", err)
	}
	keysJSON, err := json.Marshal(secretKeys)
	if err != nil {
		return nil, fmt.Errorf("failed to serialize configuration secret keys: %w", err)
	}
	return append([]string{
		"PULUMI_CONFIG=" + string(valuesJSON),
		"PULUMI_CONFIG_SECRET_KEYS=" + string(keysJSON),
	}, opts.env()...), nil
}
