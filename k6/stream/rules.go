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
	TokenPaths     []string `json:"token_paths"`
	TokenEvents    []string `json:"token_events"`
	ReasoningPaths []string `json:"reasoning_paths"`
	TextPaths      []string `json:"text_paths"`
	FinishPaths    []string `json:"finish_paths"`
	ChunkPaths     []string `json:"chunk_paths"`
	Terminator     struct {
		Data   *string         `json:"data"`
		Path   *string         `json:"path"`
		Equals json.RawMessage `json:"equals"`
		Event  *string         `json:"event"`
	} `json:"terminator"`
	Error struct {
		Paths      []string  `json:"paths"`
		StrayPaths []string  `json:"stray_paths"`
		Event      oneOrMore `json:"event"`
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
	reasoning   []int // those of the tokens that are thought, not answer
	tokenEvents []string
	text        []int
	finish      []int
	chunk       []int // an object with none of these is no part of an answer; empty: any is one
	errors      []int
	strayErrors []int // of an object that is no part of an answer
	errorEvents []string
	ending      ending
	wanted      []wantedValue
}

// ending recognises the terminator by data, by a value at a slot, or by the event's name.
type ending struct {
	data, event *string
	slot        int // -1: not by a value
	equals      []byte
}

// wantedValue is a value to bring home: of counts the last one in the stream, which grow; of others the first.
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
	r := &rules{tokenEvents: text.TokenEvents, errorEvents: text.Error.Event}
	r.tree.root.slot = -1
	err := errors.Join(
		r.slots(&r.tokens, text.TokenPaths),
		r.slots(&r.reasoning, text.ReasoningPaths),
		r.slots(&r.text, text.TextPaths),
		r.slots(&r.finish, text.FinishPaths),
		r.slots(&r.chunk, text.ChunkPaths),
		r.slots(&r.errors, text.Error.Paths),
		r.slots(&r.strayErrors, text.Error.StrayPaths),
		r.want(text.Usage, true),
		r.want(text.Extra, false),
		r.end(&text),
	)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	for n, slot := range r.reasoning {
		if !slices.Contains(r.tokens, slot) {
			return nil, fmt.Errorf("rules: reasoning_paths has %q, which is not among token_paths", text.ReasoningPaths[n])
		}
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

// frame tells a terminator by the event's data or name alone. Spaces around the data are none of it.
func (e *ending) frame(ev event) bool {
	return e.data != nil && string(bytes.TrimSpace(ev.data)) == *e.data || e.event != nil && string(ev.name) == *e.event
}

// spaced tells whether spaces stand around a terminator that is known by its data.
func (e *ending) spaced(ev event) bool {
	return e.data != nil && string(ev.data) != *e.data && string(bytes.TrimSpace(ev.data)) == *e.data
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

func (r *rules) namesToken(name []byte) bool { return isOneOf(r.tokenEvents, name) }

func (r *rules) namesError(name []byte) bool { return isOneOf(r.errorEvents, name) }

func isOneOf(names []string, name []byte) bool {
	return slices.ContainsFunc(names, func(known string) bool { return string(name) == known })
}
