// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/js/modulestest"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext"
	"go.k6.io/k6/v2/metrics"
	"gopkg.in/guregu/null.v3"
)

// vu is one VU of k6 with the module in it, as global `stream`.
type vu struct {
	*modulestest.Runtime
	t       *testing.T
	module  *Module
	samples chan metrics.SampleContainer
}

// dialAsK6 counts a connection's bytes, as k6's own dialer does.
func dialAsK6(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &netext.Conn{Conn: conn, BytesRead: new(int64), BytesWritten: new(int64)}, nil
}

func newVU(t *testing.T) *vu {
	t.Helper()
	runtime := modulestest.NewRuntime(t)
	module := NewModule()
	instance := module.NewModuleInstance(runtime.VU)
	if err := runtime.VU.Runtime().Set("stream", instance.Exports().Named); err != nil {
		t.Fatal(err)
	}
	samples := make(chan metrics.SampleContainer, 1000)
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a test's own server
		DialContext:        dialAsK6,
		DisableCompression: true,
		ForceAttemptHTTP2:  true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	runtime.MoveToVUContext(&lib.State{
		Options:        lib.Options{SystemTags: &metrics.DefaultSystemTagSet, UserAgent: null.StringFrom("k6-test")},
		BuiltinMetrics: runtime.BuiltinMetrics,
		Logger:         logger,
		Transport:      transport,
		Samples:        samples,
		Tags:           lib.NewVUStateTags(runtime.VU.InitEnvField.Registry.RootTagSet().With("scenario", "shadow")),
	})
	return &vu{runtime, t, module, samples}
}

// answer is a Result of the module, as JSON.
type answer struct {
	Error        *string             `json:"error"`
	ErrorMessage *string             `json:"error_message"`
	Status       *int                `json:"status"`
	Proto        *string             `json:"proto"`
	Remote       *string             `json:"remote_address"`
	Connection   *int                `json:"connection"`
	Headers      map[string]string   `json:"headers"`
	ContentType  *string             `json:"content_type"`
	Body         *string             `json:"body"`
	Bytes        int                 `json:"bytes"`
	Sends        int                 `json:"sends"`
	Finish       *string             `json:"finish"`
	Oddities     []string            `json:"oddities"`
	T0           float64             `json:"t0_ms"`
	DNS          *float64            `json:"dns_ms"`
	Connecting   *float64            `json:"connecting_ms"`
	TLS          *float64            `json:"tls_ms"`
	Waiting      *float64            `json:"waiting_ms"`
	FirstEvent   *float64            `json:"first_event_ms"`
	FirstToken   *float64            `json:"first_token_ms"`
	LastToken    *float64            `json:"last_token_ms"`
	End          *float64            `json:"end_ms"`
	EventsSeen   int                 `json:"events_seen"`
	TokenEvents  int                 `json:"token_events"`
	ITL          []float64           `json:"itl_ms"`
	ITLJSON      *string             `json:"itl_json"`
	Usage        map[string]*float64 `json:"usage"`
	Extra        map[string]any      `json:"extra"`
	TextSHA256   *string             `json:"text_sha256"`
	Text         *string             `json:"text"`
	Events       []map[string]any    `json:"events"`
}

func (a answer) kind() kind {
	if a.Error == nil {
		return kindNone
	}
	return kind(*a.Error)
}

// request runs stream.request with the given JavaScript arguments.
func (v *vu) request(arguments string) answer {
	v.t.Helper()
	if err := v.run(`stream.request(` + arguments + `).then(r => {
		if (!(r.itl_ms instanceof Float64Array)) throw new Error('itl_ms is no Float64Array');
		answer = JSON.stringify({ ...r, itl_ms: Array.from(r.itl_ms) });
	})`); err != nil {
		v.t.Fatalf("%s: %v", arguments, err)
	}
	var got answer
	if err := json.Unmarshal([]byte(v.VU.Runtime().Get("answer").String()), &got); err != nil {
		v.t.Fatal(err)
	}
	return got
}

