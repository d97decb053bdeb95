// SPDX-License-Identifier: AGPL-3.0-only

// Package requestlog is k6/x/requestlog: one JSON line a request, written from the response object itself, because
// reading its properties in JavaScript costs more than all the rest (see k6/types/k6-x-requestlog.d.ts for the API).
package requestlog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
	k6http "go.k6.io/k6/v2/js/modules/k6/http"

	"k6-shadow/k6/clock"
	"k6-shadow/k6/exports"
)

func init() { modules.Register("k6/x/requestlog", &Module{}) }

// Module is registered once a process and so holds the one log and the one file of answers.
type Module struct {
	log     Log
	answers Answers
}

// NewModuleInstance gives every VU the same log and a line buffer of its own. It takes sobek's own call type where a
// function is called for each request: that spares the reflection.
func (m *Module) NewModuleInstance(vu modules.VU) modules.Instance {
	i := &instance{vu: vu, log: &m.log, answers: &m.answers}
	return exports.New(vu.Runtime(), map[string]any{
		"open":        i.log.Open,
		"written":     i.log.Written,
		"index":       i.index,
		"now":         i.now,
		"traceparent": i.traceparent,
		"write":       i.write,
		"record":      i.record,
		"keepAnswers": i.answers.Open,
		"answer":      i.answer,
	})
}

type instance struct {
	vu      modules.VU
	log     *Log
	answers *Answers
	line    []byte // reused: a VU's script runs on one goroutine
}

func (i *instance) now(sobek.FunctionCall) sobek.Value {
	return i.vu.Runtime().ToValue(clock.EpochMS(time.Now()))
}

func (i *instance) index(sobek.FunctionCall) sobek.Value {
	state := i.vu.State()
	if state == nil || state.GetScenarioGlobalVUIter == nil {
		common.Throw(i.vu.Runtime(), errors.New(
			"requestlog: index() is an iteration's number, and none is running here; call it in a scenario's function"))
	}
	return i.vu.Runtime().ToValue(int64(state.GetScenarioGlobalVUIter())) //nolint:gosec // counts iterations
}

func (i *instance) traceparent(sobek.FunctionCall) sobek.Value {
	return i.vu.Runtime().ToValue(traceparent())
}

// traceparent makes a header of W3C Trace Context level 1: version 00, flags 01 (sampled). The randomness is the
// runtime's ChaCha8, a generator each thread; ids of zeros only are invalid there.
func traceparent() string {
	line := make([]byte, 0, 55)
	line = append(line, "00-"...)
	line = appendHex(line, nonZero())
	line = appendHex(line, rand.Uint64())
	line = append(line, '-')
	line = appendHex(line, nonZero())
	line = append(line, "-01"...)
	return string(line)
}

func nonZero() uint64 {
	for {
		if n := rand.Uint64(); n != 0 {
			return n
		}
	}
}

func appendHex(line []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		line = append(line, digits[n>>shift&0xf])
	}
	return line
}

func (i *instance) write(call sobek.FunctionCall) sobek.Value {
	line := call.Argument(0).String()
	i.requireOneLine("write", line)
	i.line = append(append(i.line[:0], line...), '\n')
	return i.flush()
}

