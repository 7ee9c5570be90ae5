package postgresql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// on is what a GRANT or REVOKE names after ON.
func (g grant) on() string {
	keyword := strings.ToUpper(g.kind)
	switch g.kind {
	case "database":
		return "DATABASE " + ident(g.database)
	case "schema":
		return "SCHEMA " + ident(g.schema)
	case "foreign_data_wrapper":
		return "FOREIGN DATA WRAPPER " + ident(g.objects[0])
	case "foreign_server":
		return "FOREIGN SERVER " + ident(g.objects[0])
	case "column":
		keyword = "TABLE"
	}
	if len(g.objects) == 0 {
		return fmt.Sprintf("ALL %sS IN SCHEMA %s", keyword, ident(g.schema))
	}
	names := make([]string, len(g.objects))
	for i, object := range g.objects {
		// A function may be named with the types of its arguments, which are no part of the name.
		name, arguments, typed := strings.Cut(object, "(")
		names[i] = ident(g.schema) + "." + ident(name)
		if typed {
			names[i] += "(" + arguments
		}
	}
	return keyword + " " + strings.Join(names, ", ")
}

func (g grant) what(names []string) string {
	what := strings.Join(names, ", ")
	if g.kind != "column" {
		return what
	}
	columns := make([]string, len(g.columns))
	for i, c := range g.columns {
		columns[i] = ident(c)
	}
	return fmt.Sprintf("%s (%s)", what, strings.Join(columns, ", "))
}

func (g grant) grantSQL() string {
	statement := fmt.Sprintf("GRANT %s ON %s TO %s", g.what(g.privileges), g.on(), grantee(g.role))
	if g.grantOption {
		statement += " WITH GRANT OPTION"
	}
	return statement
}

func (g grant) revokeSQL() string {
	what := "ALL PRIVILEGES"
	switch {
	case g.kind == "column" && (len(g.privileges) == 0 || len(g.columns) == 0):
		return "SELECT NULL"
	case g.kind == "column", len(g.objects) > 0 && len(g.privileges) > 0 && g.inSchema():
		what = g.what(g.privileges) // all of them would take grants on single columns along
	}
	return fmt.Sprintf("REVOKE %s ON %s FROM %s", what, g.on(), grantee(g.role))
}

// grantee names a role in GRANT. PUBLIC is a word of the language, which must not be quoted in capitals.
func grantee(role string) string {
	if strings.EqualFold(role, public) {
		return "PUBLIC"
	}
	return ident(role)
}

func readGrant(ctx context.Context, s *server, d *schema.ResourceData) error {
	g := grantOf(d.Get)
	oid, ok, err := granteeIn(ctx, s, g.role, g.database)
	if err != nil {
		return err
	}
	if !ok {
		d.SetId("")
		return nil
	}
	db, err := s.db(g.database)
	if err != nil {
		return err
	}
	if g.inSchema() {
		if exists, err := schemaExists(ctx, db, g.schema); err != nil || !exists {
			if err == nil {
				d.SetId("")
			}
			return err
		}
	}
	d.SetId(g.id())
	lists, err := g.accessLists(ctx, db, oid)
	if err != nil {
		return fmt.Errorf("could not read the privileges of %s: %w", g.role, err)
	}
	for _, held := range lists {
		if !samePrivileges(g.kind, held, g.privileges) {
			return d.Set("privileges", held) // one object that differs is enough to grant anew
		}
	}
	return nil
}

// granteeIn says whether both the role and the database are there, and the role's object id.
func granteeIn(ctx context.Context, s *server, role, database string) (oid int64, ok bool, err error) {
	db, err := s.db("")
	if err != nil {
		return 0, false, err
	}
	if ok, err = databaseExists(ctx, db, database); err != nil || !ok {
		return 0, ok, err
	}
	if strings.EqualFold(role, public) {
		return 0, true, nil
	}
	ok, err = found(ctx, db, []any{&oid}, "SELECT oid::bigint FROM pg_catalog.pg_roles WHERE rolname = $1", role)
	return oid, ok, err
}

// accessLists has what the role holds on each object of the grant.
func (g grant) accessLists(ctx context.Context, q querier, role int64) ([][]string, error) {
	objects := map[string]string{
		"database":             "SELECT $2::text AS object, datacl AS acl FROM pg_catalog.pg_database WHERE datname = $2",
		"schema":               "SELECT $2::text AS object, nspacl AS acl FROM pg_catalog.pg_namespace WHERE nspname = $2",
		"foreign_data_wrapper": "SELECT $2::text AS object, fdwacl AS acl FROM pg_catalog.pg_foreign_data_wrapper WHERE fdwname = $2",
		"foreign_server":       "SELECT $2::text AS object, srvacl AS acl FROM pg_catalog.pg_foreign_server WHERE srvname = $2",
		"function":             procedures, "procedure": procedures, "routine": procedures,
		"table":    relations("r"),
		"sequence": relations("S"),
		"column": `SELECT a.attname::text AS object, a.attacl AS acl FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $2 AND a.attnum > 0 AND NOT a.attisdropped AND c.relname = ` + literal(first(g.objects)),
	}
	key := g.schema
	switch g.kind {
	case "database":
		key = g.database
	case "foreign_data_wrapper", "foreign_server":
		key = g.objects[0]
	}
	only := g.objects
	switch {
	case g.kind == "column":
		only = g.columns
	case !g.inSchema() || g.kind == "schema":
		only = nil
	}
	rows, err := q.QueryContext(ctx, `
SELECT object, COALESCE(string_agg(a.privilege_type, ',' ORDER BY a.privilege_type), '')
  FROM (`+objects[g.kind]+`) AS o
  LEFT JOIN LATERAL aclexplode(o.acl) AS a ON a.grantee = $1::bigint::oid
 GROUP BY object ORDER BY object`, role, key)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	var lists [][]string
	for rows.Next() {
		var object, held string
		if err := rows.Scan(&object, &held); err != nil {
			return nil, err
		}
		if len(only) == 0 || slices.Contains(only, object) {
			list := strings.Split(held, ",")
			if held == "" {
				list = []string{}
			}
			lists = append(lists, slices.Compact(list))
		}
	}
	return lists, rows.Err()
}

const procedures = `SELECT p.proname::text AS object, p.proacl AS acl FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $2`

func relations(kind string) string {
	return `SELECT c.relname::text AS object, c.relacl AS acl FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $2 AND c.relkind = '` + kind + `'`
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// samePrivileges compares what is held with what is wanted; ALL stands for every one that the server knows.
func samePrivileges(kind string, held, wanted []string) bool {
	held = slices.Sorted(slices.Values(held))
	if slices.Contains(wanted, "ALL") {
		all := slices.DeleteFunc(slices.Clone(privileges[kind]), func(p string) bool { return p == "ALL" })
		// MAINTAIN is from PostgreSQL 17 on.
		older := slices.DeleteFunc(slices.Clone(all), func(p string) bool { return p == "MAINTAIN" })
		return slices.Equal(held, slices.Sorted(slices.Values(all))) || slices.Equal(held, slices.Sorted(slices.Values(older)))
	}
	return slices.Equal(held, slices.Sorted(slices.Values(wanted)))
}
