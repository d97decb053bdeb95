// SPDX-License-Identifier: AGPL-3.0-only

package requestlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"

	"github.com/grafana/sobek"
	"github.com/tidwall/gjson"
	"go.k6.io/k6/v2/js/common"
)

// Answers keeps each distinct answer's text once, as a line {"sha256":…,"text":…}: a process has one such file, and
// whoever scores the answers reads it. The zero Answers keeps nothing.
type Answers struct {
	file Log
	mu   sync.Mutex
	seen map[[sha256.Size]byte]struct{}
	open bool
}

// Open creates the file, or appends to it, as Log.Open does.
func (a *Answers) Open(path string) error {
	if err := a.file.Open(path); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.open {
		a.open, a.seen = true, map[[sha256.Size]byte]struct{}{}
	}
	return nil
}

// Keep writes the text unless it was written before, and nothing where no file is open.
func (a *Answers) Keep(digest [sha256.Size]byte, text []byte) error {
	if !a.first(digest) {
		return nil
	}
	line, err := json.Marshal(struct {
		SHA256 string `json:"sha256"`
		Text   string `json:"text"`
	}{hex.EncodeToString(digest[:]), string(text)})
	if err != nil {
		return err
	}
	return a.file.Write(append(line, '\n'))
}

func (a *Answers) first(digest [sha256.Size]byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.open {
		return false
	}
	_, known := a.seen[digest]
	a.seen[digest] = struct{}{}
	return !known
}

// answer keeps a text and returns its digest in hex.
func (i *instance) answer(call sobek.FunctionCall) sobek.Value {
	text := []byte(call.Argument(0).String())
	digest := sha256.Sum256(text)
	if err := i.answers.Keep(digest, text); err != nil {
		common.Throw(i.vu.Runtime(), err)
	}
	return i.vu.Runtime().ToValue(hex.EncodeToString(digest[:]))
}

// withoutValues puts null in place of the JSON values at these paths, so that answers that say the same have one digest,
// whatever they cost and however long they took. What is no JSON stays as it is.
func withoutValues(body []byte, paths []string) []byte {
	for _, path := range paths {
		found := gjson.GetBytes(body, path)
		if !found.Exists() || found.Index <= 0 {
			continue
		}
		end := found.Index + len(found.Raw)
		body = bytes.Join([][]byte{body[:found.Index], body[end:]}, []byte("null"))
	}
	return body
}
