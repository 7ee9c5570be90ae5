package postgresql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

// roleFlags are the attributes of a role that are on or off.
var roleFlags = []struct{ property, on, off, column string }{
	{"superuser", "SUPERUSER", "NOSUPERUSER", "rolsuper"},
	{"create_database", "CREATEDB", "NOCREATEDB", "rolcreatedb"},
	{"create_role", "CREATEROLE", "NOCREATEROLE", "rolcreaterole"},
	{"inherit", "INHERIT", "NOINHERIT", "rolinherit"},
	{"login", "LOGIN", "NOLOGIN", "rolcanlogin"},
	{"bypass_row_level_security", "BYPASSRLS", "NOBYPASSRLS", "rolbypassrls"},
	{"replication", "REPLICATION", "NOREPLICATION", "rolreplication"},
}

func roleResource() *schema.Resource {
	text := func() *schema.Schema { return &schema.Schema{Type: schema.TypeString, Optional: true} }
	flag := func(standard bool) *schema.Schema {
		return &schema.Schema{Type: schema.TypeBool, Optional: true, Default: standard}
	}
	names := func(kind schema.ValueType) *schema.Schema {
		return &schema.Schema{Type: kind, Optional: true, Elem: &schema.Schema{Type: schema.TypeString}}
	}
	milliseconds := func() *schema.Schema {
		return &schema.Schema{Type: schema.TypeInt, Optional: true, ValidateFunc: validation.IntAtLeast(0)}
	}
	password := &schema.Schema{Type: schema.TypeString, Optional: true, Sensitive: true,
		ConflictsWith: []string{"password_wo", "password_wo_version"}}
	writeOnly := &schema.Schema{Type: schema.TypeString, Optional: true, Sensitive: true, WriteOnly: true,
		ConflictsWith: []string{"password"}, RequiredWith: []string{"password_wo_version"}}
	writeOnlyVersion := text()
	writeOnlyVersion.ConflictsWith = []string{"password"}
	writeOnlyVersion.RequiredWith = []string{"password_wo"}
	encrypted := text()
	encrypted.Deprecated = `Rename PostgreSQL role resource attribute "encrypted" to "encrypted_password"`
	validUntil := text()
	validUntil.Default = "infinity"
	return &schema.Resource{
		CreateContext: run(createRole),
		ReadContext:   run(readRole),
		UpdateContext: run(updateRole),
		DeleteContext: run(deleteRole),
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
		Schema: map[string]*schema.Schema{
			"name":                                {Type: schema.TypeString, Required: true},
			"password":                            password,
			"password_wo":                         writeOnly,
			"password_wo_version":                 writeOnlyVersion,
			"encrypted":                           encrypted,
			"encrypted_password":                  flag(true),
			"roles":                               names(schema.TypeSet),
			"search_path":                         names(schema.TypeList),
			"valid_until":                         validUntil,
			"connection_limit":                    {Type: schema.TypeInt, Optional: true, Default: -1, ValidateFunc: validation.IntAtLeast(-1)},
			"superuser":                           flag(false),
			"create_database":                     flag(false),
			"create_role":                         flag(false),
			"inherit":                             flag(true),
			"login":                               flag(false),
			"replication":                         flag(false),
			"bypass_row_level_security":           flag(false),
			"skip_drop_role":                      flag(false),
			"skip_reassign_owned":                 flag(false),
			"statement_timeout":                   milliseconds(),
			"idle_in_transaction_session_timeout": milliseconds(),
			"assume_role":                         text(),
		},
	}
}

func createRole(ctx context.Context, s *server, d *schema.ResourceData) error {
	name := d.Get("name").(string)
	var options []string
	if password, ok := givenPassword(d); ok {
		options = append(options, passwordOption(password))
	}
	if until := d.Get("valid_until").(string); until != "" {
		options = append(options, "VALID UNTIL "+literal(until))
	}
	options = append(options, fmt.Sprintf("CONNECTION LIMIT %d", d.Get("connection_limit").(int)))
	for _, flag := range roleFlags {
		options = append(options, flagOption(d, flag.property, flag.on, flag.off))
	}
	err := s.tx(ctx, "", func(tx *sql.Tx) error {
		if err := exec(ctx, tx, "CREATE ROLE %s WITH %s", ident(name), strings.Join(options, " ")); err != nil {
			return fmt.Errorf("could not create role %s: %w", name, err)
		}
		if err := grantMemberships(ctx, tx, d); err != nil {
			return err
		}
		return setRoleConfig(ctx, tx, d)
	})
	if err != nil {
		return err
	}
	d.SetId(name)
	return readRole(ctx, s, d)
}

func flagOption(d *schema.ResourceData, property, on, off string) string {
	if d.Get(property).(bool) {
		return on
	}
	return off
}

func readRole(ctx context.Context, s *server, d *schema.ResourceData) error {
	db, err := s.db("")
	if err != nil {
		return err
	}
	flags := make([]bool, len(roleFlags))
	columns := make([]string, len(roleFlags))
	var name, until, roles, config string
	var limit int
	dest := []any{&name, &limit, &until, &roles, &config}
	for i, flag := range roleFlags {
		columns[i] = flag.column
		dest = append(dest, &flags[i])
	}
	// A list comes as one text, as names cannot have a NUL nor the settings a line of their own without one.
	ok, err := found(ctx, db, dest, `
SELECT rolname, rolconnlimit, COALESCE(rolvaliduntil::text, 'infinity'),
       COALESCE((SELECT string_agg(pg_get_userbyid(roleid), E'\x01' ORDER BY 1)
                   FROM pg_catalog.pg_auth_members WHERE member = r.oid), ''),
       COALESCE(array_to_string(rolconfig, E'\x01'), ''), `+strings.Join(columns, ", ")+`
  FROM pg_catalog.pg_roles r WHERE rolname = $1`, d.Id())
	if err != nil {
		return fmt.Errorf("could not read role %s: %w", d.Id(), err)
	}
	if !ok {
		d.SetId("")
		return nil
	}
	password, err := readPassword(ctx, s, db, d, flags[4])
	if err != nil {
		return err
	}
	values := roleConfig(split(config))
	values["name"], values["connection_limit"], values["valid_until"] = name, limit, until
	values["roles"], values["encrypted_password"], values["password"] = split(roles), true, password
	values["skip_drop_role"], values["skip_reassign_owned"] = d.Get("skip_drop_role"), d.Get("skip_reassign_owned")
	for i, flag := range roleFlags {
		values[flag.property] = flags[i]
	}
	return setAll(d, values)
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, "\x01")
}

