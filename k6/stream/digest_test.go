// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"
)

// digestOf gives the digest of a stream whose events are a millisecond apart.
func digestOf(t *testing.T, rulesText, text string) *digest {
	t.Helper()
	d := newDigest(mustRules(t, rulesText), true, 100)
	parser := &sseParser{}
	at := time.Now()
	err := parser.feed([]byte(text), func(e event) {
		at = at.Add(time.Millisecond)
		d.add(e, at)
	})
	if err == nil {
		err = parser.finish(func(e event) { d.add(e, at) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func chat(delta string) string {
	return `data: {"choices":[{"index":0,"delta":` + delta + `}]}` + "\n\n"
}

const (
	done            = "data: [DONE]\n\n"
	completionRules = `{"token_paths":["content","tokens"],"text_paths":["content"],"terminator":{"path":"stop","equals":true},
		"usage":{"completion_tokens":["tokens_predicted","usage.completion_tokens"]},"extra":{"timings":"timings"},"error":{"paths":["error"]}}`
	eventRules = `{"token_events":["token"],"text_paths":["text"],"terminator":{"event":"done"},"error":{"event":"error"},
		"usage":{"completion_tokens":"num_generated"}}`
)

func TestDigest(t *testing.T) {
	cases := []struct {
		name, rules, stream string
		tokens              int
		text                string
		failure             kind
	}{
		{"chat", chatRules, chat(`{"role":"assistant","content":""}`) + chat(`{"content":"a"}`) + chat(`{"content":"b"}`) + chat(`{}`) + done, 2, "ab", ""},
		{"role with null or absent content", chatRules, chat(`{"role":"assistant","content":null}`) + chat(`{"role":"assistant"}`) + chat(`{"content":"a"}`) + done, 1, "a", ""},
		{"role together with the first token", chatRules, chat(`{"role":"assistant","content":"a"}`) + done, 1, "a", ""},
		{"reasoning and tool calls are tokens and no text", chatRules, chat(`{"reasoning_content":"hm"}`) + chat(`{"reasoning":"hm"}`) + chat(`{"tool_calls":[{"index":0}]}`) + chat(`{"tool_calls":[]}`) + done, 3, "", ""},
		{"usage chunk without choices", chatRules, chat(`{"content":"a"}`) + `data: {"choices":[],"usage":{"completion_tokens":1,"prompt_tokens":9}}` + "\n\n" + done, 1, "a", ""},
		{"a token after the terminator does not count", chatRules, chat(`{"content":"a"}`) + done + chat(`{"content":"b"}`) + "data: {{\n\n", 1, "a", ""},
		{"no terminator", chatRules, chat(`{"content":"a"}`), 1, "a", kindNoTerminator},
		{"no token", chatRules, chat(`{"role":"assistant"}`) + done, 0, "", kindNoToken},
		{"nothing at all", chatRules, "", 0, "", kindNoToken},
		{"an error event comes before what is missing", chatRules, `data: {"error":{"message":"overloaded"}}` + "\n\n", 0, "", kindErrorEvent},
		{"a named error event", chatRules, chat(`{"content":"a"}`) + "event: error\ndata: boom\n\n" + done, 1, "a", kindErrorEvent},
		{"error null or false is none", chatRules, `data: {"error":null,"choices":[{"delta":{"content":"a"}}]}` + "\n\n" + `data: {"error":false}` + "\n\n" + done, 1, "a", ""},
		{"garbage, and the first failure stands", chatRules, chat(`{"content":"a"}`) + "data: {\"choices\":[{\n\n" + `data: {"error":"late"}` + "\n\n" + done, 1, "a", kindBadJSON},
		{"plain text is garbage", chatRules, "data: hello\n\n" + done, 0, "", kindBadJSON},
		{"other JSON is ignored", chatRules, "data: 1\n\ndata: [1]\n\ndata: \"x\"\n\n" + chat(`{"content":"a"}`) + done, 1, "a", ""},
		{"empty data is ignored", chatRules, "data:\n\n" + chat(`{"content":"a"}`) + done, 1, "a", ""},
		{"spaces around an object", chatRules, `data:    {"choices":[{"delta":{"content":"a"}}]}  ` + "\n\n" + done, 1, "a", ""},
		{"escapes", chatRules, chat(`{"content":"\"\u00e9\n"}`) + done, 1, "\"é\n", ""},
		{"llama.cpp", completionRules, `data: {"content":"a","tokens":[5],"stop":false}` + "\n\n" + `data: {"content":"","tokens":[],"stop":true,"tokens_predicted":1,"timings":{"predicted_ms":2.5}}` + "\n\n", 1, "a", ""},
		{"a last token in the terminator counts", completionRules, `data: {"content":"a","stop":true}` + "\n\n", 1, "a", ""},
		{"llama.cpp without stop", completionRules, `data: {"content":"a","stop":false}` + "\n\n", 1, "a", kindNoTerminator},
		{"named events with plain text", eventRules, "event: token\ndata: Hel\n\nevent: token\ndata: {\n\nevent: done\ndata: bye\n\n", 2, "Hel{", ""},
		{"named events with objects, whose text may be empty", eventRules, "event: token\ndata: {\"text\":\"\"}\n\nevent: token\ndata: {\"text\":\"b\"}\n\nevent: done\ndata: {\"num_generated\":2}\n\n", 2, "b", ""},
		{"a named event without data is none", eventRules, "event: token\n\nevent: token\ndata\n\nevent: done\ndata\n\n", 0, "", kindNoToken},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := digestOf(t, c.rules, c.stream)
			if d.tokenEvents != c.tokens || string(d.text) != c.text || d.atEnd().kind != c.failure {
				t.Errorf("got %d tokens, text %q, failure %q", d.tokenEvents, d.text, d.atEnd())
			}
			digest := sha256.Sum256([]byte(c.text))
			if got := hex.EncodeToString(d.textHash.Sum(nil)); got != hex.EncodeToString(digest[:]) {
				t.Errorf("digest of the text: %s", got)
			}
			if want := max(0, c.tokens-1); len(d.gaps) != want {
				t.Errorf("%d gaps", len(d.gaps))
			}
		})
	}
}

func TestDigestValues(t *testing.T) {
	d := digestOf(t, completionRules, `data: {"content":"a","stop":false,"usage":{"completion_tokens":1},"timings":null}`+"\n\n"+
		`data: {"content":"b","stop":true,"tokens_predicted":2,"usage":{"completion_tokens":9},"timings":{"predicted_ms":2.5}}`+"\n\n")
	got := map[string]string{}
	for n, wanted := range d.rules.wanted {
		got[wanted.name] = string(d.values[n])
	}
	if want := map[string]string{"completion_tokens": "2", "timings": `{"predicted_ms":2.5}`}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	const text = `{"token_paths":["t"],"terminator":{"data":"x"},"extra":{"model":"model"}}`
	named := digestOf(t, text, `data: {"model":""}`+"\n\n"+`data: {"model":"first"}`+"\n\n"+`data: {"model":"last"}`+"\n\n")
	if got := string(named.values[0]); got != `"first"` {
		t.Errorf("the model is %s", got)
	}
}

func TestErrorMessages(t *testing.T) {
	for data, want := range map[string]string{
		`{"error":{"message":"too long","code":400}}`: "too long",
		`{"message":"too long"}`:                      "too long",
		`{"error":"too long"}`:                        "too long",
		`"too long"`:                                  "too long",
		`too long`:                                    "too long",
		`{"code":5}`:                                  `{"code":5}`,
		strings.Repeat("x", 1000):                     strings.Repeat("x", excerptBytes) + "…",
	} {
		if got := describeError([]byte(data)); got != "the server says: "+want {
			t.Errorf("%s: got %q", data, got)
		}
	}
}

func TestBadRules(t *testing.T) {
	const terminator = `"terminator":{"data":"[DONE]"}`
	for text, want := range map[string]string{
		`{}`:                    "nothing says what a token is",
		`{` + terminator + `}`:  "nothing says what a token is",
		`{"token_paths":["a"]}`: "terminator has 0 forms",
		`{"token_paths":["a"],"terminator":{"data":"x","event":"y"}}`:      "terminator has 2 forms",
		`{"token_paths":["a"],"terminator":{"path":"stop"}}`:               "path and equals go together",
		`{"token_paths":["a"],"terminator":{"data":"x","equals":1}}`:       "path and equals go together",
		`{"token_paths":["a"],"terminator":{"path":"stop","equals":[]}}`:   "equals must be",
		`{"token_paths":["a"],"terminator":{"path":"stop","equals":null}}`: "equals must be",
		`{"token_paths":["a..b"],` + terminator + `}`:                      `path "a..b" has an empty key`,
		`{"token_paths":[""],` + terminator + `}`:                          `path "" has an empty key`,
		`{"token_paths":"a",` + terminator + `}`:                           "token_paths",
		`{"token_path":["a"],` + terminator + `}`:                          `unknown field "token_path"`,
		`{"token_paths":["a"],"usage":{"n":5},` + terminator + `}`:         "cannot unmarshal number",
		`[]`: "cannot unmarshal array",
	} {
		_, err := parseRules([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestTerminatorByText(t *testing.T) {
	const text = `{"token_paths":["t"],"terminator":{"path":"type","equals":"message_stop"}}`
	d := digestOf(t, text, `data: {"t":"a","type":"delta"}`+"\n\n"+`data: {"type":"message\u005fstop"}`+"\n\n")
	if !d.terminated || d.tokenEvents != 1 {
		t.Errorf("terminated %v, %d tokens", d.terminated, d.tokenEvents)
	}
}

const finishRules = `{
	"token_paths": ["choices.0.delta.content", "choices.0.delta.reasoning_content"],
	"reasoning_paths": ["choices.0.delta.reasoning_content"],
	"text_paths": ["choices.0.delta.content"],
	"finish_paths": ["choices.0.finish_reason", "choices.0.finish_reason.type", "finish_reason"],
	"chunk_paths": ["choices", "usage"],
	"terminator": {"data": "[DONE]"},
	"error": {"paths": ["error", "choices.0.error"], "stray_paths": ["error_code", "code", "detail", "message"], "event": ["error", "abort"]}
}`

const ended = `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n"

// What a server says of an answer's end, wherever it puts it, and what is no answer at all.
func TestHowItEnded(t *testing.T) {
	a := chat(`{"content":"a"}`)
	for name, c := range map[string]struct {
		stream, finish string
		failure        kind
		odd            []string
	}{
		"in the choice":                       {a + ended + done, "stop", "", nil},
		"as an object":                        {a + `data: {"choices":[{"delta":{},"finish_reason":{"type":"abort"}}]}` + "\n\n" + done, "abort", "", nil},
		"at the top":                          {a + `data: {"choices":[],"finish_reason":"error"}` + "\n\n" + done, "error", "", nil},
		"with the text":                       {`data: {"choices":[{"delta":{"content":"a"},"finish_reason":"length"}]}` + "\n\n" + done, "length", "", nil},
		"the last one stands":                 {a + ended + `data: {"choices":[{"delta":{},"finish_reason":"abort"}]}` + "\n\n" + done, "abort", "", nil},
		"a usage chunk does not take it away": {a + ended + `data: {"choices":[{"delta":{},"finish_reason":null}]}` + "\n\n" + done, "stop", "", nil},
		"none, empty and null say nothing": {a + `data: {"choices":[{"delta":{},"finish_reason":"none"}]}` + "\n\n" +
			`data: {"choices":[{"delta":{},"finish_reason":""}]}` + "\n\n" + done, "", "", nil},
		"a finish reason without a terminator":    {a + ended, "stop", "", []string{oddNoTerminator}},
		"neither":                                 {a, "", kindNoTerminator, nil},
		"cut in the middle of the event after it": {a + ended + `data: {"usa`, "stop", kindNoTerminator, nil},
		"an error code in place of a chunk":       {a + `data: {"text":"**NETWORK ERROR**","error_code":50001}` + "\n\n" + done, "", kindErrorEvent, nil},
		"a message in place of a chunk":           {a + `data: {"object":"error","message":"worker died"}` + "\n\n" + done, "", kindErrorEvent, nil},
		"a detail in place of a chunk":            {a + `data: {"detail":[{"msg":"x"}]}` + "\n\n" + ended + done, "stop", kindErrorEvent, nil},
		"a message of a chunk is none":            {`data: {"message":"x","choices":[{"delta":{"content":"a"}}]}` + "\n\n" + ended + done, "stop", "", nil},
		"an error in the choice":                  {a + `data: {"choices":[{"delta":{},"error":{"message":"x"}}]}` + "\n\n" + done, "", kindErrorEvent, nil},
		"an event named abort":                    {a + "event: abort\ndata: {}\n\n" + done, "", kindErrorEvent, nil},
		"errors with nothing in them": {`data: {"error":"","choices":[{"delta":{"content":"a"}}]}` + "\n\n" + `data: {"error":{},"choices":[]}` + "\n\n" +
			`data: {"error":{"message":"","code":null},"choices":[]}` + "\n\n" + `data: {"code":0,"message":""}` + "\n\n" + ended + done, "stop", "", []string{oddUnknownEvent}},
		"an unknown event":               {`data: {"type":"ping"}` + "\n\n" + a + ended + done, "stop", "", []string{oddUnknownEvent}},
		"words before the first token":   {"data: ping\n\ndata: still thinking\n\n" + a + ended + done, "stop", "", []string{oddKeepAlive}},
		"ping after the first token":     {a + "data: PING\n\n" + ended + done, "stop", "", []string{oddKeepAlive}},
		"other words after it":           {a + "data: oh no\n\n" + ended + done, "stop", kindBadJSON, nil},
		"words and nothing else":         {"data: Internal Server Error\n\n", "", kindBadJSON, []string{oddKeepAlive}},
		"a terminator with spaces":       {a + ended + "data:  [DONE] \n\n", "stop", "", []string{oddSpacedTerminator}},
		"a last event without its line":  {a + ended + "data: [DONE]\n", "stop", "", []string{oddOpenEnd}},
		"a last line without its end":    {a + ended + "data: [DONE]", "stop", "", []string{oddOpenEnd}},
		"single line feeds":              {strings.ReplaceAll(a+a+ended+done, "\n\n", "\n"), "", kindBadJSON, nil},
		"a JSON text over several lines": {"data: {\"choices\":[\ndata: {\"delta\":{\"content\":\"a\"}}]}\n\n" + ended + done, "stop", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := digestOf(t, finishRules, c.stream)
			failed := d.atEnd()
			if string(d.finish) != c.finish || failed.kind != c.failure || !reflect.DeepEqual(d.oddities.names(), c.odd) {
				t.Errorf("got finish %q, failure %q, oddities %v", d.finish, failed, d.oddities.names())
			}
		})
	}
	if got := digestOf(t, finishRules, strings.ReplaceAll(a+a+ended+done, "\n\n", "\n")).atEnd().message; !strings.Contains(got, "4 data lines") {
		t.Errorf("single line feeds: %s", got)
	}
	if got := digestOf(t, finishRules, chat(`{}`)+done).atEnd().message; !strings.Contains(got, "with its terminator") || !strings.Contains(got, "no reason why it finished") {
		t.Errorf("no token: %s", got)
	}
}

func TestReasoningIsToldApart(t *testing.T) {
	d := digestOf(t, finishRules, chat(`{"reasoning_content":"hmm"}`)+chat(`{"content":"a"}`)+chat(`{"content":"b","reasoning_content":"c"}`)+ended+done)
	if d.tokenEvents != 3 || d.answerEvents != 2 || d.contentBytes != 6 || d.thoughtBytes != 4 || d.firstAnswer.Sub(d.firstToken) != time.Millisecond {
		t.Errorf("got %d tokens, %d of the answer, %d bytes, %d of reasoning", d.tokenEvents, d.answerEvents, d.contentBytes, d.thoughtBytes)
	}
	if _, err := parseRules([]byte(`{"token_paths":["a"],"reasoning_paths":["b"],"terminator":{"data":"x"}}`)); err == nil || !strings.Contains(err.Error(), "not among token_paths") {
		t.Errorf("got %v", err)
	}
}

func TestReads(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		events, reads, first int
		gaps                 []time.Duration
	}{
		"none":                    {0, 0, 0, nil},
		"one":                     {1, 1, 1, nil},
		"all at once":             {4, 1, 4, []time.Duration{0, 0, 0}},
		"each by itself":          {4, 4, 1, []time.Duration{9 * ms, 10 * ms, 11 * ms}},
		"three held back":         {5, 3, 3, []time.Duration{0, 20 * time.Microsecond, 10 * ms, 10 * ms}},
		"two with every read":     {6, 3, 2, []time.Duration{0, 20 * ms, 0, 20 * ms, 0}},
		"a quick server's jitter": {4, 4, 1, []time.Duration{8 * time.Microsecond, 20 * time.Microsecond, 12 * time.Microsecond}},
	} {
		if reads, first := readsOf(c.events, c.gaps); reads != c.reads || first != c.first {
			t.Errorf("%s: %d reads, the first of %d", name, reads, first)
		}
	}
}
