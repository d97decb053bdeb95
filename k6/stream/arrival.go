// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext"

	"k6-shadow/k6/clock"
)

// arrivals is a connection that knows when the bytes it gave last had reached this machine, which is before anyone read
// them: with hundreds of streams on a few cores a reader waits for its turn, and that wait is not the server's. Of bytes
// that waited together the kernel keeps only the last's time.
type arrivals struct {
	net.Conn
	socket *kernelSocket
	since  atomic.Int64 // nanoseconds since clock.Origin
	number int64        // counted over the process, from 1
	remote string       // ip:port
}

var connections atomic.Int64

// maxWait bounds what a kernel's stamp is believed: more than that is a clock that was set, not a reader's wait.
const maxWait = 10 * time.Second

// Read stamps what it read.
func (a *arrivals) Read(p []byte) (int, error) {
	n, wallNS, err := a.socket.read(p)
	now := time.Now()
	at := now
	if wait := time.Duration(now.UnixNano() - wallNS); wallNS != 0 && wait > 0 && wait < maxWait {
		at = now.Add(-wait) // the wait is taken from the wall clock, the moment from the monotonic one
	}
	a.since.Store(max(int64(at.Sub(clock.Origin)), a.since.Load())) // the wall clock may be set: never before the last
	return n, err
}

// arrivedBy gives when a connection's last bytes had arrived; where it stamps none, that is now at the latest.
func arrivedBy(conn *arrivals) time.Time {
	if conn == nil {
		return time.Now()
	}
	return clock.Origin.Add(time.Duration(conn.since.Load()))
}

// arrivalsOf finds the stamps of a connection that carries one exchange at a time; nil where there are none, as on
// HTTP/2, whose connection reads for all its streams.
func arrivalsOf(conn net.Conn) *arrivals {
	if secured, ok := conn.(*tls.Conn); ok {
		if secured.ConnectionState().NegotiatedProtocol == "h2" {
			return nil
		}
		conn = secured.NetConn()
	}
	if counted, ok := conn.(*netext.Conn); ok {
		conn = counted.Conn
	}
	found, _ := conn.(*arrivals)
	return found
}

// stampingTransport is the VU's transport, its options and its dialer, over connections that stamp arrivals. Where k6 is
// to drop connections after each iteration, which it does on its own transport only, it is that one itself.
func stampingTransport(state *lib.State) http.RoundTripper {
	own, ok := state.Transport.(*http.Transport)
	if !ok || own.DialContext == nil || state.Options.NoVUConnectionReuse.Bool {
		return state.Transport
	}
	stamping := own.Clone()
	stamping.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := own.DialContext(ctx, network, address)
		if counted, ok := conn.(*netext.Conn); err == nil && ok {
			if socket := newKernelSocket(counted.Conn); socket != nil {
				counted.Conn = &arrivals{
					Conn: counted.Conn, socket: socket,
					number: connections.Add(1), remote: counted.RemoteAddr().String(),
				}
			}
		}
		return conn, err
	}
	return stamping
}
