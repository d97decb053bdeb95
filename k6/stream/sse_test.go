// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

type gotEvent struct{ name, data, id string }

// parse feeds the stream in the given pieces and copies what is dispatched.
func parse(t testing.TB, pieces ...string) []gotEvent {
	t.Helper()
	parser := &sseParser{}
	var events []gotEvent
	for _, piece := range pieces {
		err := parser.feed([]byte(piece), func(e event) {
			events = append(events, gotEvent{string(e.name), string(e.data), string(e.id)})
		})
		if err != nil {
			t.Fatalf("feed(%q): %v", piece, err)
		}
	}
	return events
}

// The cases are the rules of the HTML Living Standard 9.2.6, its four examples included.
var framingCases = []struct {
	name, stream string
	want         []gotEvent
}{
	{"one event", "data: a\n\n", []gotEvent{{"", "a", ""}}},
	{"standard's example 1: two lines of data", "data: YHOO\ndata: +2\ndata: 10\n\n", []gotEvent{{"", "YHOO\n+2\n10", ""}}},
	{
		"standard's example 2: comment, ids, a space kept, the last event open",
		": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event",
		[]gotEvent{{"", "first event", "1"}, {"", "second event", ""}},
	},
	{"standard's example 3: empty data", "data\n\ndata\ndata\n\ndata:", []gotEvent{{"", "", ""}, {"", "\n", ""}}},
	{"standard's example 4: the space is optional", "data:test\n\ndata: test\n\n", []gotEvent{{"", "test", ""}, {"", "test", ""}}},
	{"CR", "data: a\r\rdata: b\r\r", []gotEvent{{"", "a", ""}, {"", "b", ""}}},
	{"CR dispatches without waiting for an LF", "data: a\r\r", []gotEvent{{"", "a", ""}}},
	{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []gotEvent{{"", "a", ""}, {"", "b", ""}}},
	{"mixed line ends", "data: a\r\ndata: b\rdata: c\n\r\n", []gotEvent{{"", "a\nb\nc", ""}}},
	{"CR LF LF is two lines", "data: a\r\n\ndata: b\n\n", []gotEvent{{"", "a", ""}, {"", "b", ""}}},
	{"byte order mark", "\uFEFFdata: a\n\n", []gotEvent{{"", "a", ""}}},
	{"only one byte order mark", "\uFEFF\uFEFFdata: a\n\n", nil},
	{"half a byte order mark", "\xEF\xBBdata: a\n\n", nil},
	{"byte order mark later is data", "data: \uFEFFa\n\n", []gotEvent{{"", "\uFEFFa", ""}}},
	{"comments between lines", ":\ndata: a\n: ping\ndata: b\n\n", []gotEvent{{"", "a\nb", ""}}},
	{"comment alone dispatches nothing", ": keep-alive\n\n", nil},
	{"event name", "event: token\ndata: a\n\ndata: b\n\n", []gotEvent{{"token", "a", ""}, {"", "b", ""}}},
	{"last event name counts", "event: x\nevent: y\ndata: a\n\n", []gotEvent{{"y", "a", ""}}},
	{"name without data dispatches nothing and is forgotten", "event: x\n\ndata: a\n\n", []gotEvent{{"", "a", ""}}},
	{"id stays", "id: 7\ndata: a\n\ndata: b\n\n", []gotEvent{{"", "a", "7"}, {"", "b", "7"}}},
	{"id with a zero byte is ignored", "id: 7\ndata: a\n\nid: 8\x00\ndata: b\n\n", []gotEvent{{"", "a", "7"}, {"", "b", "7"}}},
	{"id counts without data", "id: 7\n\ndata: b\n\n", []gotEvent{{"", "b", "7"}}},
	{"retry and unknown fields", "retry: 10\nretry: x\nfoo: bar\ndata: a\n\n", []gotEvent{{"", "a", ""}}},
	{"fields are case-sensitive", "Data: a\nDATA: b\ndata: c\n\n", []gotEvent{{"", "c", ""}}},
	{"a space before the colon makes another field", "data : a\n\n", nil},
	{"colons in the value", "data: a:b: c\n\n", []gotEvent{{"", "a:b: c", ""}}},
	{"a tab is kept", "data:\ta\n\n", []gotEvent{{"", "\ta", ""}}},
	{"blank lines", "\n\n\r\n\rdata: a\n\n\n\n", []gotEvent{{"", "a", ""}}},
	{"open event at the end is dropped", "data: a\n\ndata: b\n", []gotEvent{{"", "a", ""}}},
	{"UTF-8", "data: żółć 🎈\n\n", []gotEvent{{"", "żółć 🎈", ""}}},
	{"empty", "", nil},
}

