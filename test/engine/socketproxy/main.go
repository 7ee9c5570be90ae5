// A filter in front of the Docker socket, for machines on which wollomatic/socket-proxy cannot be had: it takes that
// program's parameters and environment variables as far as this project uses them, and refuses the others. Requests
// pass when their method has a pattern, their path matches all of it, and their sender is allowed.
//
// Called as `healthcheck`, it asks a running one whether its socket answers.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// healthAddress is where the health check asks, from inside the container alone.
const healthAddress = "127.0.0.1:55555"

func main() {
	if filepath.Base(os.Args[0]) == "healthcheck" {
		os.Exit(healthcheck("http://" + healthAddress + "/health"))
	}
	settings, err := parseSettings(os.Args[1:], os.LookupEnv)
	if err != nil {
		fmt.Fprintf(os.Stderr, "socket-proxy: %v\n", err)
		os.Exit(2)
	}
	options := &slog.HandlerOptions{Level: settings.level}
	var log slog.Handler = slog.NewTextHandler(os.Stdout, options)
	if settings.logJSON {
		log = slog.NewJSONHandler(os.Stdout, options)
	}
	slog.SetDefault(slog.New(log))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, settings); err != nil {
		slog.Error("stopped", "error", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, s settings) error {
	listener, err := listen(s)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newFilter(s), ReadHeaderTimeout: 10 * time.Second}
	slog.Info("listening", "address", listener.Addr().String(), "socket", s.socketPath)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { cancel(server.Serve(listener)) }()
	if s.allowHealthcheck {
		go func() { cancel(healthServer(s).ListenAndServe()) }()
	}
	if s.watchdog > 0 {
		go watch(ctx, s, cancel)
	}

	<-ctx.Done()
	grace, end := context.WithTimeout(context.Background(), s.grace)
	defer end()
	if err := server.Shutdown(grace); err != nil {
		slog.Warn("some requests were cut off", "error", err)
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, http.ErrServerClosed) {
		return cause
	}
	return nil
}

func listen(s settings) (net.Listener, error) {
	if s.endpoint == "" {
		return net.Listen("tcp", net.JoinHostPort(s.listenIP, strconv.Itoa(s.port)))
	}
	if err := os.Remove(s.endpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("a socket of an earlier run is in the way: %w", err)
	}
	listener, err := net.Listen("unix", s.endpoint)
	if err != nil {
		return nil, err
	}
	return listener, os.Chmod(s.endpoint, s.endpointMode)
}

// reachable dials the socket that is proxied.
func reachable(s settings) error {
	conn, err := net.DialTimeout("unix", s.socketPath, 5*time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

// watch looks at the socket at intervals: it may go away below a proxy that lives on, when the engine is upgraded.
func watch(ctx context.Context, s settings, stop context.CancelCauseFunc) {
	ticker := time.NewTicker(s.watchdog)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			err := reachable(s)
			if err == nil {
				continue
			}
			slog.Error("the socket does not answer", "socket", s.socketPath, "error", err)
			if s.stopOnWatchdog {
				stop(fmt.Errorf("the socket %s does not answer: %w", s.socketPath, err))
				return
			}
		}
	}
}

func healthServer(s settings) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if err := reachable(s); err != nil {
			slog.Error("unhealthy", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	return &http.Server{Addr: healthAddress, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
}

func healthcheck(url string) int {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer response.Body.Close() //nolint:errcheck // only its status is of interest
	if response.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, response.Status)
		return 1
	}
	return 0
}
