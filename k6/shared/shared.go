// SPDX-License-Identifier: AGPL-3.0-only

// Package shared is k6/x/shared: float counters that all VUs of the process see, and the sequence in which they ask payloads.
package shared

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"

	"k6-shadow/k6/exports"
)

func init() { modules.Register("k6/x/shared", &Module{}) }

// Module is registered once a process and so holds the counters.
type Module struct {
	mu       sync.Mutex
	counters map[string]float64
}

// NewModuleInstance gives every VU the same counters.
func (m *Module) NewModuleInstance(vu modules.VU) modules.Instance {
	rt := vu.Runtime()
	// sobek's own call type: several of these are called for each request, and reflection costs more than what they do.
	counting := func(count func(name string, operand float64) (float64, error)) func(sobek.FunctionCall) sobek.Value {
		return func(call sobek.FunctionCall) sobek.Value {
			total, err := count(call.Argument(0).String(), call.Argument(1).ToFloat())
			if err != nil {
				common.Throw(rt, err)
			}
			return rt.ToValue(total)
		}
	}
	return exports.New(rt, map[string]any{
		"add": counting(m.Add),
		"max": counting(m.Max),
		"get": func(call sobek.FunctionCall) sobek.Value { return rt.ToValue(m.Get(call.Argument(0).String())) },
		"payloadAt": func(call sobek.FunctionCall) sobek.Value {
			seed, index, size := call.Argument(0).ToInteger(), call.Argument(1).ToInteger(), call.Argument(2).ToInteger()
			return rt.ToValue(payloadAt(seed, index, size))
		},
	})
}

// Add adds delta to the counter, which begins at 0, and returns the new total.
func (m *Module) Add(name string, delta float64) (float64, error) {
	return m.update(name, delta, func(old float64, _ bool) float64 { return old + delta })
}

// Max keeps the largest value ever given under the name and returns it.
func (m *Module) Max(name string, value float64) (float64, error) {
	return m.update(name, value, func(old float64, known bool) float64 {
		if known {
			return max(old, value)
		}
		return value
	})
}

// Get returns the counter's value, 0 for one that was never written.
func (m *Module) Get(name string) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counters[name]
}

func (m *Module) update(name string, operand float64, next func(old float64, known bool) float64) (float64, error) {
	if name == "" {
		return 0, errors.New("shared: the counter's name is empty; give it one, for example 'cost_eur'")
	}
	if math.IsNaN(operand) || math.IsInf(operand, 0) {
		return 0, fmt.Errorf("shared: %v is no finite number (counter %q)", operand, name)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counters == nil {
		m.counters = make(map[string]float64)
	}
	old, known := m.counters[name]
	m.counters[name] = next(old, known)
	return m.counters[name], nil
}
