// SPDX-License-Identifier: AGPL-3.0-only

package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/lib/types"
	"go.k6.io/k6/v2/metrics"
)

const (
	defaultTimeout   = 60 * time.Second // k6/http's own
	maxKeptEvents    = 100_000
	knownParams      = "headers, timeout, tags, redirects, rules, keep_text, keep_events, itl_json"
	maxCompiledRules = 32
)

// request is what the script asked for, checked.
type request struct {
	http       *http.Request
	url        httpext.URL
	timeout    time.Duration
	redirects  int
	tags       metrics.TagsAndMeta
	rules      *rules // nil: no stream is expected
	keepText   bool
	keepEvents int
	itlJSON    bool
}

func (i *instance) parseRequest(method string, url, body, params sobek.Value) (*request, error) {
	state := i.vu.State()
	r := &request{timeout: defaultTimeout, tags: state.Tags.GetCurrentValues()}
	var err error
	if r.url, err = parseURL(url); err != nil {
		return nil, err
	}
	payload, err := parseBody(body)
	if err != nil {
		return nil, err
	}
	r.http, err = http.NewRequest(strings.ToUpper(method), r.url.URL, payload) //nolint:noctx // it comes with the exchange
	if err != nil {
		return nil, err
	}
	if agent := state.Options.UserAgent; agent.Valid {
		r.http.Header.Set("User-Agent", agent.String)
	}
	if common.IsNullish(params) {
		return r, nil
	}
	object := params.ToObject(i.vu.Runtime())
	for _, name := range object.Keys() {
		value := object.Get(name)
		if common.IsNullish(value) {
			continue
		}
		if err := i.setParam(r, name, value); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// parseBody gives a reader of a type that net/http knows, so that it can send the body again after a redirect.
func parseBody(body sobek.Value) (io.Reader, error) {
	if common.IsNullish(body) {
		return nil, nil //nolint:nilnil // no body
	}
	payload, err := common.ToBytes(body.Export())
	if err != nil {
		return nil, fmt.Errorf("the body is of %w; pass an object through JSON.stringify", err)
	}
	return bytes.NewReader(bytes.Clone(payload)), nil // an ArrayBuffer stays the script's to change
}

func parseURL(value sobek.Value) (httpext.URL, error) {
	if common.IsNullish(value) {
		return httpext.URL{}, errors.New("the URL is missing")
	}
	url, err := httpext.ToURL(value.Export())
	if err != nil {
		return httpext.URL{}, err
	}
	if parsed := url.GetURL(); parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return httpext.URL{}, fmt.Errorf("%q is no http or https URL; give one such as 'http://127.0.0.1:8080/v1/chat/completions'",
			url.Clean())
	}
	return url, nil
}

func (i *instance) setParam(r *request, name string, value sobek.Value) (err error) {
	rt := i.vu.Runtime()
	switch name {
	case "headers":
		return setHeaders(r.http, value.ToObject(rt))
	case "timeout":
		r.timeout, err = types.GetDurationValue(value.Export())
		if err == nil && r.timeout <= 0 {
			err = errors.New("it must be above 0")
		}
		if err != nil {
			return fmt.Errorf("timeout is %q; give milliseconds or a duration such as '30s': %w", value.String(), err)
		}
	case "tags":
		if err = common.ApplyCustomUserTags(rt, &r.tags, value); err != nil {
			return fmt.Errorf("tags: %w", err)
		}
	case "redirects":
		r.redirects, err = parseCount(name, value, 100)
	case "keep_events":
		r.keepEvents, err = parseCount(name, value, maxKeptEvents)
	case "keep_text":
		r.keepText = value.ToBoolean()
	case "itl_json":
		r.itlJSON = value.ToBoolean()
	case "rules":
		r.rules, err = i.compileRules(value.ToObject(rt))
	default:
		return fmt.Errorf("unknown param %q; known are %s", name, knownParams)
	}
	return err
}

// setHeaders names a bad header without its value, which may be a secret.
func setHeaders(r *http.Request, headers *sobek.Object) error {
	for _, name := range headers.Keys() {
		value := headers.Get(name).String()
		if name == "" || strings.ContainsAny(name, " :\r\n\x00") || strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("header %q has a line break or a zero byte in it, or its name is none; take that out", name)
		}
		r.Header.Set(name, value)
		if strings.EqualFold(name, "host") {
			r.Host = value
		}
	}
	return nil
}

func parseCount(name string, value sobek.Value, most int64) (int, error) {
	n := value.ToInteger()
	if n < 0 || n > most || value.ToFloat() != float64(n) {
		return 0, fmt.Errorf("%s is %s; give a whole number from 0 to %d", name, value.String(), most)
	}
	return int(n), nil
}

// compileRules reads a rules object once: the same object stands for the same rules from then on.
func (i *instance) compileRules(object *sobek.Object) (*rules, error) {
	if compiled, known := i.compiled[object]; known {
		return compiled, nil
	}
	raw, err := json.Marshal(object.Export())
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	compiled, err := i.module.rules(string(raw))
	if err != nil {
		return nil, err
	}
	if len(i.compiled) >= maxCompiledRules { // a script that makes them anew each time must not fill the memory
		clear(i.compiled)
	}
	i.compiled[object] = compiled
	return compiled, nil
}

// rules gives all VUs that have the same rules one compiled copy, which then stays in the processor's cache.
func (m *Module) rules(raw string) (*rules, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if compiled, known := m.compiled[raw]; known {
		return compiled, nil
	}
	compiled, err := parseRules([]byte(raw))
	if err != nil {
		return nil, err
	}
	if m.compiled == nil || len(m.compiled) >= maxCompiledRules {
		m.compiled = make(map[string]*rules)
	}
	m.compiled[raw] = compiled
	return compiled, nil
}
