// SPDX-License-Identifier: AGPL-3.0-only

// Command truth is a streaming server that knows what it did: it stamps each request's arrival and each of its own
// flushes, so that a client's times can be held against them. It serves HTTP/1.1 on 127.0.0.1 and exits when its
// standard input ends.
//
//	truth [--port N] [--ttft 200ms] [--itl 20ms] [--tokens 50]
//
// Its first line on standard output is {"port":N}; port 0, the default, is any free one.
//
//	POST /v1/chat/completions   {"ttft_ms":200,"itl_ms":20,"tokens":50}: each may be left out, other members are ignored
//	GET  /stamps                the finished streams since the last call, a JSON object a line, see [stamps]
//	GET  /health                200
//
// A stream has OpenAI's chunks: one with a role only at the request's arrival, then each token at its own deadline
// (arrival + ttft + k x itl, never a sum of sleeps), then the finish, usage and [DONE] right after the last token. The
// header X-Request-Id names the stream in the stamps.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"runtime/debug"
	"time"
)

func main() {
	port := flag.Int("port", 0, "port on 127.0.0.1; 0 takes a free one")
	ttft := flag.Duration("ttft", 200*time.Millisecond, "from a request's arrival to its first token")
	itl := flag.Duration("itl", 20*time.Millisecond, "between two tokens")
	tokens := flag.Int("tokens", 50, "tokens a stream")
	flag.Parse()
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(800) // a small heap: collect it rarely, it shares the cores with the client
	}
	defaults := plan{TTFT_MS: ms(*ttft), ITL_MS: ms(*itl), Tokens: *tokens}
	if err := defaults.check(); err != nil || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "truth:", errorOr(err, fmt.Errorf("unknown argument %q; --help has the flags", flag.Arg(0))))
		os.Exit(2)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		fmt.Fprintln(os.Stderr, "truth: cannot listen:", err)
		os.Exit(2)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when the parent is gone, however it died
		os.Exit(0)
	}()
	address, _ := listener.Addr().(*net.TCPAddr)
	_ = json.NewEncoder(os.Stdout).Encode(map[string]int{"port": address.Port})
	log.Fatal(newServer(defaults).serve(listener))
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
