// Package shim opens the Docker provider's internal package: its path lies below the provider's own, so it may import it.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// NewProvider returns the upstream Docker provider that reports itself as the given version.
func NewProvider(version string) *schema.Provider {
	return provider.New(version)()
}
