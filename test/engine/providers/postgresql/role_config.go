package postgresql

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// setRoleConfig sets what a role's sessions start with, as far as it changes.
func setRoleConfig(ctx context.Context, tx querier, d *schema.ResourceData) error {
	name := d.Get("name").(string)
	set := func(parameter, value string) error {
		statement := fmt.Sprintf("ALTER ROLE %s RESET %s", ident(name), parameter)
		if value != "" {
			statement = fmt.Sprintf("ALTER ROLE %s SET %s TO %s", ident(name), parameter, value)
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("could not set %s of role %s: %w", parameter, name, err)
		}
		return nil
	}
	if d.HasChange("search_path") {
		var path []string
		for _, part := range d.Get("search_path").([]any) {
			schema, _ := part.(string)
			if strings.Contains(schema, ", ") {
				return fmt.Errorf("search_path cannot contain `, `: %v", schema)
			}
			path = append(path, ident(schema))
		}
		if err := set("search_path", strings.Join(path, ", ")); err != nil {
			return err
		}
	}
	for _, parameter := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		if !d.HasChange(parameter) {
			continue
		}
		value := ""
		if ms := d.Get(parameter).(int); ms > 0 {
			value = strconv.Itoa(ms)
		}
		if err := set(parameter, value); err != nil {
			return err
		}
	}
	if d.HasChange("assume_role") {
		value := ""
		if role := d.Get("assume_role").(string); role != "" {
			value = ident(role)
		}
		return set("role", value)
	}
	return nil
}

// roleConfig turns a role's settings, as the catalog has them, into properties.
func roleConfig(settings []string) map[string]any {
	values := map[string]any{
		"search_path": []string(nil), "statement_timeout": 0, "idle_in_transaction_session_timeout": 0, "assume_role": "",
	}
	for _, setting := range settings {
		parameter, value, _ := strings.Cut(setting, "=")
		switch parameter {
		case "search_path":
			var path []string
			for _, part := range strings.Split(value, ", ") {
				path = append(path, strings.Trim(part, `"`))
			}
			values["search_path"] = path
		case "statement_timeout", "idle_in_transaction_session_timeout":
			values[parameter] = milliseconds(value)
		case "role":
			values["assume_role"] = value
		}
	}
	return values
}

// milliseconds reads a time as the catalog keeps it: as it was given, with a unit or without.
func milliseconds(value string) int {
	units := []struct {
		suffix string
		ms     float64
	}{{"ms", 1}, {"us", 0.001}, {"min", 60_000}, {"s", 1000}, {"h", 3_600_000}, {"d", 86_400_000}, {"", 1}}
	for _, unit := range units {
		if number, ok := strings.CutSuffix(value, unit.suffix); ok {
			if n, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil {
				return int(n * unit.ms)
			}
		}
	}
	return 0
}