func setAll(d *schema.ResourceData, values map[string]any) error {
	var errs []error
	for property, value := range values {
		errs = append(errs, d.Set(property, value))
	}
	return errors.Join(errs...)
}

func updateRole(ctx context.Context, s *server, d *schema.ResourceData) error {
	before, after := d.GetChange("name")
	name := after.(string)
	err := s.tx(ctx, "", func(tx *sql.Tx) error {
		if err := lockRole(ctx, tx, before.(string)); err != nil {
			return err
		}
		if d.HasChange("name") {
			if err := exec(ctx, tx, "ALTER ROLE %s RENAME TO %s", ident(before.(string)), ident(name)); err != nil {
				return fmt.Errorf("could not rename role %s: %w", before, err)
			}
		}
		if options := changedOptions(d); len(options) > 0 {
			if err := exec(ctx, tx, "ALTER ROLE %s WITH %s", ident(name), strings.Join(options, " ")); err != nil {
				return fmt.Errorf("could not change role %s: %w", name, err)
			}
		}
		if d.HasChange("roles") {
			if err := revokeMemberships(ctx, tx, d); err != nil {
				return err
			}
			if err := grantMemberships(ctx, tx, d); err != nil {
				return err
			}
		}
		return setRoleConfig(ctx, tx, d)
	})
	if err != nil {
		return err
	}
	d.SetId(name)
	return readRole(ctx, s, d)
}

func changedOptions(d *schema.ResourceData) []string {
	var options []string
	// A new name makes an old server forget the password, as its hash has the name in it.
	if d.HasChanges("password", "password_wo_version", "name") {
		if password, ok := givenPassword(d); ok {
			options = append(options, passwordOption(password))
		} else if d.HasChange("password") {
			options = append(options, "PASSWORD NULL")
		}
	}
	if until := d.Get("valid_until").(string); d.HasChange("valid_until") && until != "" {
		options = append(options, "VALID UNTIL "+literal(until))
	}
	if d.HasChange("connection_limit") {
		options = append(options, fmt.Sprintf("CONNECTION LIMIT %d", d.Get("connection_limit").(int)))
	}
	for _, flag := range roleFlags {
		if d.HasChange(flag.property) {
			options = append(options, flagOption(d, flag.property, flag.on, flag.off))
		}
	}
	return options
}

func grantMemberships(ctx context.Context, tx querier, d *schema.ResourceData) error {
	for _, role := range sorted(d, "roles") {
		if err := exec(ctx, tx, "GRANT %s TO %s", ident(role), ident(d.Get("name").(string))); err != nil {
			return fmt.Errorf("could not grant role %s to %s: %w", role, d.Get("name"), err)
		}
	}
	return nil
}

func revokeMemberships(ctx context.Context, tx querier, d *schema.ResourceData) error {
	name := d.Get("name").(string)
	roles, err := column(ctx, tx, `
SELECT DISTINCT pg_get_userbyid(roleid) FROM pg_catalog.pg_auth_members WHERE pg_get_userbyid(member) = $1`, name)
	if err != nil {
		return fmt.Errorf("could not read the memberships of role %s: %w", name, err)
	}
	for _, role := range roles {
		if err := exec(ctx, tx, "REVOKE %s FROM %s", ident(role), ident(name)); err != nil {
			return fmt.Errorf("could not revoke role %s from %s: %w", role, name, err)
		}
	}
	return nil
}

func deleteRole(ctx context.Context, s *server, d *schema.ResourceData) error {
	name := d.Get("name").(string)
	return s.tx(ctx, "", func(tx *sql.Tx) error {
		if err := lockRole(ctx, tx, name); err != nil {
			return err
		}
		if !d.Get("skip_reassign_owned").(bool) {
			err := asMemberOf(ctx, tx, []string{name}, func() error {
				if err := exec(ctx, tx, "REASSIGN OWNED BY %s TO %s", ident(name), ident(s.user())); err != nil {
					return fmt.Errorf("could not reassign what role %s owns to %s: %w", name, s.user(), err)
				}
				if err := exec(ctx, tx, "DROP OWNED BY %s", ident(name)); err != nil {
					return fmt.Errorf("could not drop what role %s owns: %w", name, err)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if d.Get("skip_drop_role").(bool) {
			return nil
		}
		if err := exec(ctx, tx, "DROP ROLE %s", ident(name)); err != nil {
			return fmt.Errorf("could not delete role %s: %w", name, err)
		}
		return nil
	})
}

// sorted is a set of strings in order, so that statements are the same each time.
func sorted(d *schema.ResourceData, property string) []string {
	return asStrings(d.Get(property).(*schema.Set))
}

func asStrings(set *schema.Set) []string {
	var list []string
	for _, v := range set.List() {
		list = append(list, v.(string))
	}
	slices.Sort(list)
	return list
}
