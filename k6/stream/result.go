// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/sobek"

	"k6-shadow/k6/clock"
)

// toJS makes the script's result: plain values, null for what did not happen.
func (i *instance) toJS(res *result, itlJSON bool) (*sobek.Object, error) {
	rt := i.vu.Runtime()
	object := rt.NewObject()
	var failed error
	set := func(name string, value any) {
		if err := object.Set(name, value); err != nil && failed == nil {
			failed = err
		}
	}
	setSince := func(name string, at time.Time) {
		if at.IsZero() {
			set(name, sobek.Null())
		} else {
			set(name, clock.MS(at.Sub(res.t0)))
		}
	}
	orNull := func(present bool, value any) any {
		if present {
			return value
		}
		return sobek.Null()
	}
	step := func(nanoseconds int64) any { return orNull(nanoseconds != 0, clock.MS(time.Duration(nanoseconds))) }

	set("error", orNull(res.kind != kindNone, string(res.kind)))
	set("error_message", orNull(res.kind != kindNone, res.message))
	if r := res.response; r != nil {
		headers := rt.NewObject()
		for name, values := range r.Header {
			if err := headers.Set(name, strings.Join(values, ", ")); err != nil {
				return nil, err
			}
		}
		set("status", r.StatusCode)
		set("proto", r.Proto)
		set("headers", headers)
		set("content_type", orNull(r.Header.Get("Content-Type") != "", r.Header.Get("Content-Type")))
		set("body", orNull(res.digest == nil, string(res.body)))
	} else {
		set("status", sobek.Null())
		set("proto", sobek.Null())
		set("headers", rt.NewObject())
		set("content_type", sobek.Null())
		set("body", sobek.Null())
	}
	set("remote_address", orNull(res.remote != "", res.remote))
	if res.conn != nil {
		set("connection", res.conn.number)
	} else {
		set("connection", sobek.Null())
	}
	set("bytes", res.bytes)
	set("sends", res.sends)
	set("t0_ms", clock.EpochMS(res.t0))
	set("dns_ms", step(res.steps.dns))
	set("connecting_ms", step(res.steps.connecting))
	set("tls_ms", step(res.steps.tls))
	setSince("waiting_ms", res.firstByte)
	setSince("end_ms", res.end)

	d := res.digest
	if d == nil {
		d = &digest{rules: &rules{}}
	}
	setSince("first_event_ms", d.firstEvent)
	setSince("first_token_ms", d.firstToken)
	setSince("first_answer_ms", d.firstAnswer)
	setSince("last_token_ms", d.lastToken)
	set("events_seen", d.events)
	set("token_events", d.tokenEvents)
	set("answer_events", d.answerEvents)
	reads, firstRead := readsOf(d.tokenEvents, d.gaps)
	set("token_reads", reads)
	set("first_read_events", firstRead)
	set("content_bytes", d.contentBytes)
	set("reasoning_bytes", d.thoughtBytes)
	set("unknown_events", d.oddities.unknownEvents)
	set("oddities", rt.NewArray(anyOf(d.oddities.names())...))
	set("terminated", d.terminated)
	set("finish", orNull(len(d.finish) > 0, string(d.finish)))
	gaps, err := float64Array(rt, d.gaps)
	if err != nil {
		return nil, err
	}
	set("itl_ms", gaps)
	itlText := any(sobek.Null())
	if itlJSON {
		itlText = jsonArray(d.gaps)
	}
	set("itl_json", itlText)
	if d.textHash != nil {
		set("text_sha256", hex.EncodeToString(d.textHash.Sum(nil)))
	} else {
		set("text_sha256", sobek.Null())
	}
	set("text", orNull(d.keepText, string(d.text)))
	usage, extra, err := i.values(d)
	if err != nil {
		return nil, err
	}
	set("usage", usage)
	set("extra", extra)
	events := make([]any, len(d.kept))
	for n, e := range d.kept {
		name := e.name
		if name == "" {
			name = "message"
		}
		kept := rt.NewObject()
		for key, value := range map[string]any{"event": name, "data": e.data, "id": e.id, "at_ms": clock.MS(e.at.Sub(res.t0))} {
			if err := kept.Set(key, value); err != nil {
				return nil, err
			}
		}
		events[n] = kept
	}
	set("events", rt.NewArray(events...))
	return object, failed
}

// float64Array gives durations in milliseconds.
func float64Array(rt *sobek.Runtime, durations []time.Duration) (*sobek.Object, error) {
	raw := make([]byte, 0, 8*len(durations))
	for _, duration := range durations {
		raw = binary.NativeEndian.AppendUint64(raw, math.Float64bits(clock.MS(duration)))
	}
	return rt.New(rt.Get("Float64Array"), rt.ToValue(rt.NewArrayBuffer(raw)))
}

// jsonArray prints milliseconds to the microsecond.
func jsonArray(durations []time.Duration) string {
	line := append(make([]byte, 0, 2+8*len(durations)), '[')
	for n, duration := range durations {
		if n > 0 {
			line = append(line, ',')
		}
		line = strconv.AppendFloat(line, clock.MS(duration.Round(time.Microsecond)), 'f', -1, 64)
	}
	return string(append(line, ']'))
}

// sameRead is the share of the mean gap below which two token events came in one read: a server that lets several go at
// once may write each by itself.
const sameRead = 0.05

// readsOf counts the reads that brought token events, and the events that the first of them brought.
func readsOf(events int, gaps []time.Duration) (reads, first int) {
	if events == 0 {
		return 0, 0
	}
	var sum time.Duration
	for _, gap := range gaps {
		sum += gap
	}
	most := time.Duration(sameRead * float64(sum) / float64(max(1, len(gaps))))
	reads, first = 1, events
	for n, gap := range gaps {
		if gap <= most {
			continue
		}
		if reads == 1 {
			first = n + 1
		}
		reads++
	}
	return reads, first
}

func anyOf(texts []string) []any {
	all := make([]any, len(texts))
	for n, text := range texts {
		all[n] = text
	}
	return all
}

// values parses what the rules brought home. Every name of the rules is there, null where the stream had none.
func (i *instance) values(d *digest) (usage, extra *sobek.Object, err error) {
	rt := i.vu.Runtime()
	parse, _ := sobek.AssertFunction(rt.Get("JSON").ToObject(rt).Get("parse"))
	usage, extra = rt.NewObject(), rt.NewObject()
	for n, wanted := range d.rules.wanted {
		target, value := extra, sobek.Null()
		switch found := d.values[n]; {
		case wanted.usage:
			target = usage
			// A count is a number; JSON.parse would take ten times as long for one.
			if count, notOne := strconv.ParseFloat(string(found), 64); notOne == nil && !math.IsInf(count, 0) && !math.IsNaN(count) {
				value = rt.ToValue(count)
			}
		case isString(found):
			value = rt.ToValue(string(unquoted(found)))
		case len(found) > 0:
			if value, err = parse(sobek.Undefined(), rt.ToValue(string(found))); err != nil {
				return nil, nil, err
			}
		}
		if err = target.Set(wanted.name, value); err != nil {
			return nil, nil, err
		}
	}
	return usage, extra, nil
}