func (v *vu) run(script string) error {
	_, err := v.RunOnEventLoop(`var answer, rules = ` + chatRules + `; ` + script)
	return err
}

// server serves one handler at /.
func server(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections)
	return s.URL
}

// streamer answers with the given pieces, each flushed.
func streamer(pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for _, piece := range pieces {
			_, _ = io.WriteString(w, piece)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

var (
	role  = chat(`{"role":"assistant","content":""}`)
	token = chat(`{"content":"a"}`)
	usage = `data: {"choices":[],"usage":{"completion_tokens":2,"prompt_tokens":5},"timings":{"n":1}}` + "\n\n"
)

func post(url, params string) string {
	return fmt.Sprintf(`'POST', %q, '{"x":1}', {rules, %s}`, url, params)
}

func TestStream(t *testing.T) {
	const gap = 30 * time.Millisecond
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"x":1}` || r.Header.Get("User-Agent") != "k6-test" || r.Header.Get("X-Request-Id") != "7" || r.Method != "POST" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Trace-Id", "t1")
		for _, piece := range []string{role, token, token, usage + done} {
			_, _ = io.WriteString(w, piece)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(gap)
		}
	})
	before := float64(time.Now().UnixNano()) / 1e6
	got := newVU(t).request(post(url, `headers: {'X-Request-Id': '7'}, keep_text: true, keep_events: 2, itl_json: true`))
	if got.kind() != kindNone || *got.Status != 200 || *got.Proto != "HTTP/1.1" || got.Headers["X-Trace-Id"] != "t1" || *got.ContentType != "text/event-stream" {
		t.Fatalf("got %+v", got)
	}
	if got.Body != nil || *got.Text != "aa" || got.TokenEvents != 2 || got.EventsSeen != 5 || got.Bytes != len(role+token+token+usage+done) {
		t.Errorf("got %+v", got)
	}
	if *got.Usage["completion_tokens"] != 2 || *got.Usage["prompt_tokens"] != 5 || got.Extra["timings"].(map[string]any)["n"] != 1.0 || got.Extra["model"] != nil {
		t.Errorf("usage %v, extra %v", got.Usage, got.Extra)
	}
	if len(got.Events) != 2 || got.Events[0]["event"] != "message" || got.Events[1]["at_ms"] != *got.FirstToken {
		t.Errorf("events %v", got.Events)
	}
	// Never earlier than the server's sleeps; how much later is the machine's affair.
	ms := float64(gap.Milliseconds())
	if math.Abs(got.T0-before) > 10_000 || *got.Connecting <= 0 || got.DNS != nil || got.TLS != nil {
		t.Errorf("t0 %v after %v, steps %v %v %v", got.T0, before, got.DNS, got.Connecting, got.TLS)
	}
	if *got.FirstEvent < *got.Waiting-1 || *got.FirstToken < ms || len(got.ITL) != 1 || math.Abs(got.ITL[0]-(*got.LastToken-*got.FirstToken)) > 0.01 ||
		*got.LastToken < 2*ms || *got.End < 4*ms {
		t.Errorf("waiting %v, event %v, tokens %v to %v, itl %v, end %v", *got.Waiting, *got.FirstEvent, *got.FirstToken, *got.LastToken, got.ITL, *got.End)
	}
	var printed []float64
	if err := json.Unmarshal([]byte(*got.ITLJSON), &printed); err != nil || len(printed) != 1 || math.Abs(printed[0]-got.ITL[0]) > 0.001 {
		t.Errorf("itl_json %v, itl_ms %v", *got.ITLJSON, got.ITL)
	}
}

// failures are answers of one server, and what each must be called.
func TestFailures(t *testing.T) {
	hijacked := func(answer string, reset bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(conn, answer)
			time.Sleep(20 * time.Millisecond) // so that the bytes are read before a reset drops them
			if tcp, ok := conn.(*net.TCPConn); ok && reset {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		}
	}
	chunked := func(pieces ...string) string {
		text := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
		for _, piece := range pieces {
			text += fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
		}
		return text
	}
	answerWith := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	encoded := func(encoding string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", eventStream)
			w.Header().Set("Content-Encoding", encoding)
			_, _ = w.Write(body)
		}
	}
	stall := func(w http.ResponseWriter, r *http.Request) {
		streamer(token)(w, r)
		<-r.Context().Done()
	}
	whole := gzipped(token + done)
	const page = "<html><h1>502 Bad Gateway</h1></html>"
	cases := []struct {
		name    string
		handler http.HandlerFunc
		params  string
		kind    kind
		tokens  int
		body    string
		message string
	}{
		{"server error with JSON", answerWith(500, "application/json", `{"error":"x"}`), "", kindStatus, 0, `{"error":"x"}`, "500"},
		{"server error as a stream", answerWith(503, eventStream, token+done), "", kindStatus, 0, token + done, "503"},
		{"HTML page", answerWith(502, "text/html", page), "", kindStatus, 0, page, "502"},
		{"HTML page with 200", answerWith(200, "text/html", page), "", kindNotSSE, 0, page, "text/html"},
		{"JSON when a stream was asked for", answerWith(200, "application/json", `{"choices":[]}`), "", kindNotSSE, 0, `{"choices":[]}`, "application/json"},
		{"redirect not followed", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusSeeOther) }, "", kindStatus, 0, "", "303"},
		{"no content", answerWith(204, eventStream, ""), "", kindNoToken, 0, "", "without a token"},
		{"error event", streamer(token, `data: {"error":{"message":"boom"}}`+"\n\n"), "", kindErrorEvent, 1, "", "boom"},
		{"garbage", streamer(token, "data: {oops\n\n", done), "", kindBadJSON, 1, "", "{oops"},
		{"zero tokens", streamer(role, done), "", kindNoToken, 0, "", ""},
		{"no terminator", streamer(token), "", kindNoTerminator, 1, "", ""},
		{"terminator without its blank line", streamer(token, "data: [DONE]\n"), "", kindNone, 1, "", ""},
		{"terminator without its line's end", streamer(token, "data: [DONE]"), "", kindNone, 1, "", ""},
		{"cut short of its length after the terminator's line", hijacked("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 10000\r\n\r\n"+token+"data: [DONE]\n", false), "", kindCutBody, 1, "", ""},
		{"events of another content type", answerWith(200, "application/octet-stream", "\uFEFF\n: hi\n\n"+token+done), "", kindNone, 1, "", ""},
		{"JSON lines", answerWith(200, "application/x-ndjson", `{"a":1}`+"\n"+`{"b":1}`+"\n"), "", kindNotSSE, 0, `{"a":1}` + "\n" + `{"b":1}` + "\n", "x-ndjson"},
		{"an empty body of another type", answerWith(200, "application/json", ""), "", kindNotSSE, 0, "", "application/json"},
		{"cut mid-stream", hijacked(chunked(token), false), "", kindCutBody, 1, "", ""},
		{"reset mid-stream", hijacked(chunked(token), true), "", kindReset, 1, "", ""},
		{"cut after the terminator", hijacked(chunked(token, done), false), "", kindNone, 1, "", ""},
		{"garbage comes before the cut", hijacked(chunked(token, "data: {\n\n"), false), "", kindBadJSON, 1, "", ""},
		{"cut short of its length", hijacked("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 10000\r\n\r\n"+token, false), "", kindCutBody, 1, "", ""},
		{"bad chunk", hijacked(chunked(token)+"zz\r\n", false), "", kindReset, 1, "", ""},
		{"ends with the connection, complete", hijacked("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"+token+done, false), "", kindNone, 1, "", ""},
		{"closed without an answer", hijacked("", false), "", kindReset, 0, "", ""},
		{"no HTTP", hijacked("SSH-2.0-OpenSSH_9.9\r\n", false), "", kindReset, 0, "", ""},
		{"stall between tokens", stall, "timeout: 150", kindTimeout, 1, "", "timeout"},
		{"hang before the head", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }, "timeout: '0.15s'", kindTimeout, 0, "", "timeout"},
		{"gzip", encoded("gzip", whole), "", kindNone, 1, "", ""},
		{"deflate", encoded("deflate", zlibbed(token+done)), "", kindNone, 1, "", ""},
		{"gzip, broken", encoded("gzip", append(bytes.Clone(whole[:20]), 0xff, 0xff, 0xff, 0xff)), "", kindCutBody, 0, "", ""},
		{"gzip, cut", encoded("gzip", whole[:len(whole)-4]), "", kindNone, 1, "", ""}, // the terminator had come
		{"gzip, none", encoded("gzip", []byte("plain")), "", kindCutBody, 0, "", ""},
		{"gzip, empty", encoded("gzip", nil), "", kindCutBody, 0, "", ""},
		{"unknown encoding", encoded("br", []byte("x")), "", kindCutBody, 0, "", `"br"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := newVU(t).request(post(server(t, c.handler), c.params))
			if got.kind() != c.kind || got.TokenEvents != c.tokens {
				t.Fatalf("got %q (%v), %d tokens", got.kind(), text(got.ErrorMessage), got.TokenEvents)
			}
			if c.body != "" && text(got.Body) != c.body {
				t.Errorf("body %q", text(got.Body))
			}
			if !strings.Contains(text(got.ErrorMessage), c.message) {
				t.Errorf("message %q", text(got.ErrorMessage))
			}
			if got.End == nil || *got.End < 0 {
				t.Errorf("end_ms %v", got.End)
			}
		})
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func gzipped(text string) []byte {
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return buffer.Bytes()
}

