// SPDX-License-Identifier: AGPL-3.0-only

// Package clock is the one clock of the extensions: wall time at the process's start, monotonic from there, so that
// two stamps of one run never disagree because the system's clock was set.
package clock

import "time"

var (
	// Origin is the process's start.
	Origin        = time.Now()
	originEpochMS = float64(Origin.UnixNano()) / 1e6
)

// EpochMS gives t, which must carry a monotonic reading, as milliseconds since the Unix epoch, to about 0.2 us.
func EpochMS(t time.Time) float64 { return originEpochMS + MS(t.Sub(Origin)) }

// MS gives a duration in milliseconds.
func MS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
