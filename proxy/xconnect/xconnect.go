// Package xconnect has the HTTP/2 servers of this process announce extended
// CONNECT (SETTINGS_ENABLE_CONNECT_PROTOCOL, RFC 8441), by which clients open
// WebSockets over HTTP/2. Import it for its effect.
//
// net/http has the support, but switched off (https://go.dev/issue/71128): its
// init function looks for http2xconnect=1 in the environment variable GODEBUG.
// There is no other switch, and a go:debug directive, which does not change the
// environment, is none. So this package puts it there first. That its own init
// function runs before net/http's is the language's promise: packages are
// initialised in the order of their import paths, as soon as those that they
// import are ("Package initialization" in the Go specification). This one needs
// two that net/http needs too, and "github.com" comes before "net/http". It must
// not import more.
//
// An http2xconnect that is already in GODEBUG stays as it is: with
// GODEBUG=http2xconnect=0 nothing is announced, and clients open WebSockets over
// HTTP/1.1 only.
package xconnect

import (
	"os"
	"strings"
)

func init() {
	const key = "http2xconnect="
	set := os.Getenv("GODEBUG")
	if strings.Contains(set, key) {
		return
	}
	if set != "" {
		set += ","
	}
	_ = os.Setenv("GODEBUG", set+key+"1") // it fails for names and values with a NUL only
}
