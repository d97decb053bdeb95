// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bytes"
	"fmt"
)

// maxEventBytes bounds one line and one event's data, as the longest base64 image in a delta is far below it.
const maxEventBytes = 64 << 20

// event is one dispatched server-sent event. Its slices are valid until the next call of the parser.
type event struct {
	name []byte // empty means "message"
	data []byte
	id   []byte // the last id that the stream gave, in this event or before

	lines int  // of data
	open  bool // the stream ended before the blank line that ends an event
}

// sseParser cuts a byte stream into events by the WHATWG rules (HTML Living Standard, 9.2.6, "Interpreting an event
// stream"), byte by byte if need be, and never waits: a line ends at its CR, and the LF that may follow is dropped when
// it comes. `retry` is ignored, since we never reconnect. The zero value is ready.
type sseParser struct {
	bom     int  // bytes of a leading byte order mark seen; -1 when that is settled
	afterCR bool // the last line ended in CR: an LF now belongs to it
	line    []byte
	data    []byte
	lines   int // of data in the open event
	name    []byte
	id      []byte
}

const byteOrderMark = "\xEF\xBB\xBF"

// tooLargeError says that a line or an event's data passed maxEventBytes.
type tooLargeError struct{ what string }

func (e tooLargeError) Error() string {
	return fmt.Sprintf("%s is longer than %d MiB, the most that is read", e.what, maxEventBytes>>20)
}

// feed parses the next bytes and dispatches every event that they complete.
func (p *sseParser) feed(chunk []byte, dispatch func(event)) error {
	if p.bom >= 0 {
		chunk = p.skipByteOrderMark(chunk)
	}
	for len(chunk) > 0 {
		if p.afterCR {
			p.afterCR = false
			if chunk[0] == '\n' {
				chunk = chunk[1:]
				continue
			}
		}
		end := lineEnd(chunk)
		part := chunk
		if end >= 0 {
			part = chunk[:end]
		}
		if len(p.line)+len(part) > maxEventBytes {
			return tooLargeError{"a line of the stream"}
		}
		if end < 0 {
			p.line = append(p.line, part...)
			return nil
		}
		p.afterCR = chunk[end] == '\r'
		chunk = chunk[end+1:]
		if len(p.line) > 0 {
			p.line = append(p.line, part...)
			part = p.line
		}
		if err := p.endLine(part, dispatch); err != nil {
			return err
		}
		p.line = p.line[:0]
	}
	return nil
}

func (p *sseParser) skipByteOrderMark(chunk []byte) []byte {
	for len(chunk) > 0 && p.bom >= 0 {
		switch {
		case chunk[0] != byteOrderMark[p.bom]:
			p.line = append(p.line, byteOrderMark[:p.bom]...)
			p.bom = -1
		case p.bom == len(byteOrderMark)-1:
			p.bom = -1
			return chunk[1:]
		default:
			p.bom++
			chunk = chunk[1:]
		}
	}
	return chunk
}

// lineEnd gives the index of the first CR or LF, or -1.
func lineEnd(chunk []byte) int {
	lf := bytes.IndexByte(chunk, '\n')
	if lf >= 0 {
		chunk = chunk[:lf]
	}
	if cr := bytes.IndexByte(chunk, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

func (p *sseParser) endLine(line []byte, dispatch func(event)) error {
	if len(line) == 0 {
		p.endEvent(dispatch)
		return nil
	}
	field, value, _ := bytes.Cut(line, []byte{':'}) // a comment is a line whose field is empty
	value = bytes.TrimPrefix(value, []byte{' '})
	switch string(field) {
	case "data":
		if len(p.data)+len(value) > maxEventBytes {
			return tooLargeError{"an event's data"}
		}
		p.data = append(append(p.data, value...), '\n')
		p.lines++
	case "event":
		p.name = append(p.name[:0], value...)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			p.id = append(p.id[:0], value...)
		}
	}
	return nil
}

func (p *sseParser) endEvent(dispatch func(event)) {
	if len(p.data) > 0 {
		dispatch(event{name: p.name, data: p.data[:len(p.data)-1], id: p.id, lines: p.lines})
	}
	p.data, p.name, p.lines = p.data[:0], p.name[:0], 0
}

// finish dispatches what a properly ended stream left open. The standard drops it; servers leave out the last line's end
// all the same, and every client library reads them.
func (p *sseParser) finish(dispatch func(event)) error {
	asOpen := func(e event) {
		e.open = true
		dispatch(e)
	}
	if len(p.line) > 0 {
		if err := p.endLine(p.line, asOpen); err != nil {
			return err
		}
		p.line = p.line[:0]
	}
	p.endEvent(asOpen)
	return nil
}
