package main

import (
	"os"
	"time"
)

// orphanGrace is how long a plugin lives on after its engine has died, so that what it is doing can come to its end.
const orphanGrace = 15 * time.Second

// exitWhenOrphaned ends this process some time after its parent has. The engine stops its plugins when it ends; but one
// that is killed cannot, and each that is left behind would hold its memory until it asks after the engine's health,
// minutes later.
func exitWhenOrphaned(grace time.Duration) {
	parent := os.Getppid()
	go func() {
		for range time.Tick(time.Second) {
			if os.Getppid() != parent {
				time.Sleep(grace)
				os.Exit(1)
			}
		}
	}()
}
