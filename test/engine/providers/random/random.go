// Package random stands in for the official plugin's RandomPassword.
package random

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"golang.org/x/crypto/bcrypt"
	"substation/engine/providers/naming"
)

const (
	lower    = "abcdefghijklmnopqrstuvwxyz"
	upper    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits   = "0123456789"
	specials = "!@#$%&*()-_=+[]{}<>:?"

	// id is the same for every password, as upstream's, so that no secret becomes an id.
	id = "none"
	// bcryptBytes is how much of a password bcrypt takes; upstream hashes that part of a longer one.
	bcryptBytes = 72
)

// Info describes the random plugin.
func Info(version string) tfbridge.ProviderInfo {
	resources := naming.Resources("random", map[string]string{"random_password": "RandomPassword"})
	return tfbridge.ProviderInfo{
		P:         shimv2.NewProvider(Provider()),
		Name:      "random",
		Version:   version,
		Resources: resources,
	}
}

// Provider has the one resource in use.
func Provider() *schema.Provider {
	return &schema.Provider{ResourcesMap: map[string]*schema.Resource{"random_password": password()}}
}

// defaults of the properties that an operator may leave out: upstream's.
var defaults = map[string]any{
	"lower": true, "upper": true, "numeric": true, "number": true, "special": true,
	"min_lower": 0, "min_upper": 0, "min_numeric": 0, "min_special": 0,
}

func password() *schema.Resource {
	flag := func() *schema.Schema {
		return &schema.Schema{Type: schema.TypeBool, Optional: true, Computed: true, ForceNew: true}
	}
	minimum := func() *schema.Schema {
		return &schema.Schema{
			Type: schema.TypeInt, Optional: true, Computed: true, ForceNew: true, ValidateFunc: validation.IntAtLeast(0),
		}
	}
	number := flag()
	number.Deprecated = "**NOTE**: This is deprecated, use `numeric` instead."
	return &schema.Resource{
		CreateContext: create,
		// What was drawn lives in the state alone: there is nothing to read, change or delete elsewhere.
		ReadContext:   nothing,
		DeleteContext: nothing,
		Importer:      &schema.ResourceImporter{StateContext: adopt},
		CustomizeDiff: fillDefaults,
		Schema: map[string]*schema.Schema{
			"keepers": {
				Type: schema.TypeMap, Optional: true, ForceNew: true, Elem: &schema.Schema{Type: schema.TypeString},
			},
			"length": {
				Type: schema.TypeInt, Required: true, ForceNew: true, ValidateFunc: validation.IntAtLeast(1),
			},
			"lower": flag(), "upper": flag(), "numeric": flag(), "number": number, "special": flag(),
			"min_lower": minimum(), "min_upper": minimum(), "min_numeric": minimum(), "min_special": minimum(),
			"override_special": {Type: schema.TypeString, Optional: true, ForceNew: true},
			"result":           {Type: schema.TypeString, Computed: true, Sensitive: true},
			"bcrypt_hash":      {Type: schema.TypeString, Computed: true, Sensitive: true},
		},
	}
}

// fillDefaults plans the defaults of what is left out. The schema cannot hold them: the official one says that the
// engine computes these properties, and a property with a default is not computed.
func fillDefaults(_ context.Context, d *schema.ResourceDiff, _ any) error {
	config := d.GetRawConfig()
	given := func(name string) bool {
		return !config.IsNull() && config.IsKnown() && !config.GetAttr(name).IsNull()
	}
	for name, value := range defaults {
		switch {
		case given(name):
			continue
		case name == "number" && given("numeric"): // two names for one thing
			value = d.Get("numeric")
		case name == "numeric" && given("number"):
			value = d.Get("number")
		}
		if err := d.SetNew(name, value); err != nil {
			return err
		}
	}
	return nil
}

func create(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
	special := specials
	if own := d.Get("override_special").(string); own != "" {
		special = own
	}
	classes := []class{
		{lower, d.Get("lower").(bool), d.Get("min_lower").(int)},
		{upper, d.Get("upper").(bool), d.Get("min_upper").(int)},
		{digits, d.Get("numeric").(bool), d.Get("min_numeric").(int)},
		{special, d.Get("special").(bool), d.Get("min_special").(int)},
	}
	result, err := draw(d.Get("length").(int), classes)
	if err != nil {
		return diag.FromErr(err)
	}
	return store(d, result)
}

func store(d *schema.ResourceData, result string) diag.Diagnostics {
	hashed := []byte(result)
	if len(hashed) > bcryptBytes {
		hashed = hashed[:bcryptBytes]
	}
	hash, err := bcrypt.GenerateFromPassword(hashed, bcrypt.DefaultCost)
	if err != nil {
		return diag.FromErr(fmt.Errorf("could not hash the password: %w", err))
	}
	d.SetId(id)
	return diag.FromErr(errors.Join(d.Set("result", result), d.Set("bcrypt_hash", string(hash))))
}

// adopt imports a password: the id to import is the password itself.
func adopt(_ context.Context, d *schema.ResourceData, _ any) ([]*schema.ResourceData, error) {
	result := d.Id()
	for name, value := range defaults {
		if err := d.Set(name, value); err != nil {
			return nil, err
		}
	}
	if err := d.Set("length", len(result)); err != nil {
		return nil, err
	}
	if diags := store(d, result); diags.HasError() {
		return nil, errors.New(diags[0].Summary)
	}
	return []*schema.ResourceData{d}, nil
}

func nothing(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil }

// class is a set of characters, whether it may be drawn from, and how many must be.
type class struct {
	chars   string
	allowed bool
	minimum int
}

// draw picks the minimum of each class, fills up from all that are allowed, and shuffles.
func draw(length int, classes []class) (string, error) {
	all, needed := "", 0
	for _, c := range classes {
		if c.allowed {
			all += c.chars
		}
		needed += c.minimum
	}
	if needed > length {
		return "", fmt.Errorf("length (%d) is less than the sum of min_upper, min_lower, min_numeric and min_special (%d)", length, needed)
	}
	if all == "" && needed < length {
		return "", errors.New("no character is allowed: set at least one of lower, upper, numeric and special")
	}
	result := make([]byte, 0, length)
	pick := func(chars string, n int) error {
		for range n {
			i, err := below(len(chars))
			if err != nil {
				return err
			}
			result = append(result, chars[i])
		}
		return nil
	}
	for _, c := range classes {
		if err := pick(c.chars, c.minimum); err != nil {
			return "", err
		}
	}
	if err := pick(all, length-needed); err != nil {
		return "", err
	}
	for i := len(result) - 1; i > 0; i-- {
		j, err := below(i + 1)
		if err != nil {
			return "", err
		}
		result[i], result[j] = result[j], result[i]
	}
	return string(result), nil
}

func below(n int) (int, error) {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, fmt.Errorf("no randomness to be had: %w", err)
	}
	return int(i.Int64()), nil
}
