// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"hash"
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
	terminated   bool
	terminatedAt time.Time
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
	ends := d.rules.ending.frame(e)
	scan, _ := scanners.Get().(*scanner) // not one a stream: a shared one is in the processor's cache
	defer scanners.Put(scan)
	isJSON := scan.scan(e.data, &d.rules.tree)
	switch {
	case d.rules.errorEvent != "" && string(e.name) == d.rules.errorEvent:
		d.fail(kindErrorEvent, describeError(e.data))
	case isJSON && bytes.HasPrefix(bytes.TrimLeft(e.data, " \t\r\n"), []byte{'{'}):
		token = d.addObject(scan.found) || token
		ends = ends || d.rules.ending.value(scan.found)
	case named:
		d.addText(e.data)
	case !isJSON && !ends && len(e.data) > 0:
		d.fail(kindBadJSON, "an event's data is no JSON: "+excerpt(e.data))
	}
	if token {
		d.addToken(at)
	}
	if ends {
		d.terminated, d.terminatedAt = true, at
	}
}

func (d *digest) addToken(at time.Time) {
	d.tokenEvents++
	if d.tokenEvents == 1 {
		d.firstToken = at
	} else {
		d.gaps = append(d.gaps, at.Sub(d.lastToken))
	}
	d.lastToken = at
}

// addObject takes what the scanner found in an event's object and tells whether that holds a token.
func (d *digest) addObject(found [][]byte) (token bool) {
	for _, slot := range d.rules.errors {
		if value := found[slot]; !isNull(value) && value[0] != 'f' {
			d.fail(kindErrorEvent, describeError(value))
			break
		}
	}
	for _, slot := range d.rules.tokens {
		token = token || hasContent(found[slot])
	}
	for _, slot := range d.rules.text {
		if isString(found[slot]) {
			d.addText(unquoted(found[slot]))
		}
	}
	for i, wanted := range d.rules.wanted {
		for _, slot := range wanted.slots {
			if !isNull(found[slot]) {
				d.values[i] = append(d.values[i][:0], found[slot]...)
				break
			}
		}
	}
	return token
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
	case d.tokenEvents == 0:
		return failure{kindNoToken, "the stream ended without a token"}
	case !d.terminated:
		return failure{kindNoTerminator, "the stream ended without its terminator"}
	default:
		return failure{}
	}
}

// describeError words an error: its message where it has one in a usual place, else all of it.
func describeError(data []byte) string {
	var object struct {
		Message string `json:"message"`
		Error   any    `json:"error"`
	}
	message := string(data)
	if err := json.Unmarshal(data, &message); err != nil && json.Unmarshal(data, &object) == nil {
		nested, _ := object.Error.(map[string]any)
		for _, candidate := range []any{object.Message, object.Error, nested["message"]} {
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
