// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// oddities are what a stream did that its standard or its protocol does not say, and that can be read all the same: told,
// and no failure.
type oddities struct {
	openEnd          bool // the last event had no blank line
	spacedTerminator bool
	noTerminator     bool   // a finish reason ended the answer, and nothing else did
	contentType      bool   // the head says that it is no event stream
	cut              bool   // the stream ended in the middle of an event
	unknownEvents    int    // objects that are no part of an answer
	keepAlives       int    // events of words that are no JSON
	keepAlive        string // the first of them
}

// The names by which oddities are told. k6-x-stream.d.ts has the same.
const (
	oddOpenEnd          = "open_end"
	oddSpacedTerminator = "spaced_terminator"
	oddNoTerminator     = "no_terminator"
	oddContentType      = "content_type"
	oddUnknownEvent     = "unknown_event"
	oddKeepAlive        = "keep_alive"
)

func (o *oddities) names() []string {
	var names []string
	for _, one := range []struct {
		there bool
		name  string
	}{
		{o.openEnd, oddOpenEnd},
		{o.spacedTerminator, oddSpacedTerminator},
		{o.noTerminator, oddNoTerminator},
		{o.contentType, oddContentType},
		{o.unknownEvents > 0, oddUnknownEvent},
		{o.keepAlives > 0, oddKeepAlive},
	} {
		if one.there {
			names = append(names, one.name)
		}
	}
	return names
}

func (o *oddities) cutWords() string {
	if o.cut {
		return "; it was cut in the middle of an event"
	}
	return ""
}

// addOdd takes an event whose data is no JSON and no terminator.
func (d *digest) addOdd(e event) {
	data := bytes.TrimSpace(e.data)
	switch {
	case len(data) == 0:
	case e.lines > 1 && areJSON(data):
		d.fail(kindBadJSON, fmt.Sprintf("%d data lines came without a blank line between them, which makes them one event: end each event by a blank line",
			e.lines))
	case isKeepAlive(data, d.tokenEvents > 0):
		d.oddities.keepAlives++
		if d.oddities.keepAlives == 1 {
			d.oddities.keepAlive = excerpt(data)
		}
	case e.open:
		d.oddities.cut = true
	default:
		d.fail(kindBadJSON, "an event's data is no JSON: "+excerpt(data))
	}
}

// areJSON tells whether the first of several lines is an object by itself.
func areJSON(data []byte) bool {
	first, _, _ := bytes.Cut(data, []byte{'\n'})
	return bytes.HasPrefix(first, []byte{'{'}) && json.Valid(first)
}

var keepAliveWords = []string{"ping", "pong", "keepalive", "keep-alive", "keep_alive", "heartbeat", "processing", ":"}

// isKeepAlive tells words that only keep a connection open: any before the first token, known ones after it.
func isKeepAlive(data []byte, begun bool) bool {
	if data[0] == '{' || data[0] == '[' {
		return false
	}
	return !begun || slices.ContainsFunc(keepAliveWords, func(word string) bool { return bytes.EqualFold(data, []byte(word)) })
}
