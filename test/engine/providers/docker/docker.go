// Package docker bridges the real upstream Docker provider as the official plugin does.
package docker

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/shim"
	"substation/engine/providers/naming"
)

// Info describes the Docker plugin.
func Info(version string) tfbridge.ProviderInfo {
	resources := naming.Resources("docker", map[string]string{
		"docker_config":    "ServiceConfig",
		"docker_container": "Container",
		"docker_image":     "RemoteImage",
		"docker_network":   "Network",
		"docker_plugin":    "Plugin",
		"docker_secret":    "Secret",
		"docker_service":   "Service",
		"docker_volume":    "Volume",
	})
	container := resources["docker_container"]
	container.DeleteBeforeReplace = true
	container.Fields = map[string]*tfbridge.SchemaInfo{
		"command":           {Name: "command"},
		"networks_advanced": {Name: "networksAdvanced"},
		// Upstream has these already, the plugin of our version not yet.
		"device_cgroup_rules": {Omit: true},
		"upload": {Elem: &tfbridge.SchemaInfo{Fields: map[string]*tfbridge.SchemaInfo{
			"owner": {Omit: true},
			"group": {Omit: true},
		}}},
	}
	resources["docker_image"].Fields = map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}}

	upstream := naming.Quiet(naming.Only(shim.NewProvider(version), resources))
	// As in the plugin of our version: a changed healthcheck is an update, which upstream then does nothing about.
	upstream.ResourcesMap["docker_container"].Schema["healthcheck"].ForceNew = false
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(upstream),
		Name:    "docker",
		Version: version,
		Config: map[string]*tfbridge.SchemaInfo{
			"host":          {Default: &tfbridge.DefaultInfo{EnvVars: []string{"DOCKER_HOST"}}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: resources,
	}
	info.SetAutonaming(255, "-")
	return info
}
