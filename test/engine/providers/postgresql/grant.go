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

// public is every role at once: it is no role of the catalog, and has the object id 0 in access lists.
const public = "public"

// privileges that can be granted on each kind of object, as GRANT knows them.
var privileges = map[string][]string{
	"database":             {"ALL", "CREATE", "CONNECT", "TEMPORARY"},
	"table":                {"ALL", "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"},
	"sequence":             {"ALL", "USAGE", "SELECT", "UPDATE"},
	"schema":               {"ALL", "CREATE", "USAGE"},
	"function":             {"ALL", "EXECUTE"},
	"procedure":            {"ALL", "EXECUTE"},
	"routine":              {"ALL", "EXECUTE"},
	"type":                 {"ALL", "USAGE"},
	"foreign_data_wrapper": {"ALL", "USAGE"},
	"foreign_server":       {"ALL", "USAGE"},
	"column":               {"ALL", "SELECT", "INSERT", "UPDATE", "REFERENCES"},
}

var grantObjects = []string{"database", "function", "procedure", "routine", "schema", "sequence", "table",
	"foreign_data_wrapper", "foreign_server", "column"}

func grantResource() *schema.Resource {
	fixed := func(required bool) *schema.Schema {
		return &schema.Schema{Type: schema.TypeString, Required: required, Optional: !required, ForceNew: true}
	}
	fixedSet := func() *schema.Schema {
		return &schema.Schema{Type: schema.TypeSet, Optional: true, ForceNew: true, Elem: &schema.Schema{Type: schema.TypeString}}
	}
	kind := fixed(true)
	kind.ValidateFunc = validation.StringInSlice(grantObjects, false)
	return &schema.Resource{
		CreateContext: run(setGrant),
		ReadContext:   run(readGrant),
		UpdateContext: run(setGrant),
		DeleteContext: run(deleteGrant),
		Schema: map[string]*schema.Schema{
			"role":              fixed(true),
			"database":          fixed(true),
			"schema":            fixed(false),
			"object_type":       kind,
			"objects":           fixedSet(),
			"columns":           fixedSet(),
			"privileges":        {Type: schema.TypeSet, Required: true, Elem: &schema.Schema{Type: schema.TypeString}},
			"with_grant_option": {Type: schema.TypeBool, Optional: true, ForceNew: true, Default: false},
		},
	}
}

// grant is a Grant resource as SQL needs it.
type grant struct {
	role, database, schema, kind string
	objects, columns, privileges []string
	grantOption                  bool
}

func grantOf(get func(string) any) grant {
	return grant{
		role: get("role").(string), database: get("database").(string), schema: get("schema").(string),
		kind: get("object_type").(string), objects: asStrings(get("objects").(*schema.Set)),
		columns: asStrings(get("columns").(*schema.Set)), privileges: asStrings(get("privileges").(*schema.Set)),
		grantOption: get("with_grant_option").(bool),
	}
}

func (g grant) inSchema() bool {
	return !slices.Contains([]string{"database", "foreign_data_wrapper", "foreign_server"}, g.kind)
}

func (g grant) id() string {
	parts := []string{g.role, g.database}
	if g.inSchema() {
		parts = append(parts, g.schema)
	}
	parts = append(append(append(parts, g.kind), g.objects...), g.columns...)
	return strings.Join(parts, "_")
}

func (g grant) validate() error {
	switch {
	case g.schema == "" && g.inSchema():
		return errors.New("parameter 'schema' is mandatory for postgresql_grant resource")
	case len(g.objects) > 0 && (g.kind == "database" || g.kind == "schema"):
		return errors.New("cannot specify `objects` when `object_type` is `database` or `schema`")
	case len(g.columns) > 0 && g.kind != "column":
		return errors.New("cannot specify `columns` when `object_type` is not `column`")
	case g.kind == "column" && (len(g.columns) == 0 || len(g.privileges) != 1 || len(g.objects) != 1):
		return errors.New("`object_type` `column` needs `columns`, exactly 1 of `privileges`, and exactly 1 table in `objects`")
	case len(g.objects) != 1 && strings.HasPrefix(g.kind, "foreign_"):
		return errors.New("one element must be specified in `objects` when `object_type` is `foreign_data_wrapper` or `foreign_server`")
	}
	return validatePrivileges(g.kind, g.privileges)
}

