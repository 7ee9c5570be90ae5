package postgresql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

func schemaResource() *schema.Resource {
	flag := func() *schema.Schema {
		return &schema.Schema{Type: schema.TypeBool, Optional: true, Default: false}
	}
	dropCascade, ifNotExists := flag(), flag()
	ifNotExists.Default = true
	return &schema.Resource{
		CreateContext: run(createSchema),
		ReadContext:   run(readSchema),
		UpdateContext: run(updateSchema),
		DeleteContext: run(deleteSchema),
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
		Schema: map[string]*schema.Schema{
			"name":          {Type: schema.TypeString, Required: true},
			"database":      {Type: schema.TypeString, Optional: true, Computed: true, ForceNew: true},
			"owner":         {Type: schema.TypeString, Optional: true, Computed: true},
			"if_not_exists": ifNotExists,
			"drop_cascade":  dropCascade,
			"policy": {
				Type: schema.TypeSet, Optional: true, Computed: true,
				Deprecated: "Use postgresql_grant resource instead (with object_type=\"schema\")",
				Elem: &schema.Resource{Schema: map[string]*schema.Schema{
					"create":            flag(),
					"create_with_grant": flag(),
					"usage":             flag(),
					"usage_with_grant":  flag(),
					"role":              {Type: schema.TypeString, Optional: true, Default: ""},
				}},
			},
		},
	}
}

// schemaIn is the database that a schema is in, and its name. The id is both: database.schema.
func schemaIn(s *server, d *schema.ResourceData) (database, name string, err error) {
	database, name = d.Get("database").(string), d.Get("name").(string)
	if id := d.Id(); id != "" && name == "" { // an import knows the id alone
		var ok bool
		if database, name, ok = strings.Cut(id, "."); !ok {
			return "", "", fmt.Errorf("the id of a schema is <database>.<schema>, and not %q", id)
		}
	}
	if database == "" {
		database = s.database
	}
	return database, name, nil
}

func createSchema(ctx context.Context, s *server, d *schema.ResourceData) error {
	if len(d.Get("policy").(*schema.Set).List()) > 0 {
		return errors.New("`policies` of a schema are deprecated and not supported by this stand-in: use Grant")
	}
	database, name, err := schemaIn(s, d)
	if err != nil {
		return err
	}
	owner := d.Get("owner").(string)
	err = s.tx(ctx, database, func(tx *sql.Tx) error {
		return asMemberOf(ctx, tx, names(owner), func() error {
			exists, err := schemaExists(ctx, tx, name)
			if err != nil {
				return err
			}
			if exists && d.Get("if_not_exists").(bool) {
				if owner == "" {
					return nil
				}
				return giveSchema(ctx, tx, name, owner)
			}
			statement := "CREATE SCHEMA " + ident(name)
			if owner != "" {
				statement += " AUTHORIZATION " + ident(owner)
			}
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("could not create schema %s in database %s: %w", name, database, err)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	d.SetId(database + "." + name)
	return readSchema(ctx, s, d)
}

func names(owner string) []string {
	if owner == "" {
		return nil
	}
	return []string{owner}
}

func giveSchema(ctx context.Context, tx querier, name, owner string) error {
	if err := exec(ctx, tx, "ALTER SCHEMA %s OWNER TO %s", ident(name), ident(owner)); err != nil {
		return fmt.Errorf("could not give schema %s to %s: %w", name, owner, err)
	}
	return nil
}

func readSchema(ctx context.Context, s *server, d *schema.ResourceData) error {
	database, name, err := schemaIn(s, d)
	if err != nil {
		return err
	}
	maintenance, err := s.db("")
	if err != nil {
		return err
	}
	exists, err := databaseExists(ctx, maintenance, database)
	if err != nil {
		return err
	}
	if !exists {
		d.SetId("")
		return nil
	}
	db, err := s.db(database)
	if err != nil {
		return err
	}
	var owner string
	ok, err := found(ctx, db, []any{&owner},
		"SELECT pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace WHERE nspname = $1", name)
	if err != nil {
		return fmt.Errorf("could not read schema %s: %w", name, err)
	}
	if !ok {
		d.SetId("")
		return nil
	}
	d.SetId(database + "." + name)
	return setAll(d, map[string]any{"name": name, "database": database, "owner": owner})
}

func updateSchema(ctx context.Context, s *server, d *schema.ResourceData) error {
	database, name, err := schemaIn(s, d)
	if err != nil {
		return err
	}
	was, _ := d.GetChange("name")
	oldOwner, owner := d.GetChange("owner")
	err = s.tx(ctx, database, func(tx *sql.Tx) error {
		return asMemberOf(ctx, tx, names(oldOwner.(string)), func() error {
			if d.HasChange("name") {
				if err := exec(ctx, tx, "ALTER SCHEMA %s RENAME TO %s", ident(was.(string)), ident(name)); err != nil {
					return fmt.Errorf("could not rename schema %s: %w", was, err)
				}
			}
			if !d.HasChange("owner") || owner.(string) == "" {
				return nil
			}
			return asMemberOf(ctx, tx, names(owner.(string)), func() error {
				return giveSchema(ctx, tx, name, owner.(string))
			})
		})
	})
	if err != nil {
		return err
	}
	d.SetId(database + "." + name)
	return readSchema(ctx, s, d)
}

func deleteSchema(ctx context.Context, s *server, d *schema.ResourceData) error {
	database, name, err := schemaIn(s, d)
	if err != nil {
		return err
	}
	return s.tx(ctx, database, func(tx *sql.Tx) error {
		if exists, err := schemaExists(ctx, tx, name); err != nil || !exists {
			return err
		}
		mode := "RESTRICT"
		if d.Get("drop_cascade").(bool) {
			mode = "CASCADE"
		}
		return asMemberOf(ctx, tx, names(d.Get("owner").(string)), func() error {
			if err := exec(ctx, tx, "DROP SCHEMA %s %s", ident(name), mode); err != nil {
				return fmt.Errorf("could not delete schema %s in database %s: %w", name, database, err)
			}
			return nil
		})
	})
}
