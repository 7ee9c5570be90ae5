package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// RunPlugin runs a plugin that is written for Node. A policy pack is one too, of the kind "analyzer"; it expects the
// stack's config in its environment, so that it can only be started once the engine has sent that: until then, and
// after, sdk.PolicyProxy speaks for it.
func (h *host) RunPlugin(req *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer) error {
	ctx := server.Context()
	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(server, false)
	if err != nil {
		return err
	}
	defer closer.Close() //nolint:errcheck // closed with its error looked at below, on the way that has one

	node, err := exec.LookPath("node")
	if err != nil {
		return err
	}
	opts, err := parseOptions(req.Info.Options.AsMap())
	if err != nil {
		return err
	}
	policy := req.Kind == string(apitype.AnalyzerPlugin)
	dir := req.Info.ProgramDirectory
	args, err := pluginArgs(req, opts, policy)
	if err != nil {
		return err
	}
	env := append(req.Env, opts.env()...)

	var proxy *sdk.PolicyProxy
	if policy {
		var out io.Writer
		if proxy, out, err = sdk.NewPolicyProxy(ctx, stdout); err != nil {
			return fmt.Errorf("could not start policy pack proxy: %w", err)
		}
		stdout = out
		stack, err := proxy.AwaitConfiguration(ctx)
		if err != nil {
			return fmt.Errorf("could not get stack configuration: %w", err)
		}
		more, err := policyEnv(stack)
		if err != nil {
			return err
		}
		env = append(env, more...)
	}

	cmd := exec.CommandContext(ctx, node, args...)
	interruptible(cmd)
	cmd.Dir = req.Pwd
	if policy {
		cmd.Dir = dir
	}
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("Problem executing plugin program (could not run language executor): %w", err) //nolint:staticcheck // the official host's words
	}
	if proxy != nil {
		err = proxy.Attach(ctx, cmd) // waits for its end
	} else {
		err = cmd.Wait()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("Program exited with non-zero exit code: %d", exit.ExitCode()) //nolint:staticcheck // as above
	}
	if err != nil {
		return fmt.Errorf("Problem executing plugin program: %w", err) //nolint:staticcheck // as above
	}
	return closer.Close()
}

func pluginArgs(req *pulumirpc.RunPluginRequest, opts options, policy bool) ([]string, error) {
	name := "run-plugin"
	if policy {
		name = "run-policy-pack"
	}
	dir := req.Info.ProgramDirectory
	script, err := locate(name, dir, "npm install in "+dir)
	if err != nil {
		return nil, err
	}
	// The official host puts `nodeargs` after the script here, and a policy pack's folder last.
	args := append([]string{script}, opts.nodeargs...)
	if policy {
		return append(append(args, req.Args...), dir), nil
	}
	return append(append(args, dir), req.Args...), nil
}

// policyEnv tells a policy pack about the stack; nil, when the engine only asks what policies there are.
func policyEnv(stack *pulumirpc.AnalyzerStackConfigureRequest) ([]string, error) {
	if stack == nil {
		return nil, nil
	}
	env := []string{"PULUMI_NODEJS_DRY_RUN=" + strconv.FormatBool(stack.DryRun)}
	for name, value := range map[string]string{
		"ORGANIZATION": stack.Organization, "PROJECT": stack.Project, "STACK": stack.Stack,
	} {
		if value != "" {
			env = append(env, "PULUMI_NODEJS_"+name+"="+value)
		}
	}
	if stack.Config != nil {
		config, err := json.Marshal(stack.Config)
		if err != nil {
			return nil, fmt.Errorf("could not marshal stack configuration: %w", err)
		}
		env = append(env, "PULUMI_CONFIG="+string(config))
	}
	return env, nil
}
