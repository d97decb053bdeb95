// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

var jsonTexts = []string{
	`{}`, `[]`, `""`, `0`, `-0`, `01`, `-`, `+1`, `1.`, `.5`, `1.5`, `1e5`, `1E+5`, `1e`, `1e-`, `-1.25e-10`, `1.5.5`, `0x1`, `00`,
	`true`, `false`, `null`, `tru`, `truee`, `nul`, `NaN`, ` {"a" : 1 } `, `{"a":1,}`, `[1,]`, `[,1]`, `[1 2]`, `{"a" 1}`, `{a:1}`, `{"a":}`, `{,}`,
	`{"a":1}}`, `{"a":1} x`, `[[[]]]`, `[[[]]`, `"\u00e9"`, `"\u00g9"`, `"\x"`, `"\`, `"\u12`, `"a`, "\"a\nb\"", "\"a\x00b\"", "\"\x7f\"", `"\"\\\/\b\f\n\r\t"`,
	``, ` `, `[`, `{`, `{"`, `{"a"`, `{"a":`, `{"a":[`, `{"choices":[{"delta":{"content":"x"}}]}`, "\ufeff{}", `[DONE]`, `1 1`, "[1\t,\r\n2]",
}

func scanAll(text string) bool {
	tree := pathTree{root: pathNode{slot: -1}}
	return (&scanner{}).scan([]byte(text), &tree)
}

func TestScanAgreesWithTheStandardLibrary(t *testing.T) {
	for _, text := range jsonTexts {
		if got, want := scanAll(text), json.Valid([]byte(text)); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Count(text, "[")+strings.Count(text, "{") >= maxDepth {
			t.Skip("nested deeper than is read")
		}
		if got, want := scanAll(text), json.Valid([]byte(text)); got != want {
			t.Fatalf("%q: got %v, want %v", text, got, want)
		}
	})
}

func TestScanBoundsNesting(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if !scanAll(deep(maxDepth)) || scanAll(deep(maxDepth+1)) || scanAll(strings.Repeat(`{"a":`, 1_000_000)) {
		t.Error("nesting is not bounded as said")
	}
}

func TestScanFindsPaths(t *testing.T) {
	const text = `{"a":{"b":[10,{"c":"x"},[ ]],"0":"zero"},"a.b":1,"k\u0065y":true,"dup":1,"dup":2,"s":"q\"\u00e9"}`
	paths := []string{"a.b.0", "a.b.1.c", "a.b.2", "a.0", "key", "dup", "s", "missing", "a.b.7", "a.b.1.c.d", "a"}
	want := []string{`10`, `"x"`, `[ ]`, `"zero"`, `true`, `2`, `"q\"\u00e9"`, ``, ``, ``, `{"b":[10,{"c":"x"},[ ]],"0":"zero"}`}
	tree := pathTree{root: pathNode{slot: -1}}
	slots := make([]int, len(paths))
	for n, path := range paths {
		slot, err := tree.add(path)
		if err != nil {
			t.Fatal(err)
		}
		slots[n] = slot
	}
	if again, _ := tree.add("a.b.0"); again != slots[0] {
		t.Error("an equal path has a slot of its own")
	}
	s := &scanner{}
	s.scan([]byte(`{"missing":1,"a":{"b":[1,2,3]}}`), &tree) // what an earlier event left must be gone
	if !s.scan([]byte(text), &tree) {
		t.Fatal("no JSON")
	}
	got := make([]string, len(paths))
	for n, slot := range slots {
		got[n] = string(s.found[slot])
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if text := string(unquoted([]byte(`"q\"\u00e9"`))); text != `q"é` {
		t.Errorf("unquoted: %q", text)
	}
}

func TestHasContent(t *testing.T) {
	for value, want := range map[string]bool{
		``: false, `null`: false, `false`: false, `true`: false, `""`: false, `[]`: false, `[ ]`: false, `{}`: false,
		`"a"`: true, `" "`: true, `[0]`: true, `{"a":1}`: true, `0`: true, `-1`: true,
	} {
		if got := hasContent([]byte(value)); got != want {
			t.Errorf("%s: got %v", value, got)
		}
	}
}