func TestFraming(t *testing.T) {
	for _, c := range framingCases {
		t.Run(c.name, func(t *testing.T) {
			if got := parse(t, c.stream); !reflect.DeepEqual(got, c.want) {
				t.Errorf("whole: got %q, want %q", got, c.want)
			}
			if got := parse(t, strings.Split(c.stream, "")...); !utf8Split(c.stream) && !reflect.DeepEqual(got, c.want) {
				t.Errorf("by character: got %q, want %q", got, c.want)
			}
			if got := parse(t, bytesOf(c.stream)...); !reflect.DeepEqual(got, c.want) {
				t.Errorf("by byte: got %q, want %q", got, c.want)
			}
		})
	}
}

// utf8Split tells of text that strings.Split would mend.
func utf8Split(text string) bool { return strings.ToValidUTF8(text, "") != text }

func bytesOf(text string) []string {
	pieces := make([]string, len(text))
	for i := range pieces {
		pieces[i] = text[i : i+1]
	}
	return pieces
}

// Any stream gives the same events however it is cut.
func TestFramingDoesNotDependOnReads(t *testing.T) {
	alphabet := []string{"data", "event", "id", ":", " ", "\n", "\r", "\r\n", "\n\n", "a", "\x00", "\uFEFF", "é", "\xEF"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		var text strings.Builder
		for range random.IntN(30) {
			text.WriteString(alphabet[random.IntN(len(alphabet))])
		}
		checkSplits(t, text.String(), random)
	}
}

func checkSplits(t *testing.T, text string, random *rand.Rand) {
	t.Helper()
	want := parse(t, text)
	var pieces []string
	for rest := text; rest != ""; {
		n := 1 + random.IntN(len(rest))
		pieces, rest = append(pieces, rest[:n]), rest[n:]
	}
	if got := parse(t, pieces...); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q cut as %q: got %q, want %q", text, pieces, got, want)
	}
	if got := parse(t, bytesOf(text)...); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q by byte: got %q, want %q", text, got, want)
	}
}

func FuzzFraming(f *testing.F) {
	for _, c := range framingCases {
		f.Add(c.stream, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		checkSplits(t, text, rand.New(rand.NewPCG(seed, 0)))
	})
}

func TestLineOfMegabytes(t *testing.T) {
	long := strings.Repeat("x", 5<<20)
	text := "data: " + long + "\n\ndata: b\n\n"
	var pieces []string
	for rest := text; rest != ""; {
		n := min(8<<10, len(rest))
		pieces, rest = append(pieces, rest[:n]), rest[n:]
	}
	got := parse(t, pieces...)
	if len(got) != 2 || got[0].data != long || got[1].data != "b" {
		t.Errorf("%d events", len(got))
	}
}

func TestTooLarge(t *testing.T) {
	quarter := strings.Repeat("x", maxEventBytes/4)
	for name, line := range map[string]string{"line": quarter, "data of many lines": "data:" + quarter + "\n", "comment": ":" + quarter} {
		t.Run(name, func(t *testing.T) {
			parser := &sseParser{}
			var err error
			for n := 0; n < 8 && err == nil; n++ {
				err = parser.feed([]byte(line), func(event) { t.Error("dispatched") })
			}
			var tooLarge tooLargeError
			if !errors.As(err, &tooLarge) {
				t.Errorf("got %v", err)
			}
		})
	}
}
