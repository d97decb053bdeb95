// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"runtime"
	"time"

	"github.com/grafana/sobek"
)

// patience is how long a VU waits for its turn at most: a script that sleeps in its own must not stop the others.
const patience = time.Second

// turns bounds how many VUs at once run the JavaScript around a request. Go's scheduler is fair: a reader whose
// token has come waits behind every VU that has work, and with a thousand of them it comes too late to tell the first
// token from the next ones. VUs that wait for a turn are not in its queue; one core is left to the readers.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)-1)) }

// take waits for a turn and returns what ends it.
func (t turns) take() (end func()) {
	select {
	case t <- struct{}{}:
		return t.end
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case t <- struct{}{}:
		return t.end
	case <-timer.C:
		return func() {}
	}
}

func (t turns) end() { <-t }

// inTurn runs a function of the script in a turn, as what follows an answer does, and gives its value.
func (i *instance) inTurn(call sobek.FunctionCall) sobek.Value {
	run, ok := sobek.AssertFunction(call.Argument(0))
	if !ok {
		panic(i.vu.Runtime().NewTypeError("stream: inTurn takes a function"))
	}
	defer i.module.turns.take()()
	value, err := run(sobek.Undefined())
	if err != nil {
		panic(err)
	}
	return value
}
