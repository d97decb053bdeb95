// SPDX-License-Identifier: AGPL-3.0-only

package main

import (
	"container/heap"
	"net"
	"syscall"
	"time"
)

// maxNap is how long a new stream may wait to be seen while others are paced.
const maxNap = time.Millisecond

// paced is a stream between its first and its last token.
type paced struct {
	conn    net.Conn
	arrival time.Time
	stamps  *stamps
	due     time.Time // of the next token
	done    chan error
}

// pacer flushes the tokens of all streams from one goroutine, each at its deadline. One that slept and woke for each
// token would cost as much again as the write, and Go's own timers are up to a millisecond late on an idle machine.
type pacer struct {
	added chan *paced
	queue dueFirst
}

func newPacer() *pacer {
	p := &pacer{added: make(chan *paced, 1024)}
	go p.run()
	return p
}

// pace writes the plan's tokens and returns after the last, or when the client is gone.
func (p *pacer) pace(conn net.Conn, arrival time.Time, st *stamps) error {
	stream := &paced{conn: conn, arrival: arrival, stamps: st, due: arrival.Add(st.deadline(0)), done: make(chan error, 1)}
	p.added <- stream
	return <-stream.done
}

func (p *pacer) run() {
	for {
		p.takeAdded()
		next := p.queue[0]
		if wait := time.Until(next.due); wait > 0 {
			nap(min(wait, maxNap))
			continue
		}
		if next.flush() {
			heap.Fix(&p.queue, 0)
		} else {
			heap.Pop(&p.queue)
		}
	}
}

// takeAdded waits for a stream only where there is none.
func (p *pacer) takeAdded() {
	for {
		if len(p.queue) == 0 {
			heap.Push(&p.queue, <-p.added)
		}
		select {
		case stream := <-p.added:
			heap.Push(&p.queue, stream)
		default:
			return
		}
	}
}

// nap sleeps by the kernel's timer, which is exact to some 50 us.
func nap(d time.Duration) {
	spec := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&spec, nil)
}

// flush writes one token, stamps it, and tells whether more are to come. A client that stops reading holds up the
// others once its socket's buffers are full, some thousands of tokens later; the stamps show it.
func (s *paced) flush() (more bool) {
	_, err := s.conn.Write(token)
	if err == nil {
		s.stamps.FlushUS = append(s.stamps.FlushUS, time.Since(s.arrival).Microseconds())
		if flushed := len(s.stamps.FlushUS); flushed < s.stamps.Tokens {
			s.due = s.arrival.Add(s.stamps.deadline(flushed))
			return true
		}
	}
	s.done <- err
	return false
}

// dueFirst is a heap by deadline.
type dueFirst []*paced

func (q dueFirst) Len() int           { return len(q) }
func (q dueFirst) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q dueFirst) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *dueFirst) Push(stream any)   { *q = append(*q, stream.(*paced)) } //nolint:forcetypeassert // only paced go in
func (q *dueFirst) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
