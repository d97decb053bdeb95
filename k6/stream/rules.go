// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// rules say, as data from the script, what an event means. k6-x-stream.d.ts documents them.
type rules struct {
	TokenPaths  []path              `json:"token_paths"`
	TokenEvents []string            `json:"token_events"`
	TextPaths   []path              `json:"text_paths"`
	Terminator  terminator          `json:"terminator"`
	Error       errorRule           `json:"error"`
	Usage       map[string]pathList `json:"usage"`
	Extra       map[string]pathList `json:"extra"`

	wanted []wantedValue // usage, then extra
}

type errorRule struct {
	Paths []path `json:"paths"`
	Event string `json:"event"`
}

// terminator is one of: an event whose data is this text, an event whose value at a path equals this, a named event.
type terminator struct {
	Data   *string         `json:"data"`
	Path   *path           `json:"path"`
	Equals json.RawMessage `json:"equals"`
	Event  *string         `json:"event"`

	equals gjson.Result
}

// wantedValue is a value to bring home; the last one in the stream that is not null stands.
type wantedValue struct {
	name  string
	usage bool
	paths []path
}

// path is a gjson path. Before it is followed, its last key, quoted, is looked for in the data: that is some 20 times
// cheaper than a search that fails, and most paths are in few events. A key spelt with JSON escapes is not found.
type path struct {
	expression string
	key        []byte
}

func (p *path) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &p.expression); err != nil {
		return fmt.Errorf("%s is no path; a path is text such as 'choices.0.delta.content'", raw)
	}
	if p.expression == "" {
		return errors.New("a path is empty; a path is text such as 'choices.0.delta.content'")
	}
	plain := func(r rune) bool {
		return r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	segments := strings.Split(p.expression, ".")
	for _, segment := range slices.Backward(segments) {
		if strings.IndexFunc(segment, func(r rune) bool { return !plain(r) }) >= 0 {
			break // an operator of gjson may rename what comes before it
		}
		if strings.Trim(segment, "0123456789") != "" {
			p.key = []byte(`"` + segment + `"`)
			break
		}
	}
	return nil
}

// in looks the path up. The result shares memory with data.
func (p *path) in(data []byte) gjson.Result {
	if p.key != nil && !bytes.Contains(data, p.key) {
		return gjson.Result{}
	}
	return gjson.Get(borrowed(data), p.expression)
}

// borrowed views bytes as a string without a copy; it must not outlive them.
func borrowed(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

type pathList []path

func (l *pathList) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte("[")) {
		return json.Unmarshal(raw, (*[]path)(l))
	}
	*l = make(pathList, 1)
	return json.Unmarshal(raw, &(*l)[0])
}

const terminatorForms = "give one of {data: '[DONE]'}, {path: 'stop', equals: true}, {event: 'done'}"

// parseRules reads rules from JSON and refuses what it doesn't know.
func parseRules(raw []byte) (*rules, error) {
	r := &rules{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(r); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if len(r.TokenPaths) == 0 && len(r.TokenEvents) == 0 {
		return nil, errors.New(
			"rules: nothing says what a token is; give token_paths, for example ['choices.0.delta.content'], or token_events")
	}
	if err := r.Terminator.prepare(); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	for _, group := range []struct {
		paths map[string]pathList
		usage bool
	}{{r.Usage, true}, {r.Extra, false}} {
		for name, paths := range group.paths {
			r.wanted = append(r.wanted, wantedValue{name, group.usage, paths})
		}
	}
	return r, nil
}

func (t *terminator) prepare() error {
	forms := 0
	for _, given := range []bool{t.Data != nil, t.Path != nil, t.Event != nil} {
		if given {
			forms++
		}
	}
	if forms != 1 {
		return fmt.Errorf("terminator has %d forms; %s", forms, terminatorForms)
	}
	if (t.Path != nil) != (t.Equals != nil) {
		return errors.New("terminator: path and equals go together; " + terminatorForms)
	}
	t.equals = gjson.ParseBytes(t.Equals)
	return nil
}

// matchesFrame tells a terminator by the event's data or name alone.
func (t *terminator) matchesFrame(e event) bool {
	return t.Data != nil && string(e.data) == *t.Data || t.Event != nil && string(e.name) == *t.Event
}

func (t *terminator) matchesJSON(data []byte) bool {
	if t.Path == nil {
		return false
	}
	value := t.Path.in(data)
	return value.Exists() && value.Type == t.equals.Type && value.String() == t.equals.String()
}

func (r *rules) namesToken(name []byte) bool {
	for _, known := range r.TokenEvents {
		if string(name) == known {
			return true
		}
	}
	return false
}

// hasContent tells whether a value is the content of a token: a non-empty text, list or object, or a number (an id).
func hasContent(value gjson.Result) bool {
	switch value.Type {
	case gjson.String:
		return value.Str != ""
	case gjson.Number:
		return true
	case gjson.JSON:
		return strings.Trim(value.Raw, "[]{} \t\r\n") != ""
	default:
		return false
	}
}