func zlibbed(text string) []byte {
	var buffer bytes.Buffer
	w := zlib.NewWriter(&buffer)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return buffer.Bytes()
}

// A compressed stream that is flushed after each event still gives each its own time.
func TestGzipIsReadAsItComes(t *testing.T) {
	url := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", eventStream)
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		for _, piece := range []string{token, token, done} {
			_, _ = io.WriteString(zipped, piece)
			_ = zipped.Flush()
			_ = http.NewResponseController(w).Flush()
			time.Sleep(30 * time.Millisecond)
		}
		_ = zipped.Close()
	})
	if got := newVU(t).request(post(url, "")); got.kind() != kindNone || len(got.ITL) != 1 || got.ITL[0] < 10 {
		t.Errorf("%q, itl %v", got.kind(), got.ITL)
	}
}

func TestConnectionFailures(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String()
	_ = closed.Close()
	plain := strings.Replace(server(t, streamer(done)), "http:", "https:", 1)
	for url, want := range map[string]kind{refused: kindConnect, plain: kindTLS, "http://no-such-host.invalid:1": kindDNS} {
		got := newVU(t).request(post(url, "timeout: '5s'"))
		if got.kind() != want || got.Status != nil || got.Waiting != nil || got.Body != nil || got.End == nil || got.Connection != nil && want == kindConnect {
			t.Errorf("%s: got %q (%s), status %v", url, got.kind(), text(got.ErrorMessage), got.Status)
		}
	}
}

func TestHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(streamer(role, token, token, usage, done))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	v := newVU(t)
	first, second := v.request(post(s.URL, "")), v.request(post(s.URL, ""))
	if first.Connection != nil || "https://"+text(first.Remote) != s.URL {
		t.Errorf("connection %v to %s; on HTTP/2 none is counted", first.Connection, text(first.Remote))
	}
	if first.kind() != kindNone || *first.Proto != "HTTP/2.0" || first.TokenEvents != 2 || *first.Connecting <= 0 || *first.TLS <= 0 {
		t.Errorf("first: %q, %s, connecting %v, TLS %v", first.kind(), *first.Proto, first.Connecting, first.TLS)
	}
	if second.kind() != kindNone || second.Connecting != nil || second.TLS != nil {
		t.Errorf("second: %q, connecting %v, TLS %v", second.kind(), second.Connecting, second.TLS)
	}
	aborting := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		streamer(token)(w, r)
		panic(http.ErrAbortHandler)
	}))
	aborting.EnableHTTP2 = true
	aborting.StartTLS()
	t.Cleanup(aborting.Close)
	if got := v.request(post(aborting.URL, "")); got.kind() != kindReset || got.TokenEvents != 1 {
		t.Errorf("aborted: %q (%s), %d tokens", got.kind(), text(got.ErrorMessage), got.TokenEvents)
	}
}

