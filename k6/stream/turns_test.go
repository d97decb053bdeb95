// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestTurnsBoundWhoRunsAtOnce(t *testing.T) {
	turns := make(turns, 2)
	var running, most atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			defer turns.take()()
			now := running.Add(1)
			for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
			}
			time.Sleep(time.Millisecond)
			running.Add(-1)
		})
	}
	all.Wait()
	if most.Load() != 2 {
		t.Errorf("%d ran at once, not 2", most.Load())
	}
}

func TestATurnThatDoesNotEndStopsNobody(t *testing.T) {
	turns := make(turns, 1)
	end := turns.take()
	turns.take()() // by its own patience
	end()
	turns.take()()
	if len(turns) != 0 {
		t.Errorf("%d turns are still held", len(turns))
	}
}

// What follows an answer, and what makes a request, hold a turn while they run.
func TestWhoRunsHoldsATurn(t *testing.T) {
	v := newVU(t)
	if err := v.VU.Runtime().Set("held", func() int { return len(v.module.turns) }); err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]int64{
		`answer = held()`:              0,
		`answer = stream.inTurn(held)`: 1,
		fmt.Sprintf(`stream.request('GET', %q).then(() => { answer = held() })`, server(t, streamer())): 1,
	} {
		if err := v.run(code); err != nil {
			t.Fatal(err)
		}
		if got := v.VU.Runtime().Get("answer").ToInteger(); got != want {
			t.Errorf("%s: %d turns are held, not %d", code, got, want)
		}
	}
}

func TestAScriptsFunctionRunsInATurn(t *testing.T) {
	v := newVU(t)
	if err := v.run(`answer = stream.inTurn(() => 'done')`); err != nil || v.VU.Runtime().Get("answer").String() != "done" {
		t.Errorf("%v %v", v.VU.Runtime().Get("answer"), err)
	}
	// What it throws passes through, and ends the turn: the next one does not wait for it.
	for range 3 {
		if err := v.run(`stream.inTurn(() => { throw new RangeError('as it was') })`); err == nil || !strings.Contains(err.Error(), "RangeError: as it was") {
			t.Error(err)
		}
	}
	if err := v.run(`try { stream.inTurn(() => { throw new RangeError('x') }) } catch (e) { answer = e instanceof RangeError }`); err != nil || !v.VU.Runtime().Get("answer").ToBoolean() {
		t.Errorf("a script can't catch it: %v", err)
	}
	if err := v.run(`stream.inTurn(1)`); err == nil || !strings.Contains(err.Error(), "takes a function") {
		t.Error(err)
	}
	if len(v.module.turns) != 0 {
		t.Errorf("%d turns are still held", len(v.module.turns))
	}
}
