package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/google/shlex"
)

// interruptGrace is how long a program may take to end after an interrupt, before it is killed.
const interruptGrace = 5 * time.Second

// options are the ones below `runtime:` in Pulumi.yaml and PulumiPolicy.yaml.
type options struct {
	typescript bool
	tsconfig   string
	nodeargs   []string
}

func parseOptions(raw map[string]any) (options, error) {
	o := options{typescript: true}
	var ok bool
	if v, has := raw["typescript"]; has {
		if o.typescript, ok = v.(bool); !ok {
			return o, errors.New("typescript option must be a boolean")
		}
	}
	if v, has := raw["tsconfig"]; has {
		if o.tsconfig, ok = v.(string); !ok {
			return o, errors.New("tsconfigpath option must be a string")
		}
	}
	if v, has := raw["nodeargs"]; has {
		text, ok := v.(string)
		if !ok {
			return o, errors.New("nodeargs option must be a string")
		}
		args, err := shlex.Split(text)
		if err != nil {
			return o, fmt.Errorf("nodeargs option: %w", err)
		}
		o.nodeargs = args
	}
	return o, nil
}

func (o options) env() []string {
	var env []string
	if o.typescript {
		env = append(env, "PULUMI_NODEJS_TYPESCRIPT=true")
	}
	if o.tsconfig != "" {
		env = append(env, "PULUMI_NODEJS_TSCONFIG_PATH="+o.tsconfig)
	}
	return env
}

// locate finds a script of @pulumi/pulumi as Node's resolution would from dir, without the cost of starting Node.
func locate(script, dir, install string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		path := filepath.Join(at, "node_modules", "@pulumi", "pulumi", "cmd", script, "index.js")
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("It looks like the Pulumi SDK has not been installed. Have you run %s?", install) //nolint:staticcheck // shown to the user as it is
		}
	}
}

// interruptible makes the end of the command's context an interrupt, which a program can answer, and a kill later.
func interruptible(cmd *exec.Cmd) {
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = interruptGrace
}

// writer hides the file below it: Node makes files that it inherits non-blocking, and this process would then fail to
// write to them (golang/go#58408).
type writer struct{ io.Writer }
