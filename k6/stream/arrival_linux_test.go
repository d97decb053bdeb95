// SPDX-License-Identifier: AGPL-3.0-only

//go:build linux && (amd64 || arm64)

package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// stampedPair gives two ends of a loopback connection, the second of which stamps arrivals.
func stampedPair(t *testing.T) (sender *net.TCPConn, receiver *arrivals) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialed, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	sender, _ = accepted.(*net.TCPConn)
	socket := newKernelSocket(dialed)
	if socket == nil {
		t.Fatal("this system gives no stamps for TCP")
	}
	t.Cleanup(func() { _, _ = dialed.Close(), accepted.Close() })
	return sender, &arrivals{Conn: dialed, socket: socket}
}

// TestALateReaderSeesWhenBytesArrived is the point of it all.
func TestALateReaderSeesWhenBytesArrived(t *testing.T) {
	const late = 200 * time.Millisecond
	sender, receiver := stampedPair(t)
	raw := &stampedReader{reader: receiver, conn: receiver}
	buffer := make([]byte, 4096)
	for n := range 4 {
		_, _ = fmt.Fprintf(sender, "data: %d\n\n", n)
		sent := time.Now()
		time.Sleep(late)
		if _, err := raw.Read(buffer); err != nil {
			t.Fatal(err)
		}
		// The kernel begins to stamp with the first socket that asks, a moment later.
		if off := raw.at.Sub(sent); n > 0 && (off < -late/2 || off > late/2) {
			t.Errorf("event %d is dated %v from when it was sent", n, off)
		}
	}
}

func TestArrivalsGiveEveryByteInOrder(t *testing.T) {
	sender, receiver := stampedPair(t)
	sent := make([]byte, 3<<20)
	for n := range sent {
		sent[n] = byte(n * 7 / 5)
	}
	go func() {
		for rest, n := sent, 1; len(rest) > 0; n = n*3%4001 + 1 {
			part := rest[:min(n, len(rest))]
			if _, err := sender.Write(part); err != nil {
				return
			}
			rest = rest[len(part):]
		}
		_ = sender.CloseWrite()
	}()
	var got []byte
	for size := 1; ; size = size*5%4093 + 1 {
		buffer := make([]byte, size)
		n, err := receiver.Read(buffer)
		got = append(got, buffer[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, sent) {
		t.Fatalf("%d bytes came of %d, or not the same", len(got), len(sent))
	}
	if n, err := receiver.Read(make([]byte, 9)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %d, %v", n, err)
	}
}

func TestArrivalsFailAsAConnectionDoes(t *testing.T) {
	t.Run("at a deadline", func(t *testing.T) {
		_, receiver := stampedPair(t)
		_ = receiver.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := receiver.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
	t.Run("closed on our side while a read waits", func(t *testing.T) {
		_, receiver := stampedPair(t)
		go func() {
			time.Sleep(20 * time.Millisecond)
			_ = receiver.Close()
		}()
		if _, err := receiver.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}
	})
	t.Run("reset by the peer", func(t *testing.T) {
		sender, receiver := stampedPair(t)
		_ = sender.SetLinger(0)
		_ = sender.Close()
		var opErr *net.OpError
		if _, err := receiver.Read(make([]byte, 1)); !errors.As(err, &opErr) {
			t.Errorf("%v", err)
		}
	})
}
