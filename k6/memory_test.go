// SPDX-License-Identifier: AGPL-3.0-only

package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryBytes(t *testing.T) {
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	machine := file("meminfo", "MemTotal:       16000000 kB\nMemFree:  1 kB\n")
	const all = 16_000_000 * 1024
	for name, test := range map[string]struct {
		cgroup, meminfo string
		want            int64
	}{
		"a machine":                   {"/nowhere", machine, all},
		"a container of no limit":     {file("none", "max\n"), machine, all},
		"a container":                 {file("some", "1073741824\n"), machine, 1 << 30},
		"a limit above the machine's": {file("much", "999999999999999\n"), machine, all},
		"nothing known":               {"/nowhere", "/nowhere", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := memoryBytes(test.cgroup, test.meminfo); got != test.want {
				t.Errorf("%d, not %d", got, test.want)
			}
		})
	}
}
