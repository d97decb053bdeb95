// SPDX-License-Identifier: AGPL-3.0-only

// Package stream is k6/x/stream: requests whose answers are server-sent events, timed where they arrive, by the
// monotonic clock and before anything is parsed (see k6/types/k6-x-stream.d.ts for the API).
package stream

import (
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/modules"

	"k6-shadow/k6/exports"
)

func init() { modules.Register("k6/x/stream", NewModule()) }

// Module is registered once a process and holds the rules that its VUs share.
type Module struct {
	mu       sync.Mutex
	compiled map[string]*rules
	turns    turns
}

// NewModule makes the module for one process.
func NewModule() *Module { return &Module{turns: newTurns()} }

// NewModuleInstance makes the module for one VU.
func (m *Module) NewModuleInstance(vu modules.VU) modules.Instance {
	i := &instance{vu: vu, module: m, compiled: make(map[*sobek.Object]*rules)}
	names := make([]any, len(kinds))
	for n, k := range kinds {
		names[n] = string(k)
	}
	return exports.New(vu.Runtime(), map[string]any{
		"request":     i.request,
		"inTurn":      i.inTurn,
		"ERROR_KINDS": vu.Runtime().NewArray(names...),
	})
}

type instance struct {
	vu        modules.VU
	module    *Module
	compiled  map[*sobek.Object]*rules
	transport http.RoundTripper // made with the first request
}

// request starts an exchange off the event loop. Bad arguments throw; whatever happens to the request is a result.
func (i *instance) request(method string, url, body, params sobek.Value) (*sobek.Promise, error) {
	state := i.vu.State()
	if state == nil {
		return nil, errors.New("stream: a request can't be made in the init context; make it in a scenario's function")
	}
	request, err := i.parseRequest(method, url, body, params)
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	promise, resolve, reject := i.vu.Runtime().NewPromise()
	enqueue := i.vu.RegisterCallback()
	ctx := i.vu.Context()
	if i.transport == nil {
		i.transport = stampingTransport(state)
	}
	transport := i.transport
	go func() {
		res := exchange(ctx, state, transport, request)
		enqueue(func() error {
			defer i.module.turns.take()()
			object, err := i.toJS(res, request.itlJSON)
			if err != nil {
				return reject(err)
			}
			return resolve(object)
		})
	}()
	return promise, nil
}
