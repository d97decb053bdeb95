// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// capture is what test/captures/make.mjs says of an answer.
type capture struct {
	Path   string `json:"path"`
	Expect struct {
		Error    *string  `json:"error"`
		Finish   *string  `json:"finish"`
		Model    *string  `json:"model"`
		Events   int      `json:"events"`
		Tokens   *float64 `json:"tokens"`
		Oddities []string `json:"oddities"`
	} `json:"expect"`
}

const captures = "../../test/captures"

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// wire answers each request with the same bytes, and ends the connection.
func wire(t *testing.T, answer []byte) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.Copy(io.Discard, request.Body)
				_, _ = conn.Write(answer)
			}
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

// Every capture is read here as by the reader before the load, but for what the domain judges by an answer's end.
func TestCaptures(t *testing.T) {
	var rules map[string]json.RawMessage
	readJSON(t, filepath.Join(captures, "rules.json"), &rules)
	files, err := filepath.Glob(filepath.Join(captures, "*.http"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".http")
		t.Run(name, func(t *testing.T) {
			var of capture
			readJSON(t, strings.TrimSuffix(file, ".http")+".json", &of)
			answer, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newVU(t).request(fmt.Sprintf(`'POST', %q, '{}', {rules: %s}`, wire(t, answer), rules[of.Path]))
			want := kind(text(of.Expect.Error))
			if !slices.Contains(kinds, want) {
				want = kindNone // judged by how it ended: in domain/protocols/answer.ts
			}
			if got.kind() != want {
				t.Errorf("kind %q (%s), want %q", got.kind(), text(got.ErrorMessage), want)
			}
			model, _ := got.Extra["model"].(string)
			tokens := got.Usage["completion_tokens"]
			if tokens != nil && *tokens == 0 {
				tokens = nil
			}
			if got.TokenEvents != of.Expect.Events || model != text(of.Expect.Model) || (tokens == nil) != (of.Expect.Tokens == nil) || tokens != nil && *tokens != *of.Expect.Tokens {
				t.Errorf("%d token events, model %q, tokens %v", got.TokenEvents, model, tokens)
			}
			if !slices.Equal(got.Oddities, of.Expect.Oddities) {
				t.Errorf("oddities %v, want %v", got.Oddities, of.Expect.Oddities)
			}
			finish := text(got.Finish)
			if (finish == "") != (of.Expect.Finish == nil) {
				t.Errorf("finish %q", finish)
			}
		})
	}
}
