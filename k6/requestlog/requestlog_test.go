// SPDX-License-Identifier: AGPL-3.0-only

package requestlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	k6http "go.k6.io/k6/v2/js/modules/k6/http"
	"go.k6.io/k6/v2/js/modulestest"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
)

// vu runs scripts that see this module as `log` and k6/http as `http`; iteration 7 of its scenario is running.
func vu(t testing.TB, module *Module) *modulestest.Runtime {
	t.Helper()
	r := modulestest.NewRuntime(t)
	globals := map[string]any{
		"log":  module.NewModuleInstance(r.VU).Exports().Named,
		"http": k6http.New().NewModuleInstance(r.VU).Exports().Default,
	}
	for name, value := range globals {
		if err := r.VU.Runtime().Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	samples := make(chan metrics.SampleContainer, 100)
	go func() {
		for range samples { //nolint:revive // dropped
		}
	}()
	t.Cleanup(func() { close(samples) })
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	r.MoveToVUContext(&lib.State{
		Options:                 lib.Options{SystemTags: &metrics.DefaultSystemTagSet},
		BuiltinMetrics:          r.BuiltinMetrics,
		Logger:                  logger,
		Transport:               transport,
		BufferPool:              lib.NewBufferPool(),
		Samples:                 samples,
		Tags:                    lib.NewVUStateTags(r.VU.InitEnvField.Registry.RootTagSet()),
		GetScenarioGlobalVUIter: func() uint64 { return 7 },
	})
	return r
}

func TestRecord(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hi") }))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "requests.jsonl")
	r := vu(t, &Module{})
	if _, err := r.RunOnEventLoop(fmt.Sprintf(`
		log.open(%q); log.open(%q);
		for (let n = 0; n < 2; n++) log.record(http.get(%q), '"n":' + n, {answer_sha256: true});
		log.record(http.get(%q, {responseType: 'binary'}), '', {answer_sha256: true});
		log.record(http.get('http://127.0.0.1:1/'), '"n":3');
		log.write('{"by_hand":true}');
		if (log.written() !== 5) throw new Error('written ' + log.written());
		if (log.index() !== 7) throw new Error('index ' + log.index())`, path, path, server.URL, server.URL)); err != nil {
		t.Fatal(err)
	}
	const hi = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4" // sha256sum of "hi"
	records := readLines(t, path)
	if len(records) != 5 {
		t.Fatalf("%d lines", len(records))
	}
	for n, record := range records[:3] {
		if record["duration_ms"].(float64) <= 0 || record["waiting_ms"].(float64) <= 0 || record["status"] != 200.0 || record["tls_ms"] != nil || record["answer_sha256"] != hi {
			t.Errorf("record %d: %v", n, record)
		}
		if opened := record["connecting_ms"] != nil; opened != (n == 0) {
			t.Errorf("record %d: connecting_ms %v, and only the first opened a connection", n, record["connecting_ms"])
		}
	}
	refused := records[3]
	if refused["duration_ms"] != 0.0 {
		t.Errorf("a refused request has duration_ms %v, want 0: it did end", refused["duration_ms"])
	}
	for _, name := range []string{"waiting_ms", "connecting_ms", "tls_ms", "status", "remote_address", "proto"} {
		if value, there := refused[name]; !there || value != nil {
			t.Errorf("a refused request has %s %v", name, value)
		}
	}
	if _, there := refused["answer_sha256"]; there || refused["n"] != 3.0 || records[4]["by_hand"] != true {
		t.Errorf("refused %v, written %v", refused, records[4])
	}
}

// Go writes the fields that the table of fields says it does, each once, in that order.
func TestFieldsAreTheTables(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hi") }))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "requests.jsonl")
	if _, err := vu(t, &Module{}).RunOnEventLoop(fmt.Sprintf(
		`log.open(%q); log.record(http.get(%q), '', {answer_sha256: true})`, path, server.URL)); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, found := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(string(raw), -1) {
		names = append(names, found[1])
	}
	if !slices.Equal(names, fieldNames) {
		t.Errorf("written %v, and the table has %v", names, fieldNames)
	}
	record := readLines(t, path)[0]
	if record["proto"] != "HTTP/1.1" || "http://"+record["remote_address"].(string) != server.URL {
		t.Errorf("got %v", record)
	}
}

func TestAddress(t *testing.T) {
	for _, of := range []struct {
		ip   string
		port int
		want string
	}{{"127.0.0.1", 80, `"127.0.0.1:80"`}, {"::1", 8080, `"[::1]:8080"`}, {"", 0, "null"}} {
		if got := string(appendAddress(nil, of.ip, of.port)); got != of.want {
			t.Errorf("%q, %d: %s, want %s", of.ip, of.port, got, of.want)
		}
	}
}

func readLines(t *testing.T, path string) []map[string]any {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var records []map[string]any
	for line := range strings.Lines(string(raw)) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		records = append(records, record)
	}
	return records
}

