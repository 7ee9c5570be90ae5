package postgresql

import (
	"context"
	"crypto/md5" //nolint:gosec // the form in which old servers keep passwords
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/hashicorp/go-cty/cty"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// givenPassword is the password in the program, either kind. The one that is only to be written is in no plan and no
// state of the provider: it is found in the raw configuration alone.
func givenPassword(d *schema.ResourceData) (string, bool) {
	if p := d.Get("password").(string); p != "" {
		return p, true
	}
	value, diags := d.GetRawConfigAt(cty.GetAttrPath("password_wo"))
	if diags.HasError() || value.IsNull() || !value.IsKnown() || value.Type() != cty.String || value.AsString() == "" {
		return "", false
	}
	return value.AsString(), true
}

func passwordOption(password string) string {
	if strings.EqualFold(password, "NULL") {
		return "PASSWORD NULL"
	}
	return "PASSWORD " + literal(password)
}

// readPassword is the password of the state, as far as the server lets it be known: a hash of SCRAM is never compared,
// and only a superuser may read one at all.
func readPassword(ctx context.Context, s *server, q querier, d *schema.ResourceData, login bool) (string, error) {
	known := d.Get("password").(string)
	if !login || !s.superuser {
		return known, nil
	}
	if _, given := d.GetOk("password_wo_version"); given {
		return "", nil
	}
	super, err := isSuperuser(ctx, q, s.user())
	if err != nil {
		return "", err
	}
	if !super {
		return "", fmt.Errorf("could not read role password from Postgres as connected user %s is not a SUPERUSER. "+
			"You can set `superuser = false` in the provider configuration so it will not try to read the password from Postgres", s.user())
	}
	var stored string
	ok, err := found(ctx, q, []any{&stored}, "SELECT COALESCE(passwd, '') FROM pg_catalog.pg_shadow WHERE usename = $1", d.Id())
	if err != nil || !ok {
		return "", err
	}
	if known != "" && !strings.HasPrefix(known, "md5") && !strings.HasPrefix(known, "SCRAM-SHA-256") {
		sum := md5.Sum([]byte(known + d.Id())) //nolint:gosec // as above
		if stored == "md5"+hex.EncodeToString(sum[:]) || strings.HasPrefix(stored, "SCRAM-SHA-256") {
			return known, nil
		}
	}
	return stored, nil
}
