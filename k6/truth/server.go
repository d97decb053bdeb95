// SPDX-License-Identifier: AGPL-3.0-only

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"k6-shadow/k6/clock"
)

const maxRequestBytes = 1 << 20

// plan is a stream's schedule.
type plan struct {
	TTFT_MS float64 `json:"ttft_ms"` //nolint:revive,staticcheck // the unit stands in the name
	ITL_MS  float64 `json:"itl_ms"`  //nolint:revive,staticcheck
	Tokens  int     `json:"tokens"`
}

func (p plan) check() error {
	const hour = 3_600_000
	switch {
	case !(p.TTFT_MS >= 0 && p.TTFT_MS <= hour):
		return fmt.Errorf("ttft_ms is %v; give 0 to %d", p.TTFT_MS, hour)
	case !(p.ITL_MS >= 0 && p.ITL_MS <= hour):
		return fmt.Errorf("itl_ms is %v; give 0 to %d", p.ITL_MS, hour)
	case p.Tokens < 1 || p.Tokens > 1_000_000:
		return fmt.Errorf("tokens is %d; give 1 to 1000000", p.Tokens)
	}
	return nil
}

// deadline of token k, from 0, since the arrival.
func (p plan) deadline(k int) time.Duration {
	return time.Duration((p.TTFT_MS + float64(k)*p.ITL_MS) * float64(time.Millisecond))
}

// stamps is what really happened to one stream. Flushes are stamped when the write to the socket has returned. How late
// one was: flush_us[k] - 1000 * (ttft_ms + k * itl_ms).
type stamps struct {
	ID        string  `json:"id"`
	ArrivalMS float64 `json:"arrival_ms"` // Unix epoch, when the request's head had been read
	plan
	RoleUS  int64   `json:"role_us"`  // since the arrival: the head and the role-only chunk were flushed
	FlushUS []int64 `json:"flush_us"` // since the arrival, one a token; fewer than tokens where the client went away
}

// server speaks just enough HTTP/1.1 by itself: at 100,000 flushes a second every layer above a write counts.
type server struct {
	defaults plan
	pacer    *pacer
	mu       sync.Mutex
	finished []*stamps
	unnamed  int
}

func newServer(defaults plan) *server { return &server{defaults: defaults, pacer: newPacer()} }

func (s *server) serve(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go s.serveConn(conn)
	}
}

func (s *server) serveConn(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		arrival := time.Now()
		if err := s.answer(conn, request, arrival); err != nil || request.Close {
			return
		}
	}
}

func (s *server) answer(conn net.Conn, request *http.Request, arrival time.Time) error {
	body, err := io.ReadAll(io.LimitReader(request.Body, maxRequestBytes+1))
	if err != nil {
		return err
	}
	if len(body) > maxRequestBytes {
		return errors.New("the request is too long")
	}
	switch request.Method + " " + request.URL.Path {
	case "POST /v1/chat/completions":
		plan := s.defaults
		if err := json.Unmarshal(body, &plan); err != nil {
			return respond(conn, http.StatusBadRequest, []byte("the body is no JSON: "+err.Error()+"\n"))
		}
		if err := plan.check(); err != nil {
			return respond(conn, http.StatusBadRequest, []byte(err.Error()+"\n"))
		}
		return s.stream(conn, request.Header.Get("X-Request-Id"), plan, arrival)
	case "GET /stamps":
		return respond(conn, http.StatusOK, s.takeStamps())
	case "GET /health":
		return respond(conn, http.StatusOK, nil)
	default:
		return respond(conn, http.StatusNotFound, nil)
	}
}

func respond(conn net.Conn, status int, body []byte) error {
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n",
		status, http.StatusText(status), len(body))
	_, err := conn.Write(append([]byte(head), body...))
	return err
}

func (s *server) stream(conn net.Conn, id string, plan plan, arrival time.Time) error {
	st := &stamps{ID: id, ArrivalMS: clock.EpochMS(arrival), plan: plan, FlushUS: make([]int64, 0, plan.Tokens)}
	_, err := conn.Write(opening)
	if err == nil {
		st.RoleUS = time.Since(arrival).Microseconds()
		err = s.pacer.pace(conn, arrival, st)
	}
	s.finish(st) // before the end is written: who has read the stream may ask for its stamps
	if err != nil {
		return err
	}
	_, err = conn.Write(closing(plan.Tokens))
	return err
}

func (s *server) finish(st *stamps) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.ID == "" {
		s.unnamed++
		st.ID = "unnamed-" + strconv.Itoa(s.unnamed)
	}
	s.finished = append(s.finished, st)
}

func (s *server) takeStamps() []byte {
	s.mu.Lock()
	finished := s.finished
	s.finished = nil
	s.mu.Unlock()
	var lines []byte
	for _, st := range finished {
		line, err := json.Marshal(st)
		if err != nil {
			continue // numbers and a name always encode
		}
		lines = append(append(lines, line...), '\n')
	}
	return lines
}

// The stream's bytes, framed as HTTP chunks once and for all.
var (
	opening = append([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"+
		"Transfer-Encoding: chunked\r\n\r\n"), chunk(delta(`{"role":"assistant","content":""}`, "null"))...)
	token = chunk(delta(`{"content":" token"}`, "null"))
)

func closing(tokens int) []byte {
	usage := fmt.Sprintf(`{"id":"truth","object":"chat.completion.chunk","created":0,"model":"truth","choices":[],`+
		`"usage":{"prompt_tokens":1,"completion_tokens":%d,"total_tokens":%d}}`, tokens, tokens+1)
	return append(chunk(delta("{}", `"stop"`)+"data: "+usage+"\n\ndata: [DONE]\n\n"), "0\r\n\r\n"...)
}

func delta(content, finish string) string {
	return `data: {"id":"truth","object":"chat.completion.chunk","created":0,"model":"truth",` +
		`"choices":[{"index":0,"delta":` + content + `,"logprobs":null,"finish_reason":` + finish + `}]}` + "\n\n"
}

func chunk(data string) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(data), data) }
