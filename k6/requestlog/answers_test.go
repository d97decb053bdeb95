// SPDX-License-Identifier: AGPL-3.0-only

package requestlog

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
)

// Answers that differ in what they cost alone are one; each is kept once, and only where it is asked for.
func TestAnswersAreKeptOnce(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = io.WriteString(w, fmt.Sprintf(`{"text":"a\u2028b","meta":{"cost":%d,"stages":{"x":[%d]}}}`, asked, asked))
	}))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	log, answers := filepath.Join(folder, "requests.jsonl"), filepath.Join(folder, "answers.jsonl")
	if _, err := vu(t, &Module{}).RunOnEventLoop(fmt.Sprintf(`
		log.open(%q);
		const how = {answer_sha256: true, keep: true, without: ['meta.cost', 'meta.stages', 'meta.none']};
		log.record(http.get(%[3]q), '', how);
		log.keepAnswers(%[2]q); log.keepAnswers(%[2]q);
		for (let n = 0; n < 3; n++) log.record(http.get(%[3]q), '', how);
		log.record(http.get(%[3]q), '', {...how, keep: false, without: undefined});
		if (log.answer('hi') !== log.answer('hi')) throw new Error('one text, two digests');`,
		log, answers, server.URL)); err != nil {
		t.Fatal(err)
	}
	records, kept := readLines(t, log), readLines(t, answers)
	for n, record := range records[:4] {
		if record["answer_sha256"] != records[0]["answer_sha256"] {
			t.Errorf("record %d has another digest", n)
		}
	}
	if records[4]["answer_sha256"] == records[0]["answer_sha256"] {
		t.Error("the whole body has the digest of its part")
	}
	const text = "{\"text\":\"a\\u2028b\",\"meta\":{\"cost\":null,\"stages\":null}}"
	if len(kept) != 2 || kept[0]["text"] != text || kept[0]["sha256"] != records[1]["answer_sha256"] || kept[1]["text"] != "hi" {
		t.Errorf("kept %v", kept)
	}
}
