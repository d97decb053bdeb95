// SPDX-License-Identifier: AGPL-3.0-only

package main

import (
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
)

const (
	// gcPercent lets the heap grow to four times what is in use: at Go's own 100 the collector takes a fifth of a loaded
	// k6's CPU and holds up the readers of a thousand streams for a tenth of a second at a time.
	gcPercent = 300
	// memoryPart of what the machine or the container has is where the collector works as hard as it must.
	memoryPart = 0.4
)

// setMemory trades memory for CPU where nobody has said otherwise by GOGC or GOMEMLIMIT, and how much there is is known.
func setMemory(cgroupLimit, meminfo string) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := os.LookupEnv(name); set {
			return
		}
	}
	total := memoryBytes(cgroupLimit, meminfo)
	if total == 0 {
		return
	}
	debug.SetMemoryLimit(int64(memoryPart * float64(total)))
	debug.SetGCPercent(gcPercent)
}

var (
	totalKB = regexp.MustCompile(`(?m)^MemTotal:\s+(\d+) kB$`)
	number  = regexp.MustCompile(`^(\d+)\s*$`)
)

// memoryBytes is what the machine has, or less where its container may use less; 0: not known.
func memoryBytes(cgroupLimit, meminfo string) int64 {
	total := found(totalKB, meminfo) * 1024
	if limit := found(number, cgroupLimit); limit > 0 && (total == 0 || limit < total) {
		return limit
	}
	return total
}

func found(pattern *regexp.Regexp, file string) int64 {
	text, err := os.ReadFile(file) //nolint:gosec // the system's own files
	if err != nil {
		return 0
	}
	match := pattern.FindSubmatch(text)
	if match == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(match[1]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
