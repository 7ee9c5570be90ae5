package postgresql

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

func grantRoleResource() *schema.Resource {
	return &schema.Resource{
		CreateContext: run(createGrantRole),
		ReadContext:   run(readGrantRole),
		DeleteContext: run(deleteGrantRole),
		Schema: map[string]*schema.Schema{
			"role":              {Type: schema.TypeString, Required: true, ForceNew: true},
			"grant_role":        {Type: schema.TypeString, Required: true, ForceNew: true},
			"with_admin_option": {Type: schema.TypeBool, Optional: true, ForceNew: true, Default: false},
		},
	}
}

func createGrantRole(ctx context.Context, s *server, d *schema.ResourceData) error {
	role, granted, admin := d.Get("role").(string), d.Get("grant_role").(string), d.Get("with_admin_option").(bool)
	err := s.tx(ctx, "", func(tx *sql.Tx) error {
		if err := lockRole(ctx, tx, granted); err != nil {
			return err
		}
		if err := exec(ctx, tx, "REVOKE %s FROM %s", ident(granted), ident(role)); err != nil {
			return fmt.Errorf("could not revoke role %s from %s: %w", granted, role, err)
		}
		statement := fmt.Sprintf("GRANT %s TO %s", ident(granted), ident(role))
		if admin {
			statement += " WITH ADMIN OPTION"
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("could not grant role %s to %s: %w", granted, role, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.SetId(strings.Join([]string{role, granted, strconv.FormatBool(admin)}, "_"))
	return readGrantRole(ctx, s, d)
}

func readGrantRole(ctx context.Context, s *server, d *schema.ResourceData) error {
	db, err := s.db("")
	if err != nil {
		return err
	}
	role, granted := d.Get("role").(string), d.Get("grant_role").(string)
	var admin bool
	// Since PostgreSQL 16 there can be one membership for each who granted it; what counts is what they come to.
	ok, err := found(ctx, db, []any{&admin}, `
SELECT bool_or(admin_option) FROM pg_catalog.pg_auth_members
 WHERE pg_get_userbyid(member) = $1 AND pg_get_userbyid(roleid) = $2 HAVING count(*) > 0`, role, granted)
	if err != nil {
		return fmt.Errorf("could not read the membership of %s in %s: %w", role, granted, err)
	}
	if !ok {
		d.SetId("")
		return nil
	}
	return d.Set("with_admin_option", admin)
}

func deleteGrantRole(ctx context.Context, s *server, d *schema.ResourceData) error {
	role, granted := d.Get("role").(string), d.Get("grant_role").(string)
	return s.tx(ctx, "", func(tx *sql.Tx) error {
		if err := lockRole(ctx, tx, granted); err != nil {
			return err
		}
		if err := exec(ctx, tx, "REVOKE %s FROM %s", ident(granted), ident(role)); err != nil {
			return fmt.Errorf("could not revoke role %s from %s: %w", granted, role, err)
		}
		return nil
	})
}