// record writes the response's times and status after the caller's fixed members.
func (i *instance) record(call sobek.FunctionCall) sobek.Value {
	response, ok := call.Argument(0).Export().(*k6http.Response)
	if !ok {
		panic(i.vu.Runtime().NewTypeError(
			"requestlog: record's first argument is %s; it takes a response of k6/http", call.Argument(0).String()))
	}
	fixed := call.Argument(1).String()
	i.requireOneLine("record", fixed)

	line := append(i.line[:0], '{')
	if fixed != "" {
		line = append(append(line, fixed...), ',')
	}
	timings := response.Timings
	// Every request took some time until it ended, however it did: a refused connection's is 0, not absent.
	line = strconv.AppendFloat(append(line, durationMS...), timings.Duration, 'f', -1, 64)
	line = appendMS(append(line, waitingMS...), timings.Waiting)
	line = appendMS(append(line, connectingMS...), timings.Connecting)
	line = appendMS(append(line, tlsMS...), timings.TLSHandshaking)
	line = append(line, status...)
	if response.Status == 0 {
		line = append(line, "null"...)
	} else {
		line = strconv.AppendInt(line, int64(response.Status), 10)
	}
	line = appendAddress(append(line, remoteAddress...), response.RemoteIP, response.RemotePort)
	line = appendPlain(append(line, proto...), response.Proto)
	if options := call.Argument(2); i.option(options, "answer_sha256") != nil {
		line = i.appendDigest(append(line, answerSHA256...), response.Body, options)
	}
	i.line = append(line, '}', '\n')
	return i.flush()
}

// option is nil where the option is absent or false.
func (i *instance) option(options sobek.Value, name string) sobek.Value {
	if common.IsNullish(options) {
		return nil
	}
	wanted := options.ToObject(i.vu.Runtime()).Get(name)
	if wanted == nil || !wanted.ToBoolean() {
		return nil
	}
	return wanted
}

// appendMS writes 0 as null. k6 measures in nanoseconds and gives an exact 0 only for a step that did not happen: no
// connection was opened (one was reused, or the dial failed), no TLS, nothing was sent.
func appendMS(line []byte, value_ms float64) []byte { //nolint:revive // the unit stands in the name
	if value_ms == 0 {
		return append(line, "null"...)
	}
	return strconv.AppendFloat(line, value_ms, 'f', -1, 64)
}

// appendAddress writes ip:port, an IPv6 address in brackets, as net.JoinHostPort does.
func appendAddress(line []byte, ip string, port int) []byte {
	if ip == "" {
		return append(line, "null"...)
	}
	line = append(line, '"')
	if strings.IndexByte(ip, ':') >= 0 {
		line = append(append(append(line, '['), ip...), ']')
	} else {
		line = append(line, ip...)
	}
	line = strconv.AppendInt(append(line, ':'), int64(port), 10)
	return append(line, '"')
}

// appendPlain writes text that JSON takes as it is, such as a protocol's name that net/http has parsed; empty is null.
func appendPlain(line []byte, text string) []byte {
	if text == "" {
		return append(line, "null"...)
	}
	return append(append(append(line, '"'), text...), '"')
}

// appendDigest writes the digest of the answer without the values that the options leave out, and keeps its text where
// they ask for it.
func (i *instance) appendDigest(line []byte, body any, options sobek.Value) []byte {
	var text []byte
	switch body := body.(type) {
	case string:
		text = []byte(body)
	case []byte:
		text = body
	case sobek.ArrayBuffer:
		text = body.Bytes()
	default: // no answer, or its body was discarded
		return append(line, "null"...)
	}
	if without := i.option(options, "without"); without != nil {
		var paths []string
		if err := i.vu.Runtime().ExportTo(without, &paths); err != nil {
			common.Throw(i.vu.Runtime(), err)
		}
		text = withoutValues(text, paths)
	}
	digest := sha256.Sum256(text)
	if i.option(options, "keep") != nil {
		if err := i.answers.Keep(digest, text); err != nil {
			common.Throw(i.vu.Runtime(), err)
		}
	}
	line = append(line, '"')
	line = hex.AppendEncode(line, digest[:])
	return append(line, '"')
}

func (i *instance) requireOneLine(function, text string) {
	if strings.IndexByte(text, '\n') >= 0 {
		panic(i.vu.Runtime().NewTypeError(
			"requestlog: %s was given text with a line feed, and a record is one line; pass it through JSON.stringify", function))
	}
}

func (i *instance) flush() sobek.Value {
	if err := i.log.Write(i.line); err != nil {
		common.Throw(i.vu.Runtime(), err)
	}
	return sobek.Undefined()
}
