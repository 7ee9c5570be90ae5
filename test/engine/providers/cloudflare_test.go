package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

const dnsRecord = "cloudflare:index/dnsRecord:DnsRecord"

// zone is as much of the API as one zone's records need.
type zone struct {
	mu       sync.Mutex
	records  map[string]values
	made     int
	refusals int // requests to answer with 429 before one is served
	requests []string
}

func (z *zone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.requests = append(z.requests, r.Method)
	reply := func(status int, result any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		errors := []values{}
		if status >= 400 {
			errors = append(errors, values{"code": 81044, "message": "Record does not exist."})
		}
		json.NewEncoder(w).Encode(values{"success": status < 400, "errors": errors, "messages": []any{}, "result": result}) //nolint:errcheck // a test's
	}
	if z.refusals > 0 {
		z.refusals--
		w.Header().Set("Retry-After", "0")
		reply(http.StatusTooManyRequests, nil)
		return
	}
	if r.Header.Get("Authorization") != "Bearer token" {
		reply(http.StatusForbidden, nil)
		return
	}
	id, found := strings.CutPrefix(r.URL.Path, "/client/v4/zones/zone1/dns_records/")
	if r.Method == http.MethodPost {
		z.made++
		id = fmt.Sprintf("record%d", z.made)
		z.records[id] = values{"id": id, "proxied": false, "proxiable": true, "tags": []any{}, "settings": values{},
			"meta": values{}, "created_on": "2026-01-01T00:00:00Z", "modified_on": "2026-01-01T00:00:00Z"}
	} else if !found || z.records[id] == nil {
		reply(http.StatusNotFound, nil)
		return
	}
	switch r.Method {
	case http.MethodDelete:
		delete(z.records, id)
	case http.MethodPost, http.MethodPut:
		var body values
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			reply(http.StatusBadRequest, nil)
			return
		}
		maps.Copy(z.records[id], body)
	}
	reply(http.StatusOK, z.records[id])
}

func startZone(t *testing.T) (*zone, bridged) {
	z := &zone{records: map[string]values{}}
	server := httptest.NewServer(z)
	t.Cleanup(server.Close)
	return z, start(t, "cloudflare", values{"apiToken": "token", "baseUrl": server.URL + "/client/v4"})
}

func aRecord(changes values) values {
	inputs := values{"zoneId": "zone1", "name": "a.example.test", "type": "A", "content": "192.0.2.1", "ttl": 60.0, "comment": "mine"}
	maps.Copy(inputs, changes)
	return inputs
}

func TestARecordLives(t *testing.T) {
	z, b := startZone(t)
	r := b.create(dnsRecord, "r", aRecord(nil))
	if r.id != "record1" || z.records["record1"]["content"] != "192.0.2.1" || z.records["record1"]["comment"] != "mine" {
		t.Fatalf("made %s: %v", r.id, z.records)
	}
	if r.get("proxied") != false || r.get("createdOn") != "2026-01-01T00:00:00Z" {
		t.Errorf("state: %v", r.outputs)
	}
	r, there := r.refresh()
	if got := r.diff(aRecord(nil)); !there || got != "none" {
		t.Errorf("the same inputs after a refresh are a %s", got)
	}
	if got := r.diff(aRecord(values{"zoneId": "zone2"})); got != "replace" {
		t.Errorf("another zone is a %s", got)
	}
	r = r.update(aRecord(values{"content": "192.0.2.2", "ttl": 120.0}))
	if got := z.records["record1"]; got["content"] != "192.0.2.2" || got["ttl"] != 120.0 {
		t.Errorf("updated to %v", got)
	}
	z.records["record1"]["content"] = "198.51.100.1"
	drifted, _ := r.refresh()
	if got := drifted.diff(aRecord(values{"content": "192.0.2.2", "ttl": 120.0})); got != "update" {
		t.Errorf("what was changed by hand is a %s", got)
	}
	if err := r.delete(); err != nil || len(z.records) != 0 {
		t.Errorf("after delete: %v, %v", err, z.records)
	}
	if _, there := r.refresh(); there {
		t.Error("a deleted record is still there")
	}
	if err := r.delete(); err == nil || !strings.Contains(err.Error(), "81044") {
		t.Errorf("deleting what is gone: %v, and the official plugin says the API's error", err)
	}
}

func TestACommentThatIsTakenAwayGoes(t *testing.T) {
	z, b := startZone(t)
	without := aRecord(nil)
	delete(without, "comment")
	r := b.create(dnsRecord, "r", aRecord(nil)).update(without)
	if got := z.records["record1"]["comment"]; got != "" {
		t.Errorf("the comment is %v", got)
	}
	if got := r.diff(without); got != "none" {
		t.Errorf("the same inputs are a %s", got)
	}
}

func TestARecordIsImportedByZoneAndId(t *testing.T) {
	z, b := startZone(t)
	b.create(dnsRecord, "r", aRecord(nil))
	r, there := b.adopt(dnsRecord, "r", "zone1/record1")
	if !there || r.id != "record1" || r.get("content") != "192.0.2.1" || r.get("zoneId") != "zone1" {
		t.Errorf("imported %s: %v", r.id, r.outputs)
	}
	if got := r.diff(aRecord(nil)); got != "none" {
		t.Errorf("the inputs that made it are a %s", got)
	}
	if _, there := b.adopt(dnsRecord, "r", "zone1/record9"); there {
		t.Errorf("imported one of %v that is not there", z.records)
	}
}

func TestARefusalForHasteIsWaitedOut(t *testing.T) {
	z, b := startZone(t)
	z.refusals = 2
	b.create(dnsRecord, "r", aRecord(nil))
	if len(z.records) != 1 || len(z.requests) != 3 {
		t.Errorf("%d records after requests %v", len(z.records), z.requests)
	}
}

func TestAWrongTokenIsAnError(t *testing.T) {
	z := &zone{records: map[string]values{}}
	server := httptest.NewServer(z)
	defer server.Close()
	b := start(t, "cloudflare", values{"apiToken": "wrong", "baseUrl": server.URL + "/client/v4"})
	if _, err := b.tryCreate(dnsRecord, "r", aRecord(nil)); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("got %v", err)
	}
}
