// Package cloudflare stands in for the official plugin's DnsRecord. It speaks to the API through the official client.
package cloudflare

import (
	"context"
	"os"

	"github.com/cloudflare/cloudflare-go/v6/dns"
	"github.com/cloudflare/cloudflare-go/v6/option"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"substation/engine/providers/naming"
)

// Info describes the cloudflare plugin.
func Info(version string) tfbridge.ProviderInfo {
	return tfbridge.ProviderInfo{
		P:         shimv2.NewProvider(naming.Quiet(Provider())),
		Name:      "cloudflare",
		Version:   version,
		Resources: naming.Resources("cloudflare", map[string]string{"cloudflare_dns_record": "DnsRecord"}),
	}
}

// Provider has the one resource in use.
func Provider() *schema.Provider {
	text := func(sensitive bool) *schema.Schema {
		return &schema.Schema{Type: schema.TypeString, Optional: true, Sensitive: sensitive}
	}
	return &schema.Provider{
		ConfigureContextFunc: configure,
		Schema: map[string]*schema.Schema{
			"api_key":                    text(true),
			"api_token":                  text(true),
			"api_user_service_key":       text(true),
			"base_url":                   text(false),
			"email":                      text(false),
			"user_agent_operator_suffix": text(false),
		},
		ResourcesMap: map[string]*schema.Resource{"cloudflare_dns_record": record()},
	}
}

// configure makes the client of the one service in use: the client of them all would double the size of the binary.
// What the program sets comes before the environment. The client waits as the API asks when that says 429, and tries
// again.
func configure(_ context.Context, d *schema.ResourceData) (any, diag.Diagnostics) {
	options := []option.RequestOption{option.WithEnvironmentProduction()}
	credentials := false
	for _, setting := range []struct {
		property, variable string
		with               func(string) option.RequestOption
		credential         bool
	}{
		{"base_url", "CLOUDFLARE_BASE_URL", option.WithBaseURL, false},
		{"api_token", "CLOUDFLARE_API_TOKEN", option.WithAPIToken, true},
		{"api_key", "CLOUDFLARE_API_KEY", option.WithAPIKey, true},
		{"email", "CLOUDFLARE_EMAIL", option.WithAPIEmail, false},
		{"api_user_service_key", "CLOUDFLARE_API_USER_SERVICE_KEY", option.WithUserServiceKey, true},
	} {
		value := d.Get(setting.property).(string)
		if value == "" {
			value = os.Getenv(setting.variable)
		}
		if value != "" {
			options = append(options, setting.with(value))
			credentials = credentials || setting.credential
		}
	}
	if !credentials {
		return nil, diag.Errorf("no credentials for Cloudflare: set apiToken of the provider, or CLOUDFLARE_API_TOKEN")
	}
	if suffix := d.Get("user_agent_operator_suffix").(string); suffix != "" {
		options = append(options, option.WithHeaderAdd("User-Agent", suffix))
	}
	return dns.NewRecordService(options...), nil
}
