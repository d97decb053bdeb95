// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext"
	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/metrics"
)

// hops sends a request and what redirects make of it through the VU's transport, and emits k6's http_req_* samples
// for each, with the tags that k6/http gives.
type hops struct {
	ctx       context.Context // the VU's
	state     *lib.State
	transport http.RoundTripper
	request   *request

	t0    time.Time // just before the first hop is handed to the transport
	steps steps     // of the finished hops
	last  *hop      // the hop not yet finished
	count int
	sends int // of the first hop
}

type hop struct {
	trace    connTrace
	tracer   httpext.Tracer // makes k6's own timings
	request  *http.Request
	response *http.Response
	err      error
}

// RoundTrip implements http.RoundTripper.
func (h *hops) RoundTrip(req *http.Request) (*http.Response, error) {
	h.finish(kindNone)
	h.count++
	current := h.send(req)
	if h.count == 1 {
		h.t0, h.sends = current.trace.t0, 1
		if again := afresh(current); again != nil {
			if idle, ok := h.transport.(interface{ CloseIdleConnections() }); ok {
				idle.CloseIdleConnections()
			}
			current = h.send(again)
			h.sends = 2
		}
	}
	return current.response, current.err
}

func (h *hops) send(req *http.Request) *hop {
	current := &hop{request: req}
	h.last = current
	ctx := httptrace.WithClientTrace(req.Context(), current.tracer.Trace())
	ctx = httptrace.WithClientTrace(ctx, current.trace.hooks())
	traced := req.WithContext(ctx)
	current.trace.t0 = time.Now()
	current.response, current.err = h.transport.RoundTrip(traced)
	return current
}

// longIdle is how long a connection must have been unused for a reset of it to pass for a stale one's.
const longIdle = time.Second

// afresh gives the request once more where it met a kept connection that the server had closed before it saw any of it,
// which is no failure of the server (RFC 9112, 9.3.1; every client library repeats then); else nil. A connection that is
// reset while it is in use is one: it is told apart by its error, since the kernel words the reset of a connection whose
// other end had been closed before as a broken pipe.
func afresh(of *hop) *http.Request {
	trace := &of.trace
	if of.err == nil || of.request.Context().Err() != nil || !trace.reused.Load() || trace.firstByte.Load() != 0 {
		return nil
	}
	switch err := of.err; {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE),
		strings.Contains(err.Error(), "server closed idle connection"):
	case errors.Is(err, syscall.ECONNRESET) && time.Duration(trace.idle.Load()) >= longIdle:
	default:
		return nil
	}
	again := of.request.Clone(of.request.Context())
	if of.request.Body == nil || of.request.Body == http.NoBody {
		return again
	}
	if of.request.GetBody == nil {
		return nil
	}
	body, err := of.request.GetBody()
	if err != nil {
		return nil
	}
	again.Body = body
	return again
}

// finish emits the last hop's samples. A failure of the exchange itself makes them those of a failed request.
func (h *hops) finish(failed kind) {
	if h.last == nil {
		return
	}
	current := h.last
	h.last = nil
	h.steps.add(&current.trace)
	trail := current.tracer.Done()
	tags := h.request.tags.Clone()
	expected := h.tag(&tags, current, trail, failed)
	trail.SaveSamples(h.state.BuiltinMetrics, &tags)
	value := 1.0
	if expected {
		value = 0
	}
	trail.Failed.Valid, trail.Failed.Bool = true, !expected
	trail.Samples = append(trail.Samples, metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: h.state.BuiltinMetrics.HTTPReqFailed, Tags: tags.Tags},
		Time:       trail.EndTime,
		Metadata:   tags.Metadata,
		Value:      value,
	})
	metrics.PushIfNotDone(h.ctx, h.state.Samples, trail)
}

// tag sets the system tags of k6/http and tells whether the answer is an expected one: 200 to 399, k6's default.
func (h *hops) tag(tags *metrics.TagsAndMeta, current *hop, trail *httpext.Trail, failed kind) (expected bool) {
	set := func(tag metrics.SystemTag, value string) {
		tags.SetSystemTagOrMetaIfEnabled(h.state.Options.SystemTags, tag, value)
	}
	name, named := tags.Tags.Get(metrics.TagName.String())
	if !named {
		name = h.hopName(current)
	}
	set(metrics.TagName, name)
	set(metrics.TagURL, name) // the same on purpose, as in k6: a URL of many values makes as many series
	set(metrics.TagMethod, current.request.Method)

	status := 0
	if current.err == nil && failed.k6Code() == 0 {
		status = current.response.StatusCode
		set(metrics.TagProto, current.response.Proto)
		if state := current.response.TLS; state != nil {
			info, ocsp := netext.ParseTLSConnState(state)
			set(metrics.TagTLSVersion, info.Version)
			set(metrics.TagOCSPStatus, ocsp.Status)
		}
		if status >= http.StatusBadRequest {
			set(metrics.TagErrorCode, strconv.Itoa(1000+status))
		}
	} else {
		set(metrics.TagError, string(failed))
		set(metrics.TagErrorCode, strconv.Itoa(failed.k6Code()))
	}
	set(metrics.TagStatus, strconv.Itoa(status))
	if trail.ConnRemoteAddr != nil {
		if ip, _, err := net.SplitHostPort(trail.ConnRemoteAddr.String()); err == nil {
			set(metrics.TagIP, ip)
		}
	}
	expected = status >= http.StatusOK && status < http.StatusBadRequest
	set(metrics.TagExpectedResponse, strconv.FormatBool(expected))
	return expected
}

// hopName is the URL's template, or the URL without credentials; after a redirect, that hop's URL.
func (h *hops) hopName(current *hop) string {
	if h.count == 1 {
		return h.request.url.Name
	}
	text := current.request.URL.String()
	url, err := httpext.NewURL(text, text)
	if err != nil {
		return h.request.url.Name
	}
	return url.Name
}
