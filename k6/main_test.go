// SPDX-License-Identifier: AGPL-3.0-only

package main

import (
	"bufio"
	"os"
	"os/exec"
	"os/signal"
	"testing"
	"time"
)

// TestMain lets this binary play a k6 that ends at an interrupt, or one that hangs.
func TestMain(m *testing.M) {
	role := os.Getenv("TEST_ORPHAN")
	if role == "" {
		os.Exit(m.Run())
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	grace := time.Minute
	if role == "hangs" {
		grace = 50 * time.Millisecond
	}
	go exitWithParent(os.Stdin, grace)
	os.Stdout.WriteString("ready\n")
	<-interrupts
	if role == "hangs" {
		select {}
	}
	os.Exit(42)
}

func TestExitWithParent(t *testing.T) {
	for role, want := range map[string]int{"ends": 42, "hangs": 1} {
		t.Run(role, func(t *testing.T) {
			command := exec.Command(os.Args[0]) //nolint:gosec // this very binary
			command.Env = append(os.Environ(), "TEST_ORPHAN="+role)
			stdin, err := command.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			defer time.AfterFunc(30*time.Second, func() { _ = command.Process.Kill() }).Stop()
			if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			_ = stdin.Close()
			_ = command.Wait()
			if got := command.ProcessState.ExitCode(); got != want {
				t.Errorf("exit code %d, want %d", got, want)
			}
		})
	}
}

func TestSetDefaultEnv(t *testing.T) {
	t.Setenv("SUITE_TEST_SET", "")
	setDefaultEnv("SUITE_TEST_SET", "x")
	if got := os.Getenv("SUITE_TEST_SET"); got != "" {
		t.Errorf("what the user set became %q", got)
	}
	t.Setenv("SUITE_TEST_UNSET", "")
	_ = os.Unsetenv("SUITE_TEST_UNSET")
	setDefaultEnv("SUITE_TEST_UNSET", "x")
	if got := os.Getenv("SUITE_TEST_UNSET"); got != "x" {
		t.Errorf("the default became %q", got)
	}
}
