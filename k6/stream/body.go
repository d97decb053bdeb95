// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"time"
)

// stampedReader stamps what each Read of the raw body gave, before anything is decompressed or parsed.
type stampedReader struct {
	reader io.Reader
	conn   *arrivals // nil: a Read's return is the best that is known
	at     time.Time
	bytes  int64
	err    error // of the last Read
}

func (s *stampedReader) Read(p []byte) (int, error) {
	n, err := s.reader.Read(p)
	s.at = arrivedBy(s.conn)
	s.bytes += int64(n)
	s.err = err
	return n, err
}

// decoded undoes the body's content encodings, last first. It reads the body's first bytes to do so.
func decoded(body io.Reader, contentEncoding string) (io.Reader, error) {
	encodings := strings.Split(contentEncoding, ",")
	for n := len(encodings) - 1; n >= 0; n-- {
		var err error
		switch encoding := strings.ToLower(strings.TrimSpace(encodings[n])); encoding {
		case "", "identity":
		case "gzip", "x-gzip":
			body, err = gzip.NewReader(body)
		case "deflate":
			body, err = zlib.NewReader(body)
		default:
			err = fmt.Errorf("content encoding %q is not read here; ask for gzip or deflate", encoding)
		}
		if err != nil {
			return nil, err
		}
	}
	return body, nil
}
