// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"crypto/sha256"
	"hash"
	"strings"
	"time"

	"github.com/tidwall/gjson"
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
	values       []string // JSON, as rules.wanted; "" is none
	textHash     hash.Hash
	text         []byte
	scratch      []byte
	kept         []keptEvent
}

type keptEvent struct {
	name, data, id string
	at             time.Time
}

func newDigest(r *rules, keepText bool, keepEvents int) *digest {
	d := &digest{rules: r, keepText: keepText, keepEvents: keepEvents, values: make([]string, len(r.wanted))}
	if len(r.TextPaths) > 0 || len(r.TokenEvents) > 0 {
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
	ends := d.rules.Terminator.matchesFrame(e)
	if d.rules.Error.Event != "" && string(e.name) == d.rules.Error.Event {
		d.fail(kindErrorEvent, describeError(gjson.Parse(borrowed(e.data)), e.data))
	} else if len(e.data) > 0 && e.data[0] == '{' && gjson.Valid(borrowed(e.data)) {
		token = d.addObject(e.data) || token
		ends = ends || d.rules.Terminator.matchesJSON(e.data)
	} else if named {
		d.addText(e.data)
	} else if !ends && !gjson.Valid(borrowed(e.data)) {
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

// addObject follows the rules' paths in a JSON object and tells whether it holds a token.
func (d *digest) addObject(data []byte) (token bool) {
	for i := range d.rules.Error.Paths {
		if value := d.rules.Error.Paths[i].in(data); value.Exists() && value.Type != gjson.Null && value.Type != gjson.False {
			d.fail(kindErrorEvent, describeError(value, data))
			break
		}
	}
	for i := range d.rules.TokenPaths {
		if hasContent(d.rules.TokenPaths[i].in(data)) {
			token = true
			break
		}
	}
	for i := range d.rules.TextPaths {
		if value := d.rules.TextPaths[i].in(data); value.Type == gjson.String {
			d.scratch = append(d.scratch[:0], value.Str...)
			d.addText(d.scratch)
		}
	}
	for i := range d.rules.wanted {
		for j := range d.rules.wanted[i].paths {
			value := d.rules.wanted[i].paths[j].in(data)
			if value.Exists() && value.Type != gjson.Null {
				if value.Raw != d.values[i] {
					d.values[i] = strings.Clone(value.Raw)
				}
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

// describeError words an error event: its message where it has one in the usual places, else its data.
func describeError(value gjson.Result, data []byte) string {
	for _, text := range []gjson.Result{value.Get("message"), value.Get("error.message"), value.Get("error"), value} {
		if text.Type == gjson.String && text.Str != "" {
			return "the server says: " + excerpt([]byte(text.Str))
		}
	}
	return "the server says: " + excerpt(data)
}

const excerptBytes = 300

func excerpt(data []byte) string {
	if len(data) > excerptBytes {
		return strings.ToValidUTF8(string(data[:excerptBytes]), "") + "…"
	}
	return string(data)
}
