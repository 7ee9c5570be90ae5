// pulumi-language-nodejs runs Node.js programs and policy packs for the Pulumi engine, for machines on which the
// official language host cannot be had. It keeps to the official one's behaviour: working directories, environment,
// options and exit codes are the same, so that a program cannot tell which of the two has started it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// engineHealthInterval is how often a host that the engine has left behind would notice it.
const engineHealthInterval = 5 * time.Minute

func main() {
	tracing := flag.String("tracing", "", "address of a tracing endpoint")
	runtime := flag.String("runtime", "nodejs", "the runtime of the programs; only nodejs is supported")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *showVersion {
		fmt.Println(version)
		return
	}
	if *runtime != "nodejs" {
		cmdutil.Exit(fmt.Errorf("unsupported runtime: %s", *runtime))
	}
	logging.InitLogging(false, 0, false)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if engine := flag.Arg(0); engine != "" {
		if err := rpcutil.Healthcheck(ctx, engine, engineHealthInterval, stop); err != nil {
			cmdutil.Exit(fmt.Errorf("could not watch the engine at %s: %w", engine, err))
		}
	}

	go stopWhenOrphaned(os.Getppid(), stop)

	cancel := make(chan bool)
	host := newHost(flag.Arg(0), *tracing)
	go func() {
		<-ctx.Done()
		host.cancel()
		close(cancel)
	}()
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, host)
			return nil
		},
		Options: rpcutil.TracingServerInterceptorOptions(nil),
	})
	if err != nil {
		cmdutil.Exit(fmt.Errorf("could not start the language host: %w", err))
	}

	// The engine reads the port from the first line.
	fmt.Printf("%d\n", server.Port)
	if err := <-server.Done; err != nil {
		cmdutil.Exit(fmt.Errorf("language host stopped serving: %w", err))
	}
}

// stopWhenOrphaned stops the host, and with it the program, soon after an engine that was killed: there is nobody left
// to register resources with.
func stopWhenOrphaned(parent int, stop context.CancelFunc) {
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			stop()
			return
		}
	}
}
