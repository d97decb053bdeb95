// SPDX-License-Identifier: Apache-2.0

// Command answers is a grammar service that does nothing: one fixed answer, far faster than any k6 asks. The stand-in
// for Node answers a few thousand a second, and would be what is measured.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

const answer = `{"corrected":"She goes to school every day.","translation":"Sie geht jeden Tag zur Schule.",` +
	`"metadata":{"cost_eur":0.00042,"stages":{"tokenize":2.2,"prefill":23.8,"decode":208.1,"detokenize":2.2}}}`

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("{\"listening\":\"http://%s\"}\n", listener.Addr())
	go func() { // ends with its parent
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Trace-Id", "6ed0cb7c00f4f5b932056b64b15e9cf7")
		_, _ = io.WriteString(w, answer)
	})
	_ = http.Serve(listener, handler) //nolint:gosec // loopback, for minutes
}
