// One binary that is every provider plugin which the program uses: hard links give it its names, and it becomes the
// provider that it is called as. Docker is the real upstream provider behind Pulumi's bridge. The others stand in for
// official plugins that cannot be had from package registries: test equipment, with the official names, types and
// behaviours for the resources in use, talking to real servers.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"substation/engine/providers/cloudflare"
	"substation/engine/providers/docker"
	"substation/engine/providers/postgresql"
	"substation/engine/providers/random"
)

const namePrefix = "pulumi-resource-"

var infos = map[string]func(version string) tfbridge.ProviderInfo{
	"cloudflare": cloudflare.Info,
	"docker":     docker.Info,
	"postgresql": postgresql.Info,
	"random":     random.Info,
}

func main() {
	path, err := os.Executable()
	if err != nil {
		cmdutil.Exit(fmt.Errorf("could not find out what this plugin is called: %w", err))
	}
	name := strings.TrimPrefix(filepath.Base(path), namePrefix)
	info, ok := infos[name]
	if !ok {
		cmdutil.Exit(fmt.Errorf("%s is not one of this binary's plugins: call it as %s<name>", filepath.Base(path), namePrefix))
	}
	version := pluginVersion(path)

	flags := flag.NewFlagSet("plugin", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the engine's own flags are read later
	showVersion := flags.Bool("version", false, "")
	if flags.Parse(os.Args[1:]) == nil && *showVersion {
		fmt.Println(version)
		return
	}
	exitWhenOrphaned(orphanGrace)
	// The schema serves code generation alone, which nobody asks these plugins for.
	if err := tfbridge.Serve(name, version, info(version), []byte("{}")); err != nil {
		cmdutil.Exit(err)
	}
}

// pluginVersion is the version that the plugin's folder bears: resource-docker-v5.2.0.
func pluginVersion(path string) string {
	folder := filepath.Base(filepath.Dir(path))
	if i := strings.LastIndex(folder, "-v"); i >= 0 {
		return folder[i+2:]
	}
	return "0.0.0"
}
