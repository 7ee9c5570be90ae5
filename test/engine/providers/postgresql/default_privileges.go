package postgresql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

// defaultObjects are the kinds of object that default privileges can be about, and their letters in the catalog.
var defaultObjects = map[string]string{"table": "r", "sequence": "S", "function": "f", "routine": "f", "type": "T", "schema": "n"}

func defaultPrivilegesResource() *schema.Resource {
	fixed := func(required bool) *schema.Schema {
		return &schema.Schema{Type: schema.TypeString, Required: required, Optional: !required, ForceNew: true}
	}
	kind := fixed(true)
	kind.ValidateFunc = validation.StringInSlice([]string{"table", "sequence", "function", "routine", "type", "schema"}, false)
	return &schema.Resource{
		CreateContext: run(setDefaults),
		ReadContext:   run(readDefaults),
		UpdateContext: run(setDefaults),
		DeleteContext: run(deleteDefaults),
		Schema: map[string]*schema.Schema{
			"role":              fixed(true),
			"database":          fixed(true),
			"owner":             fixed(true),
			"schema":            fixed(false),
			"object_type":       kind,
			"privileges":        {Type: schema.TypeSet, Required: true, Elem: &schema.Schema{Type: schema.TypeString}},
			"with_grant_option": {Type: schema.TypeBool, Optional: true, ForceNew: true, Default: false},
		},
	}
}

type defaults struct {
	role, database, owner, schema, kind string
	privileges                          []string
	grantOption                         bool
}

func defaultsOf(d *schema.ResourceData) defaults {
	return defaults{
		role: d.Get("role").(string), database: d.Get("database").(string), owner: d.Get("owner").(string),
		schema: d.Get("schema").(string), kind: d.Get("object_type").(string),
		privileges: sorted(d, "privileges"), grantOption: d.Get("with_grant_option").(bool),
	}
}

func (p defaults) id() string {
	schemaName := p.schema
	if schemaName == "" {
		schemaName = "noschema"
	}
	return strings.Join([]string{p.role, p.database, schemaName, p.owner, p.kind}, "_")
}

func (p defaults) alter(what string) string {
	where := ""
	if p.schema != "" {
		where = " IN SCHEMA " + ident(p.schema)
	}
	return fmt.Sprintf("ALTER DEFAULT PRIVILEGES FOR ROLE %s%s %s", ident(p.owner), where, what)
}

func (p defaults) revokeSQL() string {
	return p.alter(fmt.Sprintf("REVOKE ALL ON %sS FROM %s", strings.ToUpper(p.kind), grantee(p.role)))
}

// change runs statements as the owner of the things to come, in the database where they will be.
func (p defaults) change(ctx context.Context, s *server, statements ...string) error {
	return s.tx(ctx, p.database, func(tx *sql.Tx) error {
		if err := lockRole(ctx, tx, p.owner); err != nil {
			return err
		}
		return asMemberOf(ctx, tx, []string{p.owner}, func() error {
			for _, statement := range statements {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return fmt.Errorf("could not alter the default privileges of %s: %w", p.owner, err)
				}
			}
			return nil
		})
	})
}

func setDefaults(ctx context.Context, s *server, d *schema.ResourceData) error {
	p := defaultsOf(d)
	if p.schema != "" && p.kind == "schema" {
		return errors.New("cannot specify `schema` when `object_type` is `schema`")
	}
	if p.grantOption && strings.EqualFold(p.role, public) {
		return errors.New("with_grant_option cannot be true for role 'public'")
	}
	if err := validatePrivileges(p.kind, p.privileges); err != nil {
		return err
	}
	statements := []string{p.revokeSQL()}
	if len(p.privileges) > 0 {
		grant := fmt.Sprintf("GRANT %s ON %sS TO %s", strings.Join(p.privileges, ", "), strings.ToUpper(p.kind), grantee(p.role))
		if p.grantOption {
			grant += " WITH GRANT OPTION"
		}
		statements = append(statements, p.alter(grant))
	}
	if err := p.change(ctx, s, statements...); err != nil {
		return err
	}
	d.SetId(p.id())
	return readDefaults(ctx, s, d)
}

func readDefaults(ctx context.Context, s *server, d *schema.ResourceData) error {
	p := defaultsOf(d)
	oid, ok, err := granteeIn(ctx, s, p.role, p.database)
	if err != nil {
		return err
	}
	if !ok {
		d.SetId("")
		return nil
	}
	db, err := s.db(p.database)
	if err != nil {
		return err
	}
	held, err := column(ctx, db, `
SELECT DISTINCT a.privilege_type
  FROM pg_catalog.pg_default_acl d
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
 CROSS JOIN LATERAL aclexplode(d.defaclacl) AS a
 WHERE pg_get_userbyid(d.defaclrole) = $1 AND d.defaclobjtype = $2::"char"
   AND COALESCE(n.nspname::text, '') = $3 AND a.grantee = $4::bigint::oid
 ORDER BY 1`, p.owner, defaultObjects[p.kind], p.schema, oid)
	if err != nil {
		return fmt.Errorf("could not read the default privileges of %s: %w", p.owner, err)
	}
	// None at all is how the catalog says that there is no such resource, unless none were asked for.
	if len(held) == 0 && len(p.privileges) > 0 {
		d.SetId("")
		return nil
	}
	d.SetId(p.id())
	if samePrivileges(p.kind, held, p.privileges) {
		return nil
	}
	return d.Set("privileges", held)
}

func deleteDefaults(ctx context.Context, s *server, d *schema.ResourceData) error {
	p := defaultsOf(d)
	return p.change(ctx, s, p.revokeSQL())
}
