// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"testing"
	"time"
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
