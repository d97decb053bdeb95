// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ruleText is the rules as the script writes them. k6-x-stream.d.ts documents them.
type ruleText struct {
	TokenPaths  []string `json:"token_paths"`
	TokenEvents []string `json:"token_events"`
	TextPaths   []string `json:"text_paths"`
	Terminator  struct {
		Data   *string         `json:"data"`
		Path   *string         `json:"path"`
		Equals json.RawMessage `json:"equals"`
		Event  *string         `json:"event"`
	} `json:"terminator"`
	Error struct {
		Paths []string `json:"paths"`
		Event string   `json:"event"`
	} `json:"error"`
	Usage map[string]oneOrMore `json:"usage"`
	Extra map[string]oneOrMore `json:"extra"`
}

type oneOrMore []string

func (l *oneOrMore) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte("[")) {
		return json.Unmarshal(raw, (*[]string)(l))
	}
	*l = make(oneOrMore, 1)
	return json.Unmarshal(raw, &(*l)[0])
}

// rules say what an event means. Paths have become slots of one tree.
type rules struct {
	tree        pathTree
	tokens      []int
	tokenEvents []string
	text        []int
	errors      []int
	errorEvent  string
	ending      ending
	wanted      []wantedValue
}

// ending recognises the terminator by data, by a value at a slot, or by the event's name.
type ending struct {
	data, event *string
	slot        int // -1: not by a value
	equals      []byte
}

// wantedValue is a value to bring home; the last one in the stream that is not null stands.
type wantedValue struct {
	name  string
	usage bool
	slots []int
}

const terminatorForms = "give one of {data: '[DONE]'}, {path: 'stop', equals: true}, {event: 'done'}"

// parseRules reads rules from JSON and refuses what it doesn't know.
func parseRules(raw []byte) (*rules, error) {
	var text ruleText
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&text); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if len(text.TokenPaths) == 0 && len(text.TokenEvents) == 0 {
		return nil, errors.New(
			"rules: nothing says what a token is; give token_paths, for example ['choices.0.delta.content'], or token_events")
	}
	r := &rules{tokenEvents: text.TokenEvents, errorEvent: text.Error.Event}
	r.tree.root.slot = -1
	err := errors.Join(
		r.slots(&r.tokens, text.TokenPaths),
		r.slots(&r.text, text.TextPaths),
		r.slots(&r.errors, text.Error.Paths),
		r.want(text.Usage, true),
		r.want(text.Extra, false),
		r.end(&text),
	)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return r, nil
}

func (r *rules) slots(into *[]int, paths []string) error {
	for _, path := range paths {
		slot, err := r.tree.add(path)
		if err != nil {
			return err
		}
		*into = append(*into, slot)
	}
	return nil
}

func (r *rules) want(values map[string]oneOrMore, usage bool) error {
	for name, paths := range values {
		wanted := wantedValue{name: name, usage: usage}
		if err := r.slots(&wanted.slots, paths); err != nil {
			return err
		}
		r.wanted = append(r.wanted, wanted)
	}
	return nil
}

func (r *rules) end(text *ruleText) error {
	t := text.Terminator
	r.ending = ending{data: t.Data, event: t.Event, slot: -1}
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
	if t.Path == nil {
		return nil
	}
	if bytes.ContainsAny(t.Equals[:1], "{[n") {
		return errors.New("terminator: equals must be true, false, a number or a text; " + terminatorForms)
	}
	slot, err := r.tree.add(*t.Path)
	r.ending.slot, r.ending.equals = slot, t.Equals
	return err
}

// frame tells a terminator by the event's data or name alone.
func (e *ending) frame(ev event) bool {
	return e.data != nil && string(ev.data) == *e.data || e.event != nil && string(ev.name) == *e.event
}

// value tells a terminator by what its JSON holds.
func (e *ending) value(found [][]byte) bool {
	if e.slot < 0 || found[e.slot] == nil {
		return false
	}
	got := found[e.slot]
	if isString(got) && isString(e.equals) {
		return bytes.Equal(unquoted(got), unquoted(e.equals))
	}
	return bytes.Equal(got, e.equals)
}

func (r *rules) namesToken(name []byte) bool {
	return slices.ContainsFunc(r.tokenEvents, func(known string) bool { return string(name) == known })
}
