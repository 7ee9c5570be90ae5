package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
	http.MethodDelete, http.MethodConnect, http.MethodTrace, http.MethodOptions}

type settings struct {
	level            slog.Level
	logJSON          bool
	listenIP         string
	port             int
	endpoint         string // a Unix socket to listen on, in place of TCP
	endpointMode     fs.FileMode
	socketPath       string
	allow            map[string]*regexp.Regexp
	networks         []*net.IPNet
	hosts            []string
	allowHealthcheck bool
	watchdog         time.Duration
	stopOnWatchdog   bool
	grace            time.Duration
}

// parseSettings reads the command line, and the variables SP_… for what that does not set.
func parseSettings(args []string, lookup func(string) (string, bool)) (settings, error) {
	flags := flag.NewFlagSet("socket-proxy", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error says it
	text := map[string]*string{}
	for name, standard := range map[string]string{
		"allowfrom": "127.0.0.1/32", "listenip": "127.0.0.1", "loglevel": "INFO", "proxyport": "2375",
		"shutdowngracetime": "10", "socketpath": "/var/run/docker.sock", "watchdoginterval": "0",
		"proxysocketendpoint": "", "proxysocketendpointfilemode": "0600",
	} {
		if v, ok := lookup("SP_" + strings.ToUpper(name)); ok {
			standard = v
		}
		text[name] = flags.String(name, standard, "")
	}
	on := map[string]*bool{}
	for _, name := range []string{"allowhealthcheck", "logjson", "stoponwatchdog"} {
		v, _ := lookup("SP_" + strings.ToUpper(name))
		on[name] = flags.Bool(name, v == "true", "")
	}
	patterns := map[string]*string{}
	for _, method := range methods {
		v, _ := lookup("SP_ALLOW_" + method)
		patterns[method] = flags.String("allow"+method, v, "")
	}
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("%q is not a parameter", flags.Arg(0))
	}

	s := settings{
		listenIP: *text["listenip"], endpoint: *text["proxysocketendpoint"], socketPath: *text["socketpath"],
		allowHealthcheck: *on["allowhealthcheck"], logJSON: *on["logjson"], stopOnWatchdog: *on["stoponwatchdog"],
		allow: map[string]*regexp.Regexp{},
	}
	var errs []error
	number := func(name string, base int) int {
		n, err := strconv.ParseInt(*text[name], base, 32)
		if err != nil || n < 0 {
			errs = append(errs, fmt.Errorf("%s: %q is not a number", name, *text[name]))
		}
		return int(n)
	}
	s.port = number("proxyport", 10)
	s.grace = time.Duration(number("shutdowngracetime", 10)) * time.Second
	s.watchdog = time.Duration(number("watchdoginterval", 10)) * time.Second
	s.endpointMode = fs.FileMode(number("proxysocketendpointfilemode", 8)) //nolint:gosec // a number that is not negative
	errs = append(errs, s.level.UnmarshalText([]byte(*text["loglevel"])))
	for method, pattern := range patterns {
		if *pattern == "" {
			continue
		}
		compiled, err := regexp.Compile("^(?:" + *pattern + ")$")
		errs = append(errs, err)
		s.allow[method] = compiled
	}
	for _, from := range strings.Split(*text["allowfrom"], ",") {
		if _, network, err := net.ParseCIDR(from); err == nil {
			s.networks = append(s.networks, network)
		} else {
			s.hosts = append(s.hosts, from)
		}
	}
	return s, errors.Join(errs...)
}
