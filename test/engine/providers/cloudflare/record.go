package cloudflare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cloudflare/cloudflare-go/v6/dns"
	"github.com/cloudflare/cloudflare-go/v6/option"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

var recordTypes = []string{"A", "AAAA", "CAA", "CERT", "CNAME", "DNSKEY", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS",
	"OPENPGPKEY", "PTR", "SMIMEA", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI"}

// dataNumbers and dataTexts are the components of the record types that have some instead of content.
var (
	dataNumbers = []string{"algorithm", "altitude", "digest_type", "key_tag", "lat_degrees", "lat_minutes", "lat_seconds",
		"long_degrees", "long_minutes", "long_seconds", "matching_type", "order", "port", "precision_horz", "precision_vert",
		"preference", "priority", "protocol", "selector", "size", "type", "usage", "weight"}
	dataTexts = []string{"certificate", "digest", "fingerprint", "flags", "lat_direction", "long_direction", "public_key",
		"regex", "replacement", "service", "tag", "target", "value"}
	settingFlags = []string{"flatten_cname", "ipv4_only", "ipv6_only"}
)

func record() *schema.Resource {
	computed := func(kind schema.ValueType) *schema.Schema { return &schema.Schema{Type: kind, Computed: true} }
	optional := func(kind schema.ValueType) *schema.Schema { return &schema.Schema{Type: kind, Optional: true} }
	both := func(kind schema.ValueType) *schema.Schema {
		return &schema.Schema{Type: kind, Optional: true, Computed: true}
	}
	required := func(kind schema.ValueType) *schema.Schema { return &schema.Schema{Type: kind, Required: true} }

	data, settings := map[string]*schema.Schema{}, map[string]*schema.Schema{}
	for _, name := range dataNumbers {
		data[name] = optional(schema.TypeFloat)
	}
	for _, name := range dataTexts {
		data[name] = optional(schema.TypeString)
	}
	for _, name := range settingFlags {
		settings[name] = both(schema.TypeBool)
	}
	zone := required(schema.TypeString)
	zone.ForceNew = true
	name := required(schema.TypeString)
	name.DiffSuppressFunc = sameName
	kind := required(schema.TypeString)
	kind.ValidateFunc = validation.StringInSlice(recordTypes, true)
	priority := optional(schema.TypeFloat)
	priority.ValidateFunc = validation.FloatBetween(0, 65535)
	tags := both(schema.TypeSet)
	tags.Elem = &schema.Schema{Type: schema.TypeString}
	return &schema.Resource{
		CreateContext: create,
		ReadContext:   read,
		UpdateContext: update,
		DeleteContext: remove,
		Importer:      &schema.ResourceImporter{StateContext: adopt},
		Schema: map[string]*schema.Schema{
			"zone_id":                 zone,
			"name":                    name,
			"type":                    kind,
			"ttl":                     required(schema.TypeFloat),
			"content":                 both(schema.TypeString),
			"comment":                 optional(schema.TypeString),
			"priority":                priority,
			"private_routing":         optional(schema.TypeBool),
			"include_shadow_metadata": both(schema.TypeBool),
			"proxied":                 both(schema.TypeBool),
			"tags":                    tags,
			"data": {Type: schema.TypeList, Optional: true, MaxItems: 1,
				Elem: &schema.Resource{Schema: data}},
			"settings": {Type: schema.TypeList, Optional: true, Computed: true, MaxItems: 1,
				Elem: &schema.Resource{Schema: settings}},
			"comment_modified_on": computed(schema.TypeString),
			"created_on":          computed(schema.TypeString),
			"meta":                computed(schema.TypeString),
			"modified_on":         computed(schema.TypeString),
			"proxiable":           computed(schema.TypeBool),
			"tags_modified_on":    computed(schema.TypeString),
		},
	}
}

// sameName knows that the API answers with the full name, in lower case, whatever it was given.
func sameName(_, was, is string, _ *schema.ResourceData) bool {
	is = strings.ToLower(strings.TrimSuffix(is, "."))
	return was == is || is != "" && strings.HasPrefix(was, is+".")
}

// body is the record as the API takes it.
func body(d *schema.ResourceData, updating bool) ([]byte, error) {
	b := map[string]any{"name": d.Get("name"), "type": d.Get("type"), "ttl": d.Get("ttl"), "proxied": d.Get("proxied")}
	config := d.GetRawConfig()
	given := func(property string) bool { return !config.GetAttr(property).IsNull() }
	for _, property := range []string{"content", "comment", "priority", "private_routing"} {
		if given(property) {
			b[property] = d.Get(property)
		} else if updating && property == "comment" {
			b[property] = "" // an update leaves what it does not name
		}
	}
	if given("tags") {
		b["tags"] = d.Get("tags").(*schema.Set).List()
	}
	for _, property := range []string{"data", "settings"} {
		if parts := config.GetAttr(property); !parts.IsNull() && parts.LengthInt() == 1 {
			all, _ := d.Get(property).([]any)[0].(map[string]any)
			set := map[string]any{}
			for key, value := range parts.AsValueSlice()[0].AsValueMap() {
				if !value.IsNull() {
					set[key] = all[key]
				}
			}
			b[property] = set
		}
	}
	return json.Marshal(b)
}

func create(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	data, err := body(d, false)
	if err != nil {
		return diag.FromErr(err)
	}
	var in dns.RecordNewParams
	in.ZoneID.Value, in.ZoneID.Present = zoneOf(d)
	return answer(d, func(into option.RequestOption) error {
		_, err := meta.(*dns.RecordService).New(ctx, in,
			option.WithRequestBody("application/json", data), into)
		return err
	})
}

func update(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	data, err := body(d, true)
	if err != nil {
		return diag.FromErr(err)
	}
	var in dns.RecordUpdateParams
	in.ZoneID.Value, in.ZoneID.Present = zoneOf(d)
	return answer(d, func(into option.RequestOption) error {
		_, err := meta.(*dns.RecordService).Update(ctx, d.Id(), in,
			option.WithRequestBody("application/json", data), into)
		return err
	})
}

func read(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	var in dns.RecordGetParams
	in.ZoneID.Value, in.ZoneID.Present = zoneOf(d)
	return answer(d, func(into option.RequestOption) error {
		_, err := meta.(*dns.RecordService).Get(ctx, d.Id(), in, into)
		if isStatus(err, http.StatusNotFound) {
			return errGone
		}
		return err
	})
}

func remove(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
	var in dns.RecordDeleteParams
	in.ZoneID.Value, in.ZoneID.Present = zoneOf(d)
	_, err := meta.(*dns.RecordService).Delete(ctx, d.Id(), in)
	if err != nil {
		return diag.FromErr(fmt.Errorf("could not delete DNS record %s (%s): %w", d.Get("name"), d.Id(), err))
	}
	return nil
}

// adopt imports a record: the id to import is <zone id>/<record id>.
func adopt(_ context.Context, d *schema.ResourceData, _ any) ([]*schema.ResourceData, error) {
	zone, id, ok := strings.Cut(d.Id(), "/")
	if !ok || zone == "" || id == "" {
		return nil, fmt.Errorf("the id of a DNS record to import is <zone id>/<record id>, and not %q", d.Id())
	}
	d.SetId(id)
	return []*schema.ResourceData{d}, d.Set("zone_id", zone)
}

var errGone = errors.New("the record is not there any more")

func isStatus(err error, status int) bool {
	var said *dns.Error
	return errors.As(err, &said) && said.StatusCode == status
}

// zoneOf is the zone as the client's parameters have it: a value, and that there is one.
func zoneOf(d *schema.ResourceData) (zone string, present bool) {
	return d.Get("zone_id").(string), true
}

// envelope is what the API answers; of the settings and the meta data, it has those that apply.
type envelope struct {
	Result struct {
		ID                string         `json:"id"`
		Name              string         `json:"name"`
		Type              string         `json:"type"`
		Content           string         `json:"content"`
		Comment           *string        `json:"comment"`
		TTL               float64        `json:"ttl"`
		Priority          *float64       `json:"priority"`
		PrivateRouting    *bool          `json:"private_routing"`
		Proxied           bool           `json:"proxied"`
		Proxiable         bool           `json:"proxiable"`
		Tags              []string       `json:"tags"`
		Settings          map[string]any `json:"settings"`
		Data              map[string]any `json:"data"`
		Meta              any            `json:"meta"`
		CreatedOn         string         `json:"created_on"`
		ModifiedOn        string         `json:"modified_on"`
		CommentModifiedOn string         `json:"comment_modified_on"`
		TagsModifiedOn    string         `json:"tags_modified_on"`
	} `json:"result"`
}

// answer makes a call and keeps what the API says of the record afterwards.
func answer(d *schema.ResourceData, call func(option.RequestOption) error) diag.Diagnostics {
	var env envelope
	var raw []byte
	err := call(option.WithResponseBodyInto(&raw))
	if errors.Is(err, errGone) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return diag.FromErr(fmt.Errorf("DNS record %s in zone %s: %w", d.Get("name"), d.Get("zone_id"), err))
	}
	if err := json.Unmarshal(raw, &env); err != nil {
		return diag.FromErr(fmt.Errorf("the API's answer about DNS record %s is not readable: %w", d.Get("name"), err))
	}
	r := env.Result
	if r.ID == "" {
		return diag.Errorf("the API's answer about DNS record %s has no id", d.Get("name"))
	}
	d.SetId(r.ID)

	metaJSON, err := json.Marshal(r.Meta)
	if err != nil {
		return diag.FromErr(err)
	}
	settings := map[string]any{}
	for _, flag := range settingFlags {
		settings[flag] = r.Settings[flag] == true
	}
	values := map[string]any{
		"name": r.Name, "type": r.Type, "content": r.Content, "ttl": r.TTL, "proxied": r.Proxied, "proxiable": r.Proxiable,
		"tags": r.Tags, "settings": []any{settings}, "meta": string(metaJSON), "created_on": r.CreatedOn,
		"modified_on": r.ModifiedOn, "comment_modified_on": r.CommentModifiedOn, "tags_modified_on": r.TagsModifiedOn,
		"include_shadow_metadata": d.Get("include_shadow_metadata"),
	}
	if r.Comment != nil && *r.Comment != "" || d.Get("comment") != "" {
		values["comment"] = r.Comment
	}
	if r.Priority != nil {
		values["priority"] = *r.Priority
	}
	if r.PrivateRouting != nil && *r.PrivateRouting != d.Get("private_routing") {
		values["private_routing"] = *r.PrivateRouting
	}
	if len(r.Data) > 0 {
		values["data"] = []any{known(r.Data)}
	}
	var errs []error
	for property, value := range values {
		errs = append(errs, d.Set(property, value))
	}
	return diag.FromErr(errors.Join(errs...))
}

// known leaves out the components that the schema has no place for.
func known(data map[string]any) map[string]any {
	kept := map[string]any{}
	for key, value := range data {
		switch {
		case slices.Contains(dataNumbers, key):
			if number, ok := value.(float64); ok {
				kept[key] = number
			}
		case slices.Contains(dataTexts, key):
			kept[key] = fmt.Sprint(value) // flags are a number or a text
		}
	}
	return kept
}
