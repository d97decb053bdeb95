// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.k6.io/k6/v2/lib"
)

const (
	// lingerAfterTerminator is how long the body's end is waited for after the terminator, so that the connection can
	// be reused. A server that leaves the stream open loses no more than its connection.
	lingerAfterTerminator = time.Second

	maxBodyBytes = 64 << 20 // of an answer that is no event stream

	eventStream = "text/event-stream"
)

// result is everything known of one exchange. Its moments become offsets from t0 in JavaScript.
type result struct {
	failure
	t0        time.Time
	steps     steps
	sends     int       // 2: the first went over a kept connection that the server had closed
	firstByte time.Time // of the headers; zero: none came
	end       time.Time // of the body, else of the attempt
	response  *http.Response
	conn      *arrivals // the connection of the last hop; nil: none, or one that is not counted
	remote    string    // where that connection led, as ip:port; empty: none was made
	bytes     int64     // of the body as received, before decompression
	body      []byte    // of an answer that is no event stream
	digest    *digest   // of one that is
}

var readBuffers = sync.Pool{New: func() any { return new([8 << 10]byte) }}

// exchange sends the request and reads the whole answer. It never returns an error: a failure is a result.
func exchange(vuCtx context.Context, state *lib.State, transport http.RoundTripper, request *request) *result {
	ctx, cancel := context.WithTimeout(vuCtx, request.timeout)
	defer cancel()
	res := &result{}
	h := &hops{ctx: vuCtx, state: state, transport: transport, request: request, t0: time.Now()}
	if limit := state.RPSLimit; limit != nil {
		if err := limit.Wait(ctx); err != nil {
			res.failure = res.broken(vuCtx, ctx, kindTimeout, err)
			res.t0, res.end = h.t0, time.Now()
			return res
		}
	}
	response, err := h.client().Do(request.http.WithContext(ctx))
	last := h.last
	if last == nil { // net/http refused the request before it was sent
		last = &hop{}
	}
	res.t0, res.conn, res.remote = h.t0, last.trace.arrivals.Load(), last.trace.remoteAddress()
	if err != nil {
		res.end = time.Now()
		res.failure = res.broken(vuCtx, ctx, last.trace.failedStep(err), err)
	} else {
		res.response = response
		res.read(vuCtx, ctx, cancel, request, last.trace.arrivals.Load())
		_ = response.Body.Close()
	}
	if sinceHop := last.trace.firstByte.Load(); sinceHop != 0 {
		res.firstByte = last.trace.t0.Add(time.Duration(sinceHop))
	}
	h.finish(res.kind)
	res.steps, res.sends = h.steps, h.sends
	return res
}

