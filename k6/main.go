// SPDX-License-Identifier: AGPL-3.0-only

// Command k6 is k6 with this suite's extensions: stream (times streamed answers), requestlog (one line a request)
// and shared (counters over all VUs).
package main

import (
	"io"
	"os"
	"time"

	"go.k6.io/k6/v2/cmd"

	_ "k6-shadow/k6/requestlog"
	_ "k6-shadow/k6/shared"
	_ "k6-shadow/k6/stream"
)

// orphanGrace is how long k6 may take to end by itself, summary included, once its parent is gone.
const orphanGrace = 10 * time.Second

func main() {
	_ = os.Setenv("SUITE_K6", "1") // scripts read it as __ENV.SUITE_K6: the extensions are here
	setDefaultEnv("K6_NO_USAGE_REPORT", "true")
	setDefaultEnv("K6_AUTO_EXTENSION_RESOLUTION", "false")
	if os.Getenv("EXIT_WITH_PARENT") == "1" {
		go exitWithParent(os.Stdin, orphanGrace)
	}
	setMemory("/sys/fs/cgroup/memory.max", "/proc/meminfo")
	cmd.Execute()
}

func setDefaultEnv(name, value string) {
	if _, set := os.LookupEnv(name); !set {
		_ = os.Setenv(name, value)
	}
}

// exitWithParent interrupts this process when its standard input ends, which a pipe from the parent does however the
// parent died, and kills it after the grace. `k6 run -`, which reads the script there, doesn't go with it.
func exitWithParent(stdin io.Reader, grace time.Duration) {
	_, _ = io.Copy(io.Discard, stdin)
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(os.Interrupt)
	}
	if err == nil { // some systems can't signal: then there is no grace
		time.Sleep(grace)
	}
	os.Exit(1)
}
