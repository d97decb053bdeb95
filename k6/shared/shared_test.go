// SPDX-License-Identifier: AGPL-3.0-only

package shared

import (
	"math"
	"strings"
	"sync"
	"testing"

	"go.k6.io/k6/v2/js/modulestest"
)

func TestCounters(t *testing.T) {
	module := &Module{}
	run := func(script string) float64 {
		t.Helper()
		r := modulestest.NewRuntime(t) // a VU of its own each time
		if err := r.VU.Runtime().Set("shared", module.NewModuleInstance(r.VU).Exports().Named); err != nil {
			t.Fatal(err)
		}
		value, err := r.RunOnEventLoop(script)
		if err != nil {
			t.Fatal(err)
		}
		return value.ToFloat()
	}
	for _, step := range []struct {
		script string
		want   float64
	}{
		{`shared.get('cost')`, 0},
		{`shared.add('cost', 0.5)`, 0.5},
		{`shared.add('cost', 0.25)`, 0.75},
		{`shared.get('cost')`, 0.75},
		{`shared.max('late', -3)`, -3},
		{`shared.max('late', -5)`, -3},
		{`shared.max('late', 4)`, 4},
		{`shared.get('late')`, 4},
	} {
		if got := run(step.script); got != step.want {
			t.Errorf("%s: got %v, want %v", step.script, got, step.want)
		}
	}
}

func TestNothingIsLost(t *testing.T) {
	const goroutines, each = 16, 1000
	module := &Module{}
	var group sync.WaitGroup
	for n := range goroutines {
		group.Go(func() {
			for k := range each {
				_, errAdd := module.Add("n", 1)
				_, errMax := module.Max("max", float64(n*each+k))
				if errAdd != nil || errMax != nil {
					t.Error(errAdd, errMax)
				}
			}
		})
	}
	group.Wait()
	if module.Get("n") != goroutines*each || module.Get("max") != goroutines*each-1 {
		t.Errorf("got %v and %v", module.Get("n"), module.Get("max"))
	}
}

func TestRefused(t *testing.T) {
	module := &Module{}
	for want, call := range map[string]func() (float64, error){
		"name is empty":     func() (float64, error) { return module.Add("", 1) },
		"NaN is no finite":  func() (float64, error) { return module.Add("x", math.NaN()) },
		"+Inf is no finite": func() (float64, error) { return module.Max("x", math.Inf(1)) },
	} {
		if _, err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if module.Get("x") != 0 {
		t.Error("a refused value was kept")
	}
}