func TestConnectionIsReused(t *testing.T) {
	var connections atomic.Int64
	s := httptest.NewUnstartedServer(streamer(token, done))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	v := newVU(t)
	var first int
	for n := range 3 {
		got := v.request(post(s.URL, ""))
		if got.kind() != kindNone || got.Remote == nil || "http://"+*got.Remote != s.URL {
			t.Fatal(got.kind(), text(got.Remote))
		}
		if runtime.GOOS != "linux" {
			continue
		}
		if n == 0 {
			first = *got.Connection
		}
		if *got.Connection != first || first < 1 {
			t.Errorf("connection %d, the first was %d", *got.Connection, first)
		}
	}
	if connections.Load() != 1 {
		t.Errorf("%d connections", connections.Load())
	}
	s.CloseClientConnections()
	if got := v.request(post(s.URL, "")); runtime.GOOS == "linux" && got.kind() == kindNone && *got.Connection == first {
		t.Errorf("another connection has the number of the first, %d", first)
	}
}

// A server that keeps a connection and ends it when the next request comes, as an idle timeout does just then.
func TestStaleConnection(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: "
	body := token + done
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var reset, never atomic.Bool
	serve := func(conn net.Conn) {
		defer conn.Close()
		reader := bufio.NewReader(conn)
		for n := 0; ; n++ {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, request.Body)
			if tcp, ok := conn.(*net.TCPConn); ok && reset.Load() && (n > 0 || never.Load()) {
				_ = tcp.SetLinger(0)
			}
			if n > 0 || never.Load() {
				return
			}
			_, _ = fmt.Fprintf(conn, "%s%d\r\n\r\n%s", head, len(body), body)
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	url := "http://" + listener.Addr().String()
	v := newVU(t)
	for n, want := range []int{1, 2, 2} {
		got := v.request(post(url, ""))
		if got.kind() != kindNone || got.Sends != want || got.TokenEvents != 1 || (got.Connecting == nil) {
			t.Errorf("request %d: %q (%s), sent %d times", n, got.kind(), text(got.ErrorMessage), got.Sends)
		}
	}
	if n := len(v.trails()); n != 3 {
		t.Errorf("samples of %d exchanges", n)
	}
	reset.Store(true)
	if got := v.request(post(url, "")); got.kind() != kindReset || got.Sends != 1 {
		t.Errorf("reset in use: %q, sent %d times", got.kind(), got.Sends)
	}
	reset.Store(false)
	if got := v.request(post(url, "")); got.kind() != kindNone {
		t.Fatal(got.kind())
	}
	never.Store(true)
	if got := v.request(post(url, "")); got.kind() != kindReset || got.Sends != 2 {
		t.Errorf("closed twice: %q, sent %d times", got.kind(), got.Sends)
	}
}

func TestOpenStreamAfterTheTerminator(t *testing.T) {
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		streamer(token, done)(w, r)
		<-r.Context().Done()
	})
	start := time.Now()
	got := newVU(t).request(post(url, "timeout: '60s'"))
	if got.kind() != kindNone || time.Since(start) > 30*time.Second {
		t.Errorf("%q after %v", got.kind(), time.Since(start))
	}
	if *got.End > float64(lingerAfterTerminator.Milliseconds()) && *got.End > *got.LastToken+500 {
		t.Errorf("the end is the wait's, %v, not the terminator's (last token %v)", *got.End, *got.LastToken)
	}
}