// Long lines of many VUs at once stay whole.
func TestLinesNeverTear(t *testing.T) {
	const vus, lines = 16, 200
	path := filepath.Join(t.TempDir(), "requests.jsonl")
	var log Log
	var group sync.WaitGroup
	for n := range vus {
		group.Go(func() {
			if err := log.Open(path); err != nil {
				t.Error(err)
			}
			line := fmt.Appendf(nil, `{"vu":%d,"text":%q}`+"\n", n, strings.Repeat("x", 10_000))
			for range lines {
				if err := log.Write(line); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	counts := map[float64]int{}
	for _, record := range readLines(t, path) {
		counts[record["vu"].(float64)]++
	}
	for n := range vus {
		if counts[float64(n)] != lines {
			t.Errorf("VU %d has %d lines", n, counts[float64(n)])
		}
	}
	if log.Written() != vus*lines {
		t.Errorf("written %d", log.Written())
	}
}

// fullDisk takes so many bytes.
type fullDisk struct {
	strings.Builder
	room int
}

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.room)
	d.room -= n
	d.Builder.Write(p[:n])
	if n < len(p) {
		return n, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return n, nil
}

func TestATornLineStaysAlone(t *testing.T) {
	disk := &fullDisk{room: 7}
	log := Log{path: "/results/requests.jsonl", out: disk}
	write := func(line string) error { return log.Write([]byte(line + "\n")) }
	if err := write("first"); err != nil {
		t.Fatal(err)
	}
	err := write("second")
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/results/requests.jsonl") || !strings.Contains(err.Error(), "1 lines were") {
		t.Errorf("got %v", err)
	}
	if err := write("third"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	disk.room = 100
	if err := write("fourth"); err != nil {
		t.Fatal(err)
	}
	if got := disk.String(); got != "first\ns\nfourth\n" || log.Written() != 2 {
		t.Errorf("%q, %d written", got, log.Written())
	}
}

func TestErrors(t *testing.T) {
	directory := t.TempDir()
	open := fmt.Sprintf("log.open(%q); ", filepath.Join(directory, "log.jsonl"))
	for script, want := range map[string]string{
		`log.open('')`:                                                    "the path is empty",
		fmt.Sprintf(`log.open(%q)`, directory):                            directory + ": is a directory",
		`log.open('/no/such/directory/log')`:                              "/no/such/directory/log: no such file or directory",
		open + `log.open('/tmp/other')`:                                   "cannot open /tmp/other as well",
		`log.write('x')`:                                                  "no log is open",
		open + `log.write('x\ny')`:                                        "a record is one line",
		open + `log.record({status: 200}, '')`:                            "it takes a response of k6/http",
		open + `log.record(null, '')`:                                     "it takes a response of k6/http",
		open + `log.record(http.get('http://127.0.0.1:1'), '"a":"x\ny"')`: "a record is one line",
	} {
		if _, err := vu(t, &Module{}).RunOnEventLoop(script); err == nil || !strings.Contains(err.Error(), "requestlog: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", script, err, want)
		}
	}
	if runtime.GOOS == "linux" {
		_, err := vu(t, &Module{}).RunOnEventLoop(`log.open('/dev/full'); log.write('x')`)
		if err == nil || !strings.Contains(err.Error(), "/dev/full: no space left on device") {
			t.Errorf("a full disk: %v", err)
		}
	}
	r := vu(t, &Module{})
	r.VU.StateField = nil
	if _, err := r.RunOnEventLoop(`log.index()`); err == nil || !strings.Contains(err.Error(), "an iteration's number") {
		t.Errorf("index outside an iteration: %v", err)
	}
}

func TestTraceparent(t *testing.T) {
	format := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`)
	seen := map[string]bool{}
	for range 1000 {
		header := traceparent()
		if !format.MatchString(header) || seen[header] {
			t.Fatalf("%q, seen %v", header, seen[header])
		}
		seen[header] = true
	}
}

func TestNow(t *testing.T) {
	r := vu(t, &Module{})
	value, err := r.RunOnEventLoop(`const a = log.now(), b = log.now(); b >= a ? a : 0`)
	if err != nil {
		t.Fatal(err)
	}
	if now := float64(time.Now().UnixMicro()) / 1e3; value.ToFloat() > now+1000 || value.ToFloat() < now-60_000 {
		t.Errorf("now() gave %v at %v", value.ToFloat(), now)
	}
}
