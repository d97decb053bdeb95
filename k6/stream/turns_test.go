// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
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