func TestRedirect(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /old", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/new", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("POST /new", func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); string(body) != `{"x":1}` {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		streamer(token, done)(w, r)
	})
	v := newVU(t)
	got := v.request(post(server(t, mux.ServeHTTP)+"/old", "redirects: 1"))
	if got.kind() != kindNone || *got.Status != 200 || got.TokenEvents != 1 {
		t.Errorf("%q, %v", got.kind(), got.Status)
	}
	var statuses []string
	for _, trail := range v.trails() {
		status, _ := trail[0].Tags.Get("status")
		statuses = append(statuses, status)
	}
	if !slices.Equal(statuses, []string{"307", "200"}) {
		t.Errorf("samples of %v", statuses)
	}
}

// trails gives the samples of each HTTP exchange so far.
func (v *vu) trails() [][]metrics.Sample {
	var trails [][]metrics.Sample
	for {
		select {
		case container := <-v.samples:
			trails = append(trails, container.GetSamples())
		default:
			return trails
		}
	}
}

func TestSamples(t *testing.T) {
	type want struct{ failed, status, code, expected, name string }
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		params  string
		want    want
	}{
		"good":             {streamer(token, done), "tags: {variant: 'shadow'}", want{"0", "200", "", "true", ""}},
		"named":            {streamer(token, done), "tags: {name: 'chat', variant: 'shadow'}", want{"0", "200", "", "true", "chat"}},
		"status":           {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "tags: {variant: 'shadow'}", want{"1", "500", "1500", "false", ""}},
		"the stream's own": {streamer(role, done), "tags: {variant: 'shadow'}", want{"0", "200", "", "true", ""}},
		"timeout": {func(w http.ResponseWriter, r *http.Request) {
			streamer(token)(w, r)
			<-r.Context().Done()
		}, "timeout: 100, tags: {variant: 'shadow'}", want{"1", "0", "1050", "false", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVU(t)
			url := server(t, c.handler)
			v.request(post(url, c.params))
			trails := v.trails()
			if len(trails) != 1 {
				t.Fatalf("%d trails", len(trails))
			}
			values := map[string]float64{}
			for _, sample := range trails[0] {
				values[sample.Metric.Name] = sample.Value
			}
			tags := trails[0][0].Tags.Map()
			if c.want.name == "" {
				c.want.name = url
			}
			got := want{fmt.Sprint(values["http_req_failed"]), tags["status"], tags["error_code"], tags["expected_response"], tags["name"]}
			if got != c.want || tags["url"] != tags["name"] || tags["method"] != "POST" || tags["scenario"] != "shadow" || tags["variant"] != "shadow" {
				t.Errorf("got %+v, tags %v", got, tags)
			}
			if values["http_reqs"] != 1 || values["http_req_duration"] <= 0 || len(values) != 9 {
				t.Errorf("values %v", values)
			}
		})
	}
}

func TestStopWithTheIteration(t *testing.T) {
	v := newVU(t)
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		streamer(token)(w, r)
		time.AfterFunc(50*time.Millisecond, v.CancelContext)
		<-r.Context().Done()
	})
	start := time.Now()
	got := v.request(post(url, "timeout: '60s'"))
	if got.kind() != kindCancelled || got.TokenEvents != 1 || time.Since(start) > 30*time.Second {
		t.Errorf("%q (%s) after %v", got.kind(), text(got.ErrorMessage), time.Since(start))
	}
	if len(v.trails()) != 0 {
		t.Error("k6 takes no samples of a cancelled request")
	}
}

