// SPDX-License-Identifier: AGPL-3.0-only

//go:build linux && (amd64 || arm64)

package stream

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// kernelSocket reads a TCP socket with the kernel's receive stamps (SO_TIMESTAMPNS, socket(7)): of the bytes that a read
// returns, the time of the last segment, by the wall clock.
type kernelSocket struct {
	conn *net.TCPConn
	raw  syscall.RawConn
	try  func(fd uintptr) bool

	// Of the read under way.
	vector  syscall.Iovec
	message syscall.Msghdr
	control [32]byte // a cmsghdr and a timespec
	n       int
	err     error
}

// newKernelSocket gives nil where the socket has no such stamps.
func newKernelSocket(conn net.Conn) *kernelSocket {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	var refused error
	if err := raw.Control(func(fd uintptr) {
		refused = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	}); err != nil || refused != nil {
		return nil
	}
	s := &kernelSocket{conn: tcp, raw: raw}
	s.try = s.receive
	s.message = syscall.Msghdr{Iov: &s.vector, Iovlen: 1, Control: &s.control[0]}
	return s
}

// read is net.Conn's Read; wallNS is Unix nanoseconds, 0 where the kernel said nothing.
func (s *kernelSocket) read(p []byte) (n int, wallNS int64, err error) {
	if len(p) == 0 {
		return 0, 0, nil
	}
	s.vector = syscall.Iovec{Base: &p[0], Len: uint64(len(p))}
	err = s.raw.Read(s.try)
	s.vector.Base = nil
	switch {
	case err != nil: // closed, or its deadline passed
		return 0, 0, err
	case s.err != nil:
		return 0, 0, &net.OpError{
			Op: "read", Net: "tcp", Source: s.conn.LocalAddr(), Addr: s.conn.RemoteAddr(), Err: os.NewSyscallError("recvmsg", s.err),
		}
	case s.n == 0:
		return 0, 0, io.EOF
	}
	return s.n, s.stamp(), nil
}

// receive is one try without waiting; false: there is nothing yet.
func (s *kernelSocket) receive(fd uintptr) bool {
	for {
		s.message.SetControllen(len(s.control))
		n, _, errno := syscall.Syscall(syscall.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&s.message)), 0) //nolint:gosec // as recvmsg(2) asks
		switch errno {
		case 0:
			s.n, s.err = int(n), nil
			return true
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return false
		default:
			s.err = errno
			return true
		}
	}
}

// stamp is the time among the control data (cmsg(3)); the socket has no other to give.
func (s *kernelSocket) stamp() int64 {
	if s.message.Controllen < uint64(syscall.CmsgLen(int(unsafe.Sizeof(syscall.Timespec{})))) {
		return 0
	}
	header := (*syscall.Cmsghdr)(unsafe.Pointer(&s.control[0])) //nolint:gosec // long enough, as just checked
	if header.Level != syscall.SOL_SOCKET || header.Type != syscall.SCM_TIMESTAMPNS {
		return 0
	}
	return (*syscall.Timespec)(unsafe.Pointer(&s.control[syscall.CmsgLen(0)])).Nano() //nolint:gosec // the same
}
