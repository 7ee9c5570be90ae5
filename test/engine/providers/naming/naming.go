// Package naming holds what the bridged providers share.
package naming

import (
	"context"
	"io"
	"log"
	"os"
	"unicode"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// Token is the type token that Pulumi's plugins use: ("docker", "Container") is docker:index/container:Container.
func Token(pkg, name string) tokens.Type {
	file := string(unicode.ToLower(rune(name[0]))) + name[1:]
	return tokens.Type(pkg + ":index/" + file + ":" + name)
}

// Resources maps Terraform names to resources with such tokens.
func Resources(pkg string, names map[string]string) map[string]*tfbridge.ResourceInfo {
	infos := map[string]*tfbridge.ResourceInfo{}
	for terraform, name := range names {
		infos[terraform] = &tfbridge.ResourceInfo{Tok: Token(pkg, name)}
	}
	return infos
}

// Only drops the resources and data sources that are not mapped: every one costs start-up time.
func Only(p *schema.Provider, infos map[string]*tfbridge.ResourceInfo) *schema.Provider {
	for name := range p.ResourcesMap {
		if infos[name] == nil {
			delete(p.ResourcesMap, name)
		}
	}
	p.DataSourcesMap = nil
	return p
}

// Quiet keeps a provider's debug messages to itself, unless TF_LOG asks for them: the bridge sends each to the engine
// as a call of its own, which was a sixth of an update's CPU time.
func Quiet(p *schema.Provider) *schema.Provider {
	if os.Getenv("TF_LOG") != "" {
		return p
	}
	for _, r := range p.ResourcesMap {
		r.CreateContext = quietly(r.CreateContext)
		r.ReadContext = quietly(r.ReadContext)
		r.UpdateContext = quietly(r.UpdateContext)
		r.DeleteContext = quietly(r.DeleteContext)
	}
	return p
}

func quietly[F ~func(context.Context, *schema.ResourceData, any) diag.Diagnostics](f F) F {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
		log.SetOutput(io.Discard) // the bridge sets it anew before each call
		return f(ctx, d, meta)
	}
}