// The event loop stays free: two streams run at once in one VU, and the script goes on between.
func TestDoesNotBlockTheEventLoop(t *testing.T) {
	var running, most atomic.Int64
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		now := running.Add(1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		for deadline := time.Now().Add(20 * time.Second); most.Load() < 2 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		streamer(token, done)(w, r)
		running.Add(-1)
	})
	v := newVU(t)
	if err := v.run(fmt.Sprintf(`
		const order = [];
		const both = Promise.all([1, 2].map(() => stream.request('POST', %q, null, {rules}).then(r => order.push(r.error))));
		order.push('started');
		both.then(() => { answer = JSON.stringify(order) })`, url)); err != nil {
		t.Fatal(err)
	}
	if got := v.VU.Runtime().Get("answer").String(); got != `["started",null,null]` || most.Load() != 2 {
		t.Errorf("got %s, %d at once", got, most.Load())
	}
}

func TestWithoutRules(t *testing.T) {
	v := newVU(t)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    kind
		body    string
	}{
		"JSON":         {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"ok":"żółć"}`) }, kindNone, `{"ok":"żółć"}`},
		"empty":        {func(http.ResponseWriter, *http.Request) {}, kindNone, ""},
		"event stream": {streamer(token, done), kindNone, token + done},
		"error":        {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 404) }, kindStatus, "no\n"},
		"cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "x")
		}, kindCutBody, "x"},
		"get, no body":  {func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.Method, r.ContentLength) }, kindNone, "GET0"},
		"64 MiB passed": {func(w http.ResponseWriter, _ *http.Request) { huge(w, maxBodyBytes+1) }, kindTooLarge, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := v.request(fmt.Sprintf(`'get', %q`, server(t, c.handler)))
			if got.kind() != c.kind || c.kind != kindTooLarge && (got.Body == nil || *got.Body != c.body) {
				t.Errorf("%q, body %.40q", got.kind(), text(got.Body))
			}
			if got.FirstToken != nil || got.TokenEvents != 0 || len(got.ITL) != 0 || got.TextSHA256 != nil || got.Text != nil || len(got.Usage) != 0 {
				t.Errorf("it found a stream: %+v", got)
			}
		})
	}
}

func huge(w io.Writer, bytes int) {
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = 'x'
	}
	for ; bytes > 0; bytes -= len(block) {
		if _, err := w.Write(block[:min(bytes, len(block))]); err != nil {
			return
		}
	}
}

func TestHugeLine(t *testing.T) {
	content := strings.Repeat("x", 4<<20)
	if got := newVU(t).request(post(server(t, streamer(chat(`{"content":"`+content+`"}`), done)), "keep_text: true")); got.kind() != kindNone || *got.Text != content {
		t.Errorf("%q, %d bytes of text", got.kind(), len(text(got.Text)))
	}
	endless := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", eventStream)
		_, _ = io.WriteString(w, token+"data: ")
		huge(w, maxEventBytes+1)
	})
	if got := newVU(t).request(post(endless, "")); got.kind() != kindTooLarge || got.TokenEvents != 1 {
		t.Errorf("%q, %d tokens", got.kind(), got.TokenEvents)
	}
}

func TestArrayBufferBody(t *testing.T) {
	url := server(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	if got := newVU(t).request(fmt.Sprintf(`'POST', %q, new Uint8Array([104, 105]).buffer`, url)); text(got.Body) != "hi" {
		t.Errorf("body %q", text(got.Body))
	}
}

func TestBadArguments(t *testing.T) {
	v := newVU(t)
	for arguments, want := range map[string]string{
		`'GET'`:                                                                    "the URL is missing",
		`'GET', 'localhost:80'`:                                                    "no http or https URL",
		`'GET', 'ftp://u:secret@127.0.0.1/'`:                                       "no http or https URL",
		`'GET', 'http://'`:                                                         "no http or https URL",
		`'GET', 'http://[::1'`:                                                     "invalid URL",
		`'G T', 'http://127.0.0.1'`:                                                "invalid method",
		`'POST', 'http://127.0.0.1', {a: 1}`:                                       "JSON.stringify",
		`'GET', 'http://127.0.0.1', null, {header: {}}`:                            `unknown param "header"; known are headers`,
		`'GET', 'http://127.0.0.1', null, {timeout: 'soon'}`:                       `timeout is "soon"`,
		`'GET', 'http://127.0.0.1', null, {timeout: -1}`:                           `timeout is "-1"`,
		`'GET', 'http://127.0.0.1', null, {redirects: 1.5}`:                        "redirects is 1.5",
		`'GET', 'http://127.0.0.1', null, {keep_events: -1}`:                       "keep_events is -1",
		`'GET', 'http://127.0.0.1', null, {headers: {Authorization: 'secret\nx'}}`: `header "Authorization" has a line break`,
		`'GET', 'http://127.0.0.1', null, {rules: {}}`:                             "nothing says what a token is",
	} {
		err := v.run(`stream.request(` + arguments + `)`)
		if err == nil || !strings.Contains(err.Error(), "stream: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", arguments, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: a secret in %v", arguments, err)
		}
	}
	init := modulestest.NewRuntime(t)
	if err := init.VU.Runtime().Set("stream", NewModule().NewModuleInstance(init.VU).Exports().Named); err != nil {
		t.Fatal(err)
	}
	if _, err := init.RunOnEventLoop(`stream.request('GET', 'http://127.0.0.1')`); err == nil || !strings.Contains(err.Error(), "init context") {
		t.Errorf("in the init context: %v", err)
	}
}

// The types say what the code does: the same error kinds and the same members of a result.
func TestTypesAgree(t *testing.T) {
	raw, err := os.ReadFile("../types/k6-x-stream.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	types := string(raw)
	union := types[strings.Index(types, "export type ErrorKind"):strings.Index(types, "export const ERROR_KINDS")]
	var declared []kind
	for _, match := range regexp.MustCompile(`'(\w+)'`).FindAllStringSubmatch(union, -1) {
		declared = append(declared, kind(match[1]))
	}
	slices.Sort(declared)
	if known := slices.Sorted(slices.Values(kinds)); !slices.Equal(declared, known) {
		t.Errorf("the types have %v, the code %v", declared, known)
	}
	result := types[strings.Index(types, "interface Result"):strings.Index(types, "export function request")]
	var members []string
	for _, match := range regexp.MustCompile(`readonly (\w+):`).FindAllStringSubmatch(result, -1) {
		members = append(members, match[1])
	}
	v := newVU(t)
	if err := v.run(fmt.Sprintf(`stream.request('GET', %q).then(r => { answer = Object.keys(r).join() })`, server(t, streamer()))); err != nil {
		t.Fatal(err)
	}
	keys := strings.Split(v.VU.Runtime().Get("answer").String(), ",")
	slices.Sort(keys)
	slices.Sort(members)
	if !slices.Equal(keys, members) {
		t.Errorf("the types have  %v\na result has %v", members, keys)
	}
	if err := v.run(`answer = stream.ERROR_KINDS.join()`); err != nil || !strings.HasPrefix(v.VU.Runtime().Get("answer").String(), "dns,connect,") {
		t.Errorf("ERROR_KINDS: %v %v", v.VU.Runtime().Get("answer"), err)
	}
}

func TestRulesAreSharedByText(t *testing.T) {
	m := NewModule()
	first, err := m.rules(chatRules)
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := m.rules(chatRules); second != first {
		t.Error("compiled twice")
	}
	for n := range 3 * maxCompiledRules {
		if _, err := m.rules(strings.Replace(completionRules, "content", fmt.Sprint("c", n), 1)); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.compiled) > maxCompiledRules {
		t.Errorf("%d kept", len(m.compiled))
	}
}
