//go:build tools

// Package tools names the commands that are built, so that go.mod holds what they need.
package tools

import (
	_ "github.com/dapr/dapr/cmd/daprd"
	_ "github.com/dapr/dapr/cmd/scheduler"
)
