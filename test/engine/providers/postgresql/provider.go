// Package postgresql stands in for the official plugin: roles, databases, schemas and grants on a real PostgreSQL
// server, with the names, types, defaults and behaviours of the official one.
package postgresql

import (
	"context"
	"os"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"substation/engine/providers/naming"
)

// Info describes the postgresql plugin.
func Info(version string) tfbridge.ProviderInfo {
	resources := naming.Resources("postgresql", map[string]string{
		"postgresql_database":           "Database",
		"postgresql_default_privileges": "DefaultPrivileges",
		"postgresql_grant":              "Grant",
		"postgresql_grant_role":         "GrantRole",
		"postgresql_role":               "Role",
		"postgresql_schema":             "Schema",
	})
	resources["postgresql_grant"].DeleteBeforeReplace = true
	resources["postgresql_default_privileges"].Aliases = []tfbridge.AliasInfo{
		{Type: ref("postgresql:index/defaultPrivileg:DefaultPrivileg")},
	}
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(naming.Quiet(Provider())),
		Name:    "postgresql",
		Version: version,
		Config: map[string]*tfbridge.SchemaInfo{
			"sslmode":         {Default: &tfbridge.DefaultInfo{EnvVars: []string{"PGSSLMODE"}}},
			"connect_timeout": {Default: &tfbridge.DefaultInfo{EnvVars: []string{"PGCONNECT_TIMEOUT"}, Value: 180}},
		},
		Resources: resources,
	}
	info.SetAutonaming(255, "-")
	return info
}

func ref(s string) *string { return &s }

// Provider has the resources in use.
func Provider() *schema.Provider {
	text := func(env string, fallback any) *schema.Schema {
		return &schema.Schema{Type: schema.TypeString, Optional: true, DefaultFunc: fromEnv(env, fallback)}
	}
	plain := func(kind schema.ValueType) *schema.Schema { return &schema.Schema{Type: kind, Optional: true} }
	password := text("PGPASSWORD", nil)
	password.Sensitive = true
	oldSslmode := plain(schema.TypeString)
	oldSslmode.Deprecated = "Rename PostgreSQL provider `ssl_mode` attribute to `sslmode`"
	return &schema.Provider{
		ConfigureContextFunc: configure,
		Schema: map[string]*schema.Schema{
			"scheme": {Type: schema.TypeString, Optional: true, Default: "postgres",
				ValidateFunc: validation.StringInSlice([]string{"postgres"}, false)},
			"host":     text("PGHOST", nil),
			"port":     {Type: schema.TypeInt, Optional: true, DefaultFunc: fromEnv("PGPORT", 5432)},
			"database": text("PGDATABASE", "postgres"),
			"username": text("PGUSER", "postgres"),
			"password": password,
			// The role that acts, where it is not the one that logs in.
			"database_username": plain(schema.TypeString),
			"superuser":         {Type: schema.TypeBool, Optional: true, DefaultFunc: fromEnv("PGSUPERUSER", true)},
			"sslmode":           text("PGSSLMODE", nil),
			"ssl_mode":          oldSslmode,
			"sslrootcert":       plain(schema.TypeString),
			"clientcert": {Type: schema.TypeList, Optional: true, MaxItems: 1, Elem: &schema.Resource{
				Schema: map[string]*schema.Schema{
					"cert":      {Type: schema.TypeString, Required: true},
					"key":       {Type: schema.TypeString, Required: true},
					"sslinline": {Type: schema.TypeBool, Optional: true},
				},
			}},
			"connect_timeout": {Type: schema.TypeInt, Optional: true, DefaultFunc: fromEnv("PGCONNECT_TIMEOUT", 180),
				ValidateFunc: validation.IntAtLeast(-1)},
			"max_connections": {Type: schema.TypeInt, Optional: true, Default: 20,
				ValidateFunc: validation.IntAtLeast(-1)},
			"expected_version": {Type: schema.TypeString, Optional: true, Default: "9.0.0"},
			// Logins of the clouds: part of the schema, refused by configure.
			"aws_rds_iam_auth":                    plain(schema.TypeBool),
			"aws_rds_iam_profile":                 plain(schema.TypeString),
			"aws_rds_iam_region":                  plain(schema.TypeString),
			"aws_rds_iam_provider_role_arn":       plain(schema.TypeString),
			"azure_identity_auth":                 plain(schema.TypeBool),
			"azure_tenant_id":                     plain(schema.TypeString),
			"gcp_iam_impersonate_service_account": plain(schema.TypeString),
		},
		ResourcesMap: map[string]*schema.Resource{
			"postgresql_database":           databaseResource(),
			"postgresql_default_privileges": defaultPrivilegesResource(),
			"postgresql_grant":              grantResource(),
			"postgresql_grant_role":         grantRoleResource(),
			"postgresql_role":               roleResource(),
			"postgresql_schema":             schemaResource(),
		},
	}
}

func fromEnv(name string, fallback any) schema.SchemaDefaultFunc {
	return func() (any, error) {
		if v := os.Getenv(name); v != "" {
			return v, nil
		}
		return fallback, nil
	}
}

func configure(_ context.Context, d *schema.ResourceData) (any, diag.Diagnostics) {
	for _, cloud := range []string{"aws_rds_iam_auth", "azure_identity_auth"} {
		if d.Get(cloud).(bool) {
			return nil, diag.Errorf("%s is not supported by this stand-in of the postgresql plugin", cloud)
		}
	}
	s := &settings{
		host:            d.Get("host").(string),
		port:            d.Get("port").(int),
		database:        d.Get("database").(string),
		username:        d.Get("username").(string),
		password:        d.Get("password").(string),
		actingAs:        d.Get("database_username").(string),
		superuser:       d.Get("superuser").(bool),
		sslmode:         d.Get("sslmode").(string),
		sslrootcert:     d.Get("sslrootcert").(string),
		connectTimeout:  d.Get("connect_timeout").(int),
		maxConnections:  d.Get("max_connections").(int),
		expectedVersion: d.Get("expected_version").(string),
	}
	if s.sslmode == "" {
		s.sslmode = d.Get("ssl_mode").(string)
	}
	if certs := d.Get("clientcert").([]any); len(certs) == 1 && certs[0] != nil {
		cert := certs[0].(map[string]any)
		s.clientCert, s.clientKey = cert["cert"].(string), cert["key"].(string)
		if cert["sslinline"].(bool) {
			return nil, diag.Errorf("clientcert.sslinline is not supported by this stand-in: give paths of files")
		}
	}
	return newServer(s), nil
}
