package postgresql

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

func databaseResource() *schema.Resource {
	computed := func() *schema.Schema {
		return &schema.Schema{Type: schema.TypeString, Optional: true, Computed: true}
	}
	fixed := func() *schema.Schema {
		s := computed()
		s.ForceNew = true
		return s
	}
	return &schema.Resource{
		CreateContext: run(createDatabase),
		ReadContext:   run(readDatabase),
		UpdateContext: run(updateDatabase),
		DeleteContext: run(deleteDatabase),
		Importer:      &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
		Schema: map[string]*schema.Schema{
			"name":                   {Type: schema.TypeString, Required: true},
			"owner":                  computed(),
			"template":               fixed(),
			"encoding":               fixed(),
			"lc_collate":             fixed(),
			"lc_ctype":               fixed(),
			"tablespace_name":        computed(),
			"connection_limit":       {Type: schema.TypeInt, Optional: true, Default: -1, ValidateFunc: validation.IntAtLeast(-1)},
			"allow_connections":      {Type: schema.TypeBool, Optional: true, Default: true},
			"is_template":            {Type: schema.TypeBool, Optional: true, Computed: true},
			"alter_object_ownership": {Type: schema.TypeBool, Optional: true, Default: false},
		},
	}
}

func createDatabase(ctx context.Context, s *server, d *schema.ResourceData) error {
	name, owner := d.Get("name").(string), d.Get("owner").(string)
	statement := "CREATE DATABASE " + ident(name)
	if owner != "" {
		statement += " OWNER " + ident(owner)
	} else {
		statement += " OWNER " + ident(s.user())
	}
	// What the program leaves out is the official plugin's choice: an empty template, UTF-8, the server's locale.
	for _, option := range []struct {
		property, keyword, standard string
		quote                       func(string) string
	}{
		{"template", "TEMPLATE", "template0", ident},
		{"encoding", "ENCODING", "'UTF8'", literal},
		{"lc_collate", "LC_COLLATE", "", literal},
		{"lc_ctype", "LC_CTYPE", "", literal},
		{"tablespace_name", "TABLESPACE", "", ident},
	} {
		switch value := d.Get(option.property).(string); {
		case strings.EqualFold(value, "DEFAULT"):
			statement += " " + option.keyword + " DEFAULT"
		case value != "":
			statement += " " + option.keyword + " " + option.quote(value)
		case option.standard != "":
			statement += " " + option.keyword + " " + option.standard
		}
	}
	statement += fmt.Sprintf(" ALLOW_CONNECTIONS %t CONNECTION LIMIT %d IS_TEMPLATE %t",
		d.Get("allow_connections"), d.Get("connection_limit"), d.Get("is_template"))

	err := s.ownedBy(ctx, owner, func(q querier) error {
		if _, err := q.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("could not create database %s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.SetId(name)
	return readDatabase(ctx, s, d)
}

func readDatabase(ctx context.Context, s *server, d *schema.ResourceData) error {
	db, err := s.db("")
	if err != nil {
		return err
	}
	var name, owner, encoding, collate, ctype, tablespace string
	var limit int
	var allow, template bool
	ok, err := found(ctx, db, []any{&name, &owner, &encoding, &collate, &ctype, &tablespace, &limit, &allow, &template}, `
SELECT d.datname, pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
       ts.spcname, d.datconnlimit, d.datallowconn, d.datistemplate
  FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace ts ON ts.oid = d.dattablespace
 WHERE d.datname = $1`, d.Id())
	if err != nil {
		return fmt.Errorf("could not read database %s: %w", d.Id(), err)
	}
	if !ok {
		d.SetId("")
		return nil
	}
	from := d.Get("template").(string) // the server does not remember it
	if from == "" {
		from = "template0"
	}
	return setAll(d, map[string]any{
		"name": name, "owner": owner, "encoding": encoding, "lc_collate": collate, "lc_ctype": ctype,
		"tablespace_name": tablespace, "connection_limit": limit, "allow_connections": allow,
		"is_template": template, "template": from,
	})
}

func updateDatabase(ctx context.Context, s *server, d *schema.ResourceData) error {
	db, err := s.db("")
	if err != nil {
		return err
	}
	before, after := d.GetChange("name")
	name := after.(string)
	alter := func(what, format string, args ...any) error {
		if err := exec(ctx, db, "ALTER DATABASE %s %s", ident(name), fmt.Sprintf(format, args...)); err != nil {
			return fmt.Errorf("could not change %s of database %s: %w", what, name, err)
		}
		return nil
	}
	if d.HasChange("name") {
		s.forget(before.(string))
		if err := exec(ctx, db, "ALTER DATABASE %s RENAME TO %s", ident(before.(string)), ident(name)); err != nil {
			return fmt.Errorf("could not rename database %s: %w", before, err)
		}
		d.SetId(name)
	}
	if err := setOwner(ctx, s, d, name); err != nil {
		return err
	}
	if d.HasChange("tablespace_name") {
		s.forget(name)
		tablespace := d.Get("tablespace_name").(string)
		change := "SET TABLESPACE " + ident(tablespace)
		if tablespace == "" || strings.EqualFold(tablespace, "DEFAULT") {
			change = "RESET TABLESPACE"
		}
		if err := alter("the tablespace", "%s", change); err != nil {
			return err
		}
	}
	for _, option := range []struct{ property, keyword string }{
		{"connection_limit", "CONNECTION LIMIT"},
		{"allow_connections", "ALLOW_CONNECTIONS"},
		{"is_template", "IS_TEMPLATE"},
	} {
		if d.HasChange(option.property) {
			if err := alter(option.property, "%s %v", option.keyword, d.Get(option.property)); err != nil {
				return err
			}
		}
	}
	return readDatabase(ctx, s, d)
}

func setOwner(ctx context.Context, s *server, d *schema.ResourceData, name string) error {
	was, is := d.GetChange("owner")
	before, owner := was.(string), is.(string)
	if owner == "" || owner == before {
		return nil
	}
	err := s.ownedBy(ctx, owner, func(q querier) error {
		if err := exec(ctx, q, "ALTER DATABASE %s OWNER TO %s", ident(name), ident(owner)); err != nil {
			return fmt.Errorf("could not give database %s to %s: %w", name, owner, err)
		}
		return nil
	})
	if err != nil || !d.Get("alter_object_ownership").(bool) || before == "" {
		return err
	}
	// What lies in the database can only be given away from inside it.
	inside, err := s.db(name)
	if err != nil {
		return err
	}
	return asMemberOf(ctx, inside, []string{before, owner}, func() error {
		if err := exec(ctx, inside, "REASSIGN OWNED BY %s TO %s", ident(before), ident(owner)); err != nil {
			return fmt.Errorf("could not give what is in database %s to %s: %w", name, owner, err)
		}
		return nil
	})
}

func deleteDatabase(ctx context.Context, s *server, d *schema.ResourceData) error {
	name, owner := d.Get("name").(string), d.Get("owner").(string)
	s.forget(name)
	return s.ownedBy(ctx, owner, func(q querier) error {
		if d.Get("is_template").(bool) {
			if err := exec(ctx, q, "ALTER DATABASE %s IS_TEMPLATE false", ident(name)); err != nil {
				return fmt.Errorf("could not make database %s a plain one before it is dropped: %w", name, err)
			}
		}
		// Nobody comes in any more, and who is in goes.
		if err := exec(ctx, q, "ALTER DATABASE %s ALLOW_CONNECTIONS false", ident(name)); err != nil {
			return fmt.Errorf("could not close database %s before it is dropped: %w", name, err)
		}
		if err := exec(ctx, q, `SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE datname = %s AND pid <> pg_backend_pid()`, literal(name)); err != nil {
			return fmt.Errorf("could not end the connections to database %s: %w", name, err)
		}
		if err := exec(ctx, q, "DROP DATABASE %s WITH (FORCE)", ident(name)); err != nil {
			return fmt.Errorf("could not drop database %s: %w", name, err)
		}
		return nil
	})
}
