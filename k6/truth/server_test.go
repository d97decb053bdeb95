// SPDX-License-Identifier: AGPL-3.0-only

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func start(t *testing.T, defaults plan) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() { _ = newServer(defaults).serve(listener) }()
	return "http://" + listener.Addr().String()
}

func post(t *testing.T, url, id, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Request-Id", id)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func takeStamps(t *testing.T, url string) map[string]stamps {
	t.Helper()
	response, err := http.Get(url + "/stamps") //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all := map[string]stamps{}
	for decoder := json.NewDecoder(response.Body); decoder.More(); {
		var one stamps
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		all[one.ID] = one
	}
	return all
}

func TestStream(t *testing.T) {
	url := start(t, plan{TTFT_MS: 20, ITL_MS: 5, Tokens: 4})
	before := float64(time.Now().UnixMilli())
	var group sync.WaitGroup
	for n := range 5 {
		group.Go(func() {
			status, text := post(t, url, fmt.Sprint("r", n), `{"stream":true,"itl_ms":10}`)
			if status != 200 || strings.Count(text, `"content":" token"`) != 4 || strings.Count(text, `"role":"assistant"`) != 1 ||
				!strings.Contains(text, `"completion_tokens":4`) || !strings.HasSuffix(text, "data: [DONE]\n\n") {
				t.Errorf("%d %q", status, text)
			}
			for event := range strings.SplitSeq(strings.TrimSuffix(text, "data: [DONE]\n\n"), "\n\n") {
				if event != "" && !json.Valid([]byte(strings.TrimPrefix(event, "data: "))) {
					t.Errorf("event %q", event)
				}
			}
		})
	}
	group.Wait()
	all := takeStamps(t, url)
	if len(all) != 5 {
		t.Fatalf("stamps of %d streams", len(all))
	}
	for id, one := range all {
		if one.ArrivalMS < before-1000 || one.Tokens != 4 || one.TTFT_MS != 20 || one.ITL_MS != 10 || len(one.FlushUS) != 4 || one.RoleUS >= one.FlushUS[0] {
			t.Errorf("%s: %+v", id, one)
		}
		for k, flushed := range one.FlushUS {
			if due := one.deadline(k).Microseconds(); flushed < due || k > 0 && flushed < one.FlushUS[k-1] {
				t.Errorf("%s: token %d flushed at %d us, due at %d", id, k, flushed, due)
			}
		}
	}
	if again := takeStamps(t, url); len(again) != 0 {
		t.Errorf("%d stamps were given twice", len(again))
	}
}

func TestAClientThatLeaves(t *testing.T) {
	url := start(t, plan{TTFT_MS: 1, ITL_MS: 2, Tokens: 100_000})
	response, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader("{}")) //nolint:noctx // closed below
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if one, ended := takeStamps(t, url)["unnamed-1"]; ended {
			if len(one.FlushUS) >= one.Tokens {
				t.Error("it went on to the end")
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("its stream never ended")
		}
	}
}

func TestRefused(t *testing.T) {
	url := start(t, plan{Tokens: 1})
	for body, want := range map[string]string{
		`{"tokens":0}`:        "tokens is 0",
		`{"tokens":10000000}`: "tokens is 10000000",
		`{"ttft_ms":-1}`:      "ttft_ms is -1",
		`{"itl_ms":1e12}`:     "itl_ms is 1e+12",
		`{`:                   "no JSON",
		`{"tokens":"many"}`:   "no JSON",
	} {
		if status, text := post(t, url, "x", body); status != 400 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %q", body, status, text)
		}
	}
	for path, want := range map[string]int{"/health": 200, "/nothing": 404} {
		response, err := http.Get(url + path) //nolint:noctx // a test's own server
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
	if all := takeStamps(t, url); len(all) != 0 {
		t.Errorf("stamps of refused requests: %v", all)
	}
}
