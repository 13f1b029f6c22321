// Package examples holds configurations that users start from. The demo runs
// the guide and the sync; a test runs each of them.
package examples

import "embed"

// Guide is NICE's own guide as a configuration, in the folder guide.
//
//go:embed guide/*.hcl
var Guide embed.FS

// Sync is a centre that run keeps in step, in the folder sync.
//
//go:embed sync/*.hcl
var Sync embed.FS
