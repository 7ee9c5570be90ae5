package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// newFilter passes on to the socket what the settings allow.
func newFilter(s settings) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "localhost"})
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", s.socketPath)
			},
		},
		FlushInterval: -1, // events are a stream: each must arrive when it happens
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.endpoint == "" && !s.senderAllowed(r.Context(), r.RemoteAddr) {
			slog.Warn("sender refused", "from", r.RemoteAddr, "method", r.Method, "path", r.URL.Path)
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		allowed, known := s.allow[r.Method]
		if !known {
			slog.Warn("method refused", "from", r.RemoteAddr, "method", r.Method, "path", r.URL.Path)
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		if !allowed.MatchString(r.URL.Path) {
			slog.Warn("path refused", "from", r.RemoteAddr, "method", r.Method, "path", r.URL.Path)
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		slog.Debug("passed", "from", r.RemoteAddr, "method", r.Method, "path", r.URL.Path)
		proxy.ServeHTTP(w, r)
	})
}

func (s settings) senderAllowed(ctx context.Context, address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	sender := net.ParseIP(host)
	if sender == nil {
		return false
	}
	for _, network := range s.networks {
		if network.Contains(sender) {
			return true
		}
	}
	for _, name := range s.hosts {
		addresses, err := net.DefaultResolver.LookupIPAddr(ctx, name)
		if err != nil {
			slog.Warn("an allowed host has no address", "host", name, "error", err)
			continue
		}
		for _, a := range addresses {
			if a.IP.Equal(sender) {
				return true
			}
		}
	}
	return false
}
