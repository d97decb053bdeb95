// SPDX-License-Identifier: AGPL-3.0-only

package requestlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Log appends whole lines to one file, unbuffered, so that an interrupt loses nothing and a kill only the line in
// flight. The zero Log is not open. Its methods may be called from any goroutine.
type Log struct {
	mu      sync.Mutex
	path    string
	out     io.Writer
	torn    bool // the last write stopped inside a line
	written int64
}

// Open creates the file, or appends to it. Opening the same path again does nothing; another path is an error.
func (l *Log) Open(path string) error {
	if path == "" {
		return errors.New("requestlog: the path is empty; give a file's path, for example 'results/run/requests.jsonl'")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("requestlog: %q is no usable path: %w", path, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out != nil {
		if l.path != absolute {
			return fmt.Errorf("requestlog: %s is open already, and a process has one log; cannot open %s as well",
				l.path, absolute)
		}
		return nil
	}
	file, err := os.OpenFile(absolute, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // the user's own path
	if err != nil {
		return fmt.Errorf("requestlog: cannot open the log: %w", err) // os names operation, path and cause
	}
	l.path, l.out = absolute, file
	return nil
}

// Write appends one line, which must end with its only line feed.
func (l *Log) Write(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out == nil {
		return errors.New("requestlog: no log is open; call open(path) in the init context first")
	}
	if l.torn { // keep the damage to the line that failed
		if _, err := l.out.Write([]byte{'\n'}); err != nil {
			return l.writeError(err)
		}
		l.torn = false
	}
	n, err := l.out.Write(line)
	if err != nil {
		l.torn = n > 0
		return l.writeError(err)
	}
	l.written++
	return nil
}

func (l *Log) writeError(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("requestlog: a record could not be written to %s: %w (%d lines were)", l.path, err, l.written)
}

// Written counts the lines written since the process began.
func (l *Log) Written() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written
}
