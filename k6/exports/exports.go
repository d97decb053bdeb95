// SPDX-License-Identifier: AGPL-3.0-only

// Package exports makes what a module exports once a VU. The JavaScript engine asks a module for its exports at every use of an
// imported name, and would wrap a Go function anew each time: that was 9 % of a small request's CPU.
package exports

import (
	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/modules"
)

// Fixed implements modules.Instance with values that were made beforehand.
type Fixed modules.Exports

// New wraps the named Go functions and values for this VU's runtime.
func New(rt *sobek.Runtime, named map[string]any) Fixed {
	values := make(map[string]any, len(named))
	for name, value := range named {
		values[name] = rt.ToValue(value)
	}
	return Fixed{Named: values}
}

// Exports implements modules.Instance.
func (f Fixed) Exports() modules.Exports { return modules.Exports(f) }
