// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"net/http"
	"testing"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/modulestest"
)

const chatChunk = `{"id":"chatcmpl-9f2c4f1e7ab04c7d","object":"chat.completion.chunk","created":1764000000,` +
	`"model":"qwen2.5-7b-instruct","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}`

const chatRules = `{
	"token_paths": ["choices.0.delta.content", "choices.0.delta.reasoning_content", "choices.0.delta.reasoning", "choices.0.delta.tool_calls"],
	"text_paths": ["choices.0.delta.content"],
	"terminator": {"data": "[DONE]"},
	"error": {"paths": ["error"], "event": "error"},
	"usage": {"completion_tokens": "usage.completion_tokens", "prompt_tokens": "usage.prompt_tokens"},
	"extra": {"finish_reason": "choices.0.finish_reason", "model": "model", "timings": "timings"}
}`

func mustRules(t testing.TB, raw string) *rules {
	t.Helper()
	r, err := parseRules([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// BenchmarkTokenInGo is the cost of one chat chunk from bytes to counted token, by rules.
func BenchmarkTokenInGo(b *testing.B) {
	d := newDigest(mustRules(b, chatRules), false, 0)
	parser := &sseParser{}
	frame := []byte("data: " + chatChunk + "\n\n")
	now := time.Now()
	dispatch := func(e event) { d.add(e, now) }
	b.ReportAllocs()
	for b.Loop() {
		if err := parser.feed(frame, dispatch); err != nil {
			b.Fatal(err)
		}
		d.gaps = d.gaps[:0]
	}
	if d.tokenEvents != b.N {
		b.Fatalf("%d tokens of %d events", d.tokenEvents, b.N)
	}
}

// BenchmarkTokenInJavaScript is the same decision made by the script, in its best case: all events of a stream handed over
// at once, at its end, so that no event waits for the event loop. One operation is one event.
func BenchmarkTokenInJavaScript(b *testing.B) {
	const batch = 100
	rt := sobek.New()
	value, err := rt.RunString(`(events) => {
		let tokens = 0, text = '', usage = null, finish = null;
		for (const data of events) {
			if (data === '[DONE]') break;
			const chunk = JSON.parse(data);
			if (chunk.error) return -1;
			const choice = chunk.choices[0];
			const delta = choice?.delta;
			if (delta?.content || delta?.reasoning_content || delta?.reasoning || delta?.tool_calls?.length > 0) tokens++;
			if (delta?.content) text += delta.content;
			if (choice?.finish_reason) finish = choice.finish_reason;
			if (chunk.usage) usage = chunk.usage;
		}
		return tokens;
	}`)
	if err != nil {
		b.Fatal(err)
	}
	judge, _ := sobek.AssertFunction(value)
	b.ReportAllocs()
	for n := 0; n < b.N; n += batch {
		events := make([]any, batch)
		for i := range events {
			events[i] = chatChunk
		}
		tokens, err := judge(sobek.Undefined(), rt.NewArray(events...))
		if err != nil || tokens.ToInteger() != batch {
			b.Fatal(tokens, err)
		}
	}
}

// BenchmarkResult is what making the script's result of a stream of 100 tokens costs.
func BenchmarkResult(b *testing.B) {
	i := &instance{vu: &modulestest.VU{RuntimeField: sobek.New()}}
	d := newDigest(mustRules(b, chatRules), false, 0)
	now := time.Now()
	for range 100 {
		d.add(event{data: []byte(chatChunk)}, now)
	}
	header := http.Header{"Content-Type": {eventStream}, "Date": {"x"}, "X-Trace-Id": {"y"}}
	res := &result{t0: now, end: now, firstByte: now, digest: d, response: &http.Response{StatusCode: 200, Proto: "HTTP/1.1", Header: header}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i.toJS(res, true); err != nil {
			b.Fatal(err)
		}
	}
}
