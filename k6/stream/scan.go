// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxDepth bounds nesting, as a hostile answer must not exhaust the stack.
const maxDepth = 256

// pathTree merges paths such as choices.0.delta.content, so that one pass over a JSON text validates it and finds the
// values of all of them. Following each path by itself costs several times that (docs/decisions/021-token-rules.md).
type pathTree struct {
	root  pathNode
	count int
}

type pathNode struct {
	key      string
	index    int // of a list; -1 where the key is no number
	slot     int // where the value goes; -1: nobody asked for it
	children []*pathNode
}

// add gives the slot of a path; equal paths share one.
func (t *pathTree) add(path string) (slot int, err error) {
	node := &t.root
	for segment := range strings.SplitSeq(path, ".") {
		if segment == "" {
			return 0, fmt.Errorf("path %q has an empty key; a path is keys and list indexes joined by dots, "+
				"such as choices.0.delta.content", path)
		}
		node = node.child(segment)
	}
	if node.slot < 0 {
		node.slot = t.count
		t.count++
	}
	return node.slot, nil
}

func (n *pathNode) child(key string) *pathNode {
	for _, child := range n.children {
		if child.key == key {
			return child
		}
	}
	index, err := strconv.Atoi(key)
	if err != nil {
		index = -1
	}
	child := &pathNode{key: key, index: index, slot: -1}
	n.children = append(n.children, child)
	return child
}

func (n *pathNode) byKey(key []byte) *pathNode {
	if n == nil || len(n.children) == 0 {
		return nil
	}
	if bytes.IndexByte(key, '\\') >= 0 {
		key = unquoted(quoted(key))
	}
	for _, child := range n.children {
		if child.key == string(key) {
			return child
		}
	}
	return nil
}

func (n *pathNode) byIndex(index int) *pathNode {
	if n == nil {
		return nil
	}
	for _, child := range n.children {
		if child.index == index {
			return child
		}
	}
	return nil
}

func quoted(text []byte) []byte { return append(append([]byte{'"'}, text...), '"') }

// scanner makes one pass over a JSON text by RFC 8259. It does not check that text is valid UTF-8.
type scanner struct {
	data  []byte
	at    int
	depth int
	found [][]byte // by slot: the value's JSON, sharing memory with data; nil where there is none
}

// scan tells whether data is one JSON value and fills found; of a repeated key the last counts, as in JSON.parse.
func (s *scanner) scan(data []byte, tree *pathTree) bool {
	s.found = slices.Grow(s.found[:0], tree.count)[:tree.count]
	clear(s.found)
	s.data, s.at, s.depth = data, 0, 0
	if !s.value(&tree.root) {
		return false
	}
	s.space()
	return s.at == len(data)
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// peek is the next byte that is no space, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.at == len(s.data) {
		return 0
	}
	return s.data[s.at]
}

func (s *scanner) value(node *pathNode) (ok bool) {
	first := s.peek()
	start := s.at
	switch first {
	case '{':
		ok = s.nested('}', func() bool { return s.member(node) })
	case '[':
		index := -1
		ok = s.nested(']', func() bool {
			index++
			return s.value(node.byIndex(index))
		})
	case '"':
		ok = s.text()
	case 't':
		ok = s.literal("true")
	case 'f':
		ok = s.literal("false")
	case 'n':
		ok = s.literal("null")
	default:
		ok = s.number()
	}
	if ok && node != nil && node.slot >= 0 {
		s.found[node.slot] = s.data[start:s.at]
	}
	return ok
}

// nested reads a list or an object from its opening bracket on.
func (s *scanner) nested(closing byte, item func() bool) bool {
	s.at++
	s.depth++
	if s.depth > maxDepth {
		return false
	}
	defer func() { s.depth-- }()
	if s.peek() == closing {
		s.at++
		return true
	}
	for {
		if !item() {
			return false
		}
		switch s.peek() {
		case ',':
			s.at++
		case closing:
			s.at++
			return true
		default:
			return false
		}
	}
}

func (s *scanner) member(node *pathNode) bool {
	if s.peek() != '"' {
		return false
	}
	start := s.at + 1
	if !s.text() {
		return false
	}
	key := s.data[start : s.at-1]
	if s.peek() != ':' {
		return false
	}
	s.at++
	return s.value(node.byKey(key))
}

func (s *scanner) text() bool {
	for s.at++; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return true
		case c < ' ':
			return false
		case c == '\\':
			if !s.escape() {
				return false
			}
		}
	}
	return false
}

func (s *scanner) escape() bool {
	s.at++
	if s.at == len(s.data) {
		return false
	}
	if s.data[s.at] != 'u' {
		return strings.IndexByte(`"\/bfnrt`, s.data[s.at]) >= 0
	}
	for range 4 {
		s.at++
		if s.at == len(s.data) || !isHex(s.data[s.at]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) literal(word string) bool {
	if len(s.data)-s.at < len(word) || string(s.data[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

func (s *scanner) number() bool {
	s.skip('-')
	if !s.skip('0') && !s.digits() {
		return false
	}
	if s.skip('.') && !s.digits() {
		return false
	}
	if s.skip('e') || s.skip('E') {
		_ = s.skip('+') || s.skip('-')
		return s.digits()
	}
	return true
}

func (s *scanner) skip(c byte) bool {
	if s.at < len(s.data) && s.data[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.data) && isDigit(s.data[s.at]) {
		s.at++
	}
	return s.at > start
}

// The helpers below read one valid JSON value.

func isString(value []byte) bool { return len(value) > 0 && value[0] == '"' }

func isNull(value []byte) bool { return len(value) == 0 || value[0] == 'n' }

// hasContent tells whether a value is the content of a token: a non-empty text, list or object, or a number (an id).
func hasContent(value []byte) bool {
	if len(value) == 0 {
		return false
	}
	switch value[0] {
	case '"':
		return len(value) > len(`""`)
	case '[', '{':
		return len(bytes.TrimSpace(value[1:len(value)-1])) > 0
	default:
		return value[0] == '-' || isDigit(value[0])
	}
}

// contentBytes is the length of a token's content: a text's without its quotes, with its escapes as they were sent.
func contentBytes(value []byte) int {
	if isString(value) {
		return len(value) - len(`""`)
	}
	return len(value)
}

// saysFinish tells whether a value is a word for how an answer ended. Some servers put "none" or "null" until it has.
func saysFinish(value []byte) bool {
	if !isString(value) || len(value) == len(`""`) {
		return false
	}
	word := unquoted(value)
	return !bytes.EqualFold(word, []byte("none")) && !bytes.EqualFold(word, []byte("null"))
}

// saysSomething tells an error from its place: null, false, 0, and texts, lists and objects with nothing in them say that
// there is none.
func saysSomething(value []byte) bool {
	if len(value) == 0 {
		return false
	}
	switch string(value) {
	case `null`, `false`, `""`, `{}`, `[]`, `0`:
		return false
	}
	var parsed any
	return json.Unmarshal(value, &parsed) != nil || !isEmpty(parsed)
}

func isEmpty(value any) bool {
	switch of := value.(type) {
	case map[string]any:
		for _, member := range of {
			if !isEmpty(member) {
				return false
			}
		}
		return true
	case []any:
		return !slices.ContainsFunc(of, func(item any) bool { return !isEmpty(item) })
	case string:
		return strings.TrimSpace(of) == ""
	case float64:
		return of == 0
	case bool:
		return !of
	default:
		return true
	}
}

// unquoted gives a JSON text's content. It shares memory with the value where nothing is escaped.
func unquoted(value []byte) []byte {
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return nil // not reached with a valid value
	}
	return []byte(text)
}