func (h *hops) client() *http.Client {
	return &http.Client{
		Transport: h,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > h.request.redirects {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

// broken words an exchange that did not run to its end; what stopped it from our side comes before what it looks like.
func (*result) broken(vuCtx, ctx context.Context, seen kind, err error) failure {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err // the URL may hold a secret
	}
	switch {
	case vuCtx.Err() != nil:
		return failure{kindCancelled, "k6 stopped the iteration while the request ran"}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return failure{kindTimeout, "the request's timeout passed: " + err.Error()}
	default:
		return failure{seen, err.Error()}
	}
}

// failedStep names the step at which a request without an answer stopped.
func (t *connTrace) failedStep(err error) kind {
	var dnsErr *net.DNSError
	switch {
	case t.gotConn.Load() != 0:
		return kindReset
	case t.tlsStart.Load() != 0 && t.tlsDone.Load() == 0:
		return kindTLS
	case errors.As(err, &dnsErr):
		return kindDNS
	default:
		return kindConnect
	}
}

// read takes the body, as a stream of events where one was expected and came, whole otherwise.
func (res *result) read(vuCtx, ctx context.Context, cancel context.CancelFunc, request *request, from *arrivals) {
	res.failure = refusal(res.response, request.rules != nil)
	raw := &stampedReader{reader: res.response.Body, conn: from, at: arrivedBy(from)}
	parser := &sseParser{}
	dispatch := func(e event) { res.digest.add(e, raw.at) }
	take := res.keepBody
	asStream := func(chunk []byte) error { return parser.feed(chunk, dispatch) }
	if request.rules != nil && res.kind == kindNone {
		res.digest = newDigest(request.rules, request.keepText, request.keepEvents)
		take = asStream
	} else if res.kind == kindNotSSE {
		take = res.sniff(request, asStream)
	}
	err := res.pump(raw, func(chunk []byte) error { return take(chunk) }, cancel)
	res.bytes, res.end = raw.bytes, raw.at

	complete := errors.Is(err, io.EOF)
	if d := res.digest; d != nil {
		if complete && d.failure.kind == kindNone {
			if err := parser.finish(dispatch); err != nil {
				res.failure = failure{kindTooLarge, err.Error()}
				return
			}
		}
		if d.terminated && !complete {
			res.end = d.terminatedAt
		}
		if complete || d.terminated || d.failure.kind != kindNone {
			res.failure = d.atEnd()
			return
		}
	}
	if res.kind == kindNone && !complete {
		res.failure = res.broken(vuCtx, ctx, brokenBody(raw, err), err)
	}
}

// pump moves the body through take until an error, io.EOF at its proper end.
func (res *result) pump(raw *stampedReader, take func([]byte) error, cancel context.CancelFunc) error {
	body, err := decoded(raw, res.response.Header.Get("Content-Encoding"))
	if err != nil {
		return notEOF(err)
	}
	buffer, _ := readBuffers.Get().(*[8 << 10]byte)
	defer readBuffers.Put(buffer)
	var linger *time.Timer
	for {
		n, readErr := body.Read(buffer[:])
		if err := take(buffer[:n]); err != nil {
			return err
		}
		if readErr != nil {
			return readErr
		}
		if linger == nil && res.digest != nil && res.digest.terminated {
			linger = time.AfterFunc(lingerAfterTerminator, cancel)
			defer linger.Stop()
		}
	}
}

// sniff takes a body whose content type is another's: as a stream of events where it begins as one.
func (res *result) sniff(request *request, asStream func([]byte) error) func([]byte) error {
	settled := false
	return func(chunk []byte) error {
		if res.digest != nil {
			return asStream(chunk)
		}
		if err := res.keepBody(chunk); err != nil || settled {
			return err
		}
		begins, known := beginsAsEvents(res.body)
		settled = known
		if !begins {
			return nil
		}
		res.failure = failure{}
		res.digest = newDigest(request.rules, request.keepText, request.keepEvents)
		res.digest.oddities.contentType = true
		body := res.body
		res.body = nil
		return asStream(body)
	}
}

var eventFields = []string{"data:", "event:", "id:", "retry:", ":"}

// beginsAsEvents tells whether a body begins with a field of an event stream, once enough of it has come.
func beginsAsEvents(body []byte) (begins, known bool) {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte(byteOrderMark)), " \t\r\n")
	for _, field := range eventFields {
		if bytes.HasPrefix(body, []byte(field)) {
			return true, true
		}
		if strings.HasPrefix(field, string(body)) { // or nothing yet
			return false, false
		}
	}
	return false, true
}

// notEOF keeps the end of an empty body from passing for the proper end of a compressed one.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (res *result) keepBody(chunk []byte) error {
	if len(res.body)+len(chunk) > maxBodyBytes {
		return tooLargeError{"the body"}
	}
	res.body = append(res.body, chunk...)
	return nil
}

// refusal tells from the head of an answer that it is not what was asked for.
func refusal(response *http.Response, wantStream bool) failure {
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return failure{kindStatus, "the server answered " + response.Status}
	}
	if wantStream && mediaType(response) != eventStream {
		return failure{kindNotSSE, fmt.Sprintf("the server answered with content type %q, not %s: did it understand stream: true?",
			response.Header.Get("Content-Type"), eventStream)}
	}
	return failure{}
}

func mediaType(response *http.Response) string {
	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// brokenBody tells a body that is shorter than it should be, or did not decompress, from a connection that broke.
func brokenBody(raw *stampedReader, err error) kind {
	var tooLarge tooLargeError
	switch {
	case errors.As(err, &tooLarge):
		return kindTooLarge
	case raw.err == nil, errors.Is(raw.err, io.EOF), errors.Is(raw.err, io.ErrUnexpectedEOF):
		return kindCutBody
	default:
		return kindReset
	}
}
