// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
	"time"
)

// failure is a kind with words for a person.
type failure struct {
	kind    kind
	message string
}

// digest is what is kept of a stream's events: times and counts, never the events themselves unless asked.
type digest struct {
	rules      *rules
	keepText   bool
	keepEvents int

	failure      failure // the first that an event gave
	events       int
	firstEvent   time.Time
	tokenEvents  int
	firstToken   time.Time
	lastToken    time.Time
	gaps         []time.Duration
	answerEvents int       // token events with more than reasoning
	firstAnswer  time.Time // the first of them
	contentBytes int       // of all token events: a token is at least one
	thoughtBytes int       // of reasoning
	finish       []byte    // how the answer ended, in the server's word; empty: not said
	terminated   bool
	terminatedAt time.Time
	oddities     oddities
	values       [][]byte // JSON, as rules.wanted; empty is none
	textHash     hash.Hash
	text         []byte
	kept         []keptEvent
}

type keptEvent struct {
	name, data, id string
	at             time.Time
}

var scanners = sync.Pool{New: func() any { return &scanner{} }}

func newDigest(r *rules, keepText bool, keepEvents int) *digest {
	d := &digest{rules: r, keepText: keepText, keepEvents: keepEvents, values: make([][]byte, len(r.wanted))}
	if len(r.text) > 0 || len(r.tokenEvents) > 0 {
		d.textHash = sha256.New()
	}
	return d
}

// add takes one event that arrived at the given time. Nothing after the terminator counts.
func (d *digest) add(e event, at time.Time) {
	d.events++
	if d.events == 1 {
		d.firstEvent = at
	}
	if len(d.kept) < d.keepEvents {
		d.kept = append(d.kept, keptEvent{name: string(e.name), data: string(e.data), id: string(e.id), at: at})
	}
	if d.terminated {
		return
	}
	named := d.rules.namesToken(e.name)
	token := named && len(e.data) > 0
	answer := token
	ends := d.rules.ending.frame(e)
	scan, _ := scanners.Get().(*scanner) // not one a stream: a shared one is in the processor's cache
	defer scanners.Put(scan)
	isJSON := scan.scan(e.data, &d.rules.tree)
	switch {
	case d.rules.namesError(e.name):
		d.fail(kindErrorEvent, describeError(e.data))
	case isJSON && bytes.HasPrefix(bytes.TrimLeft(e.data, " \t\r\n"), []byte{'{'}):
		hasToken, hasAnswer := d.addObject(e.data, scan.found)
		token, answer = token || hasToken, answer || hasAnswer
		ends = ends || d.rules.ending.value(scan.found)
	case named:
		d.addText(e.data)
	case !isJSON && !ends:
		d.addOdd(e)
		return
	}
	if named {
		d.contentBytes += len(e.data)
	}
	if token {
		d.addToken(at, answer)
	}
	if ends {
		d.terminated, d.terminatedAt = true, at
		d.oddities.spacedTerminator = d.oddities.spacedTerminator || d.rules.ending.spaced(e)
	}
	d.oddities.openEnd = d.oddities.openEnd || e.open
}

func (d *digest) addToken(at time.Time, answer bool) {
	if answer {
		d.answerEvents++
		if d.answerEvents == 1 {
			d.firstAnswer = at
		}
	}
	d.tokenEvents++
	if d.tokenEvents == 1 {
		d.firstToken = at
	} else {
		d.gaps = append(d.gaps, at.Sub(d.lastToken))
	}
	d.lastToken = at
}