func validatePrivileges(kind string, wanted []string) error {
	for _, privilege := range wanted {
		if !slices.Contains(privileges[kind], privilege) {
			return fmt.Errorf("%s is not an allowed privilege for object type %s", privilege, kind)
		}
	}
	return nil
}

// setGrant gives the role exactly the privileges, in one transaction: all are revoked, and the wanted ones granted. An
// empty list of privileges therefore revokes, from PUBLIC too. It speaks to the database that the grant is in.
func setGrant(ctx context.Context, s *server, d *schema.ResourceData) error {
	g := grantOf(d.Get)
	if err := g.validate(); err != nil {
		return err
	}
	before := grantOf(func(property string) any { was, _ := d.GetChange(property); return was })
	if d.IsNewResource() || before.role == "" {
		before = g
	}
	err := s.tx(ctx, g.database, func(tx *sql.Tx) error {
		if err := g.lock(ctx, tx); err != nil {
			return err
		}
		owners, err := g.owners(ctx, tx)
		if err != nil {
			return err
		}
		return asMemberOf(ctx, tx, owners, func() error {
			if _, err := tx.ExecContext(ctx, before.revokeSQL()); err != nil {
				return fmt.Errorf("could not revoke privileges of %s: %w", g.role, err)
			}
			if len(g.privileges) == 0 {
				return nil
			}
			if _, err := tx.ExecContext(ctx, g.grantSQL()); err != nil {
				return fmt.Errorf("could not grant privileges to %s: %w", g.role, err)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	d.SetId(g.id())
	return readGrant(ctx, s, d)
}

func deleteGrant(ctx context.Context, s *server, d *schema.ResourceData) error {
	g := grantOf(d.Get)
	err := s.tx(ctx, g.database, func(tx *sql.Tx) error {
		if err := g.lock(ctx, tx); err != nil {
			return err
		}
		owners, err := g.owners(ctx, tx)
		if err != nil {
			return err
		}
		return asMemberOf(ctx, tx, owners, func() error {
			if _, err := tx.ExecContext(ctx, g.revokeSQL()); err != nil {
				return fmt.Errorf("could not revoke privileges of %s: %w", g.role, err)
			}
			return nil
		})
	})
	switch sqlState(err) {
	case "3F000", "42704": // the schema or the role is gone, and with it what hung on it
		return nil
	case "42P01", "42883", "42703": // so is the object; but of several, the others may be there still
		if len(g.objects) <= 1 && len(g.columns) <= 1 {
			return nil
		}
	}
	return err
}

func (g grant) lock(ctx context.Context, tx querier) error {
	if err := lockRole(ctx, tx, g.role); err != nil {
		return err
	}
	if g.kind != "database" {
		return nil
	}
	return lockDatabase(ctx, tx, g.database)
}

// owners are the roles whose objects the grant is about; one who is no superuser must act as them.
func (g grant) owners(ctx context.Context, q querier) ([]string, error) {
	if !g.inSchema() {
		return nil, nil
	}
	return ownersIn(ctx, q, g.schema, g.kind != "schema")
}

func ownersIn(ctx context.Context, q querier, schemaName string, tables bool) ([]string, error) {
	owners, err := column(ctx, q, `
SELECT DISTINCT CASE owner WHEN 'pg_database_owner'
       THEN (SELECT pg_get_userbyid(datdba)::text FROM pg_catalog.pg_database WHERE datname = current_database())
       ELSE owner END
  FROM (SELECT pg_get_userbyid(nspowner)::text AS owner FROM pg_catalog.pg_namespace WHERE nspname = $1
        UNION SELECT tableowner::text FROM pg_catalog.pg_tables WHERE schemaname = $1 AND $2::bool) AS owners
 ORDER BY 1`, schemaName, tables)
	if err != nil {
		return nil, fmt.Errorf("could not find the owners in schema %s: %w", schemaName, err)
	}
	return owners, nil
}
