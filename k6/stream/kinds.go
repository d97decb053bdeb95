// SPDX-License-Identifier: AGPL-3.0-only

package stream

// kind says how a request failed; "" is none. The set is closed: k6-x-stream.d.ts has the same, tested against it.
type kind string

// The first that goes wrong in time is the request's kind. What only its end can tell comes last: no_token, then
// no_terminator.
const (
	kindNone         kind = ""
	kindDNS          kind = "dns"           // the name was not resolved
	kindConnect      kind = "connect"       // no connection: refused, unreachable, blocked, a proxy that refused
	kindTLS          kind = "tls"           // the handshake failed
	kindTimeout      kind = "timeout"       // the request's own deadline passed
	kindCancelled    kind = "cancelled"     // k6 stopped the iteration
	kindReset        kind = "reset"         // the connection broke, or what came was no HTTP
	kindCutBody      kind = "cut_body"      // the body ended before its declared end, or did not decompress
	kindTooLarge     kind = "too_large"     // a line, an event or a body over 64 MiB
	kindStatus       kind = "status"        // the status is not 2xx
	kindNotSSE       kind = "not_sse"       // the answer to a request with rules is no event stream
	kindErrorEvent   kind = "error_event"   // an event says that the server failed
	kindBadJSON      kind = "bad_json"      // an event's data is no JSON
	kindNoToken      kind = "no_token"      // the stream ended and had no token event
	kindNoTerminator kind = "no_terminator" // the stream ended after tokens without its terminator
)

var kinds = []kind{
	kindDNS, kindConnect, kindTLS, kindTimeout, kindCancelled, kindReset, kindCutBody, kindTooLarge, kindStatus,
	kindNotSSE, kindErrorEvent, kindBadJSON, kindNoToken, kindNoTerminator,
}

// k6Code is the error_code that k6 documents for the nearest of its own failures; 0 is none. Kinds of the stream's
// content have none: the HTTP exchange itself went well.
func (k kind) k6Code() int {
	switch k {
	case kindDNS:
		return 1100
	case kindConnect:
		return 1210
	case kindTLS:
		return 1300
	case kindTimeout:
		return 1050
	case kindReset:
		return 1220
	case kindCancelled, kindCutBody, kindTooLarge:
		return 1000
	default:
		return 0
	}
}
