package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func noVariables(string) (string, bool) { return "", false }

// behind starts a daemon on a Unix socket and a filter with these parameters in front of it.
func behind(t *testing.T, daemon http.Handler, args ...string) *httptest.Server {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: daemon} //nolint:gosec // a test's
	go server.Serve(listener)               //nolint:errcheck // ends with the test
	t.Cleanup(func() { server.Close() })    //nolint:errcheck // as above
	s, err := parseSettings(append(args, "-socketpath="+socket), noVariables)
	if err != nil {
		t.Fatal(err)
	}
	filter := httptest.NewServer(newFilter(s))
	t.Cleanup(filter.Close)
	return filter
}

func TestOnlyWhatIsAllowedPasses(t *testing.T) {
	daemon := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	filter := behind(t, daemon, `-allowGET=/v1\..{1,2}/(version|containers/.*)`)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/v1.41/version", 200},
		{"GET", "/v1.41/containers/json", 200},
		{"GET", "/v1.41/secrets", 403},
		{"GET", "/v1.41/versionx", 403},
		{"GET", "/x/v1.41/version", 403},
		{"POST", "/v1.41/containers/create", 405},
		{"DELETE", "/v1.41/containers/a", 405},
	} {
		request, err := http.NewRequest(c.method, filter.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close() //nolint:errcheck // a test's
		if response.StatusCode != c.status {
			t.Errorf("%s %s: status %d, want %d", c.method, c.path, response.StatusCode, c.status)
		}
	}
}

func TestASenderThatIsNotAllowedIsRefused(t *testing.T) {
	filter := behind(t, http.NotFoundHandler(), "-allowGET=.*", "-allowfrom=192.0.2.0/24")
	response, err := http.Get(filter.URL + "/version")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close() //nolint:errcheck // a test's
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("status %d, want 403", response.StatusCode)
	}
}

func TestEventsArriveWhenTheyHappen(t *testing.T) {
	second := make(chan struct{})
	daemon := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "first")
		w.(http.Flusher).Flush()
		<-second
		fmt.Fprintln(w, "second")
	})
	filter := behind(t, daemon, "-allowGET=/events", "-allowfrom=localhost")
	response, err := (&http.Client{Timeout: 5 * time.Second}).Get(filter.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // a test's
	lines := bufio.NewReader(response.Body)
	for _, want := range []string{"first", "second"} {
		line, err := lines.ReadString('\n')
		if err != nil || strings.TrimSpace(line) != want {
			t.Fatalf("read %q, %v; want %q", line, err, want)
		}
		if want == "first" {
			close(second)
		}
	}
}

func TestParametersComeBeforeVariables(t *testing.T) {
	variables := func(name string) (string, bool) {
		v, ok := map[string]string{"SP_PROXYPORT": "1", "SP_LISTENIP": "0.0.0.0", "SP_ALLOW_HEAD": ".*"}[name]
		return v, ok
	}
	s, err := parseSettings([]string{"-proxyport=2"}, variables)
	if err != nil {
		t.Fatal(err)
	}
	if s.port != 2 || s.listenIP != "0.0.0.0" || s.allow["HEAD"] == nil || s.allow["GET"] != nil {
		t.Errorf("got %+v", s)
	}
	for _, bad := range []string{"-allowGET=(", "-proxyport=x", "-loglevel=LOUD", "-allowbindmountfrom=/", "extra"} {
		if _, err := parseSettings([]string{bad}, noVariables); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