// addObject takes what the scanner found in an event's object and tells whether that holds a token, and one of the answer
// rather than of its reasoning.
func (d *digest) addObject(data []byte, found [][]byte) (token, answer bool) {
	d.addErrors(data, found)
	for _, slot := range d.rules.tokens {
		if !hasContent(found[slot]) {
			continue
		}
		token = true
		d.contentBytes += contentBytes(found[slot])
		if slices.Contains(d.rules.reasoning, slot) {
			d.thoughtBytes += contentBytes(found[slot])
		} else {
			answer = true
		}
	}
	for _, slot := range d.rules.finish {
		if saysFinish(found[slot]) {
			d.finish = append(d.finish[:0], unquoted(found[slot])...)
			break
		}
	}
	for _, slot := range d.rules.text {
		if isString(found[slot]) {
			d.addText(unquoted(found[slot]))
		}
	}
	for i, wanted := range d.rules.wanted {
		if !wanted.usage && len(d.values[i]) > 0 {
			continue
		}
		for _, slot := range wanted.slots {
			if !isNull(found[slot]) && string(found[slot]) != `""` {
				d.values[i] = append(d.values[i][:0], found[slot]...)
				break
			}
		}
	}
	return token, answer
}

// addErrors takes what an object says went wrong: at a place of its own, or in place of a part of the answer.
func (d *digest) addErrors(data []byte, found [][]byte) {
	for _, slot := range d.rules.errors {
		if saysSomething(found[slot]) {
			d.fail(kindErrorEvent, describeError(found[slot]))
			return
		}
	}
	isThere := func(slot int) bool { return !isNull(found[slot]) }
	if len(d.rules.chunk) == 0 || slices.ContainsFunc(d.rules.chunk, isThere) {
		return
	}
	for _, slot := range d.rules.strayErrors {
		if saysSomething(found[slot]) {
			d.fail(kindErrorEvent, describeError(data))
			return
		}
	}
	d.oddities.unknownEvents++
}

func (d *digest) addText(text []byte) {
	if d.textHash != nil {
		_, _ = d.textHash.Write(text)
	}
	if d.keepText {
		d.text = append(d.text, text...)
	}
}

func (d *digest) fail(k kind, message string) {
	if d.failure.kind == kindNone {
		d.failure = failure{k, message}
	}
}

// atEnd judges a stream that ended cleanly.
func (d *digest) atEnd() failure {
	switch {
	case d.failure.kind != kindNone:
		return d.failure
	case d.tokenEvents == 0 && d.oddities.keepAlives > 0:
		return failure{kindBadJSON, "no event's data is JSON: " + d.oddities.keepAlive}
	case d.tokenEvents == 0:
		return failure{kindNoToken, fmt.Sprintf("the stream ended without a token: %d events, %s, %s", d.events, d.saidEnd(), d.saidFinish())}
	case !d.terminated && (len(d.finish) == 0 || d.oddities.cut):
		return failure{kindNoTerminator, fmt.Sprintf("the stream ended without its terminator and with %s%s", d.saidFinish(), d.oddities.cutWords())}
	default:
		d.oddities.noTerminator = !d.terminated
		return failure{}
	}
}

func (d *digest) saidEnd() string {
	if d.terminated {
		return "with its terminator"
	}
	return "without its terminator"
}

func (d *digest) saidFinish() string {
	if len(d.finish) == 0 {
		return "no reason why it finished"
	}
	return fmt.Sprintf("the finish reason %q", excerpt(d.finish))
}

// describeError words an error: its message where it has one in a usual place, else all of it.
func describeError(data []byte) string {
	var object struct {
		Text    any `json:"text"`
		Detail  any `json:"detail"`
		Message any `json:"message"`
		Error   any `json:"error"`
	}
	message := string(data)
	if err := json.Unmarshal(data, &message); err != nil && json.Unmarshal(data, &object) == nil {
		nested, _ := object.Error.(map[string]any)
		for _, candidate := range []any{object.Text, object.Detail, object.Message, object.Error, nested["message"]} {
			if text, ok := candidate.(string); ok && text != "" {
				message = text
			}
		}
	}
	return "the server says: " + excerpt([]byte(message))
}

const excerptBytes = 300

func excerpt(data []byte) string {
	if len(data) > excerptBytes {
		return strings.ToValidUTF8(string(data[:excerptBytes]), "") + "…"
	}
	return string(data)
}
