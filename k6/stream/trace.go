// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// connTrace holds when the steps before an answer happened, since t0. A dial may outlive the request that began it, so
// the stamps are atomic; 0 is "did not happen" (t0 itself comes earlier than any step).
type connTrace struct {
	t0          time.Time
	arrivals    atomic.Pointer[arrivals] // of the connection in use; nil where it stamps none
	remote      atomic.Pointer[net.Addr] // of a connection that stamps none
	getConn     atomic.Int64
	dialStart   atomic.Int64
	dialDone    atomic.Int64
	tlsStart    atomic.Int64
	tlsDone     atomic.Int64
	gotConn     atomic.Int64
	firstByte   atomic.Int64
	reused      atomic.Bool
	idle        atomic.Int64 // nanoseconds that a reused connection had been unused
	namedTarget atomic.Bool  // the target is a name, so that the time before the dial is its lookup
}

func (t *connTrace) stamp(at *atomic.Int64) { t.stampAt(at, time.Now()) }

func (t *connTrace) stampAt(at *atomic.Int64, moment time.Time) {
	at.CompareAndSwap(0, max(1, int64(moment.Sub(t.t0))))
}

func (t *connTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(hostPort string) {
			host, _, err := net.SplitHostPort(hostPort)
			t.namedTarget.Store(err == nil && net.ParseIP(host) == nil)
			t.stamp(&t.getConn)
		},
		ConnectStart: func(string, string) { t.stamp(&t.dialStart) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				t.stamp(&t.dialDone)
			}
		},
		TLSHandshakeStart: func() { t.stamp(&t.tlsStart) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				t.stamp(&t.tlsDone)
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			conn := arrivalsOf(info.Conn)
			t.arrivals.Store(conn)
			if conn == nil {
				remote := info.Conn.RemoteAddr()
				t.remote.Store(&remote)
			}
			t.reused.Store(info.Reused)
			t.idle.Store(int64(info.IdleTime))
			t.stamp(&t.gotConn)
		},
		GotFirstResponseByte: func() { t.stampAt(&t.firstByte, arrivedBy(t.arrivals.Load())) },
	}
}

// remoteAddress is where the connection led, as ip:port; empty where none was made.
func (t *connTrace) remoteAddress() string {
	if conn := t.arrivals.Load(); conn != nil {
		return conn.remote
	}
	if remote := t.remote.Load(); remote != nil {
		return (*remote).String()
	}
	return ""
}

// steps are durations in nanoseconds, summed over redirects; 0 is "did not happen".
type steps struct{ dns, connecting, tls int64 }

// add takes the steps of one hop. A connection that was there before costs nothing, even where a dial of its own was
// begun and then not needed.
func (s *steps) add(t *connTrace) {
	if t.reused.Load() {
		return
	}
	if t.namedTarget.Load() {
		s.dns += span(&t.getConn, &t.dialStart)
	}
	s.connecting += span(&t.dialStart, &t.dialDone)
	s.tls += span(&t.tlsStart, &t.tlsDone)
}

func span(from, to *atomic.Int64) int64 {
	if start, end := from.Load(), to.Load(); start != 0 && end != 0 {
		return end - start
	}
	return 0
}
