//go:build deps

// Package internal pins modules while rooms are being built.
package internal

import (
	_ "github.com/BurntSushi/toml"
	_ "github.com/andybalholm/brotli"
	_ "github.com/cloudflare/ahocorasick"
	_ "github.com/elazarl/goproxy"
	_ "github.com/fsnotify/fsnotify"
	_ "github.com/google/jsonschema-go/jsonschema"
	_ "github.com/klauspost/compress/zstd"
	_ "github.com/minio/sio"
	_ "github.com/nyaruka/phonenumbers"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/schollz/progressbar/v3"
	_ "golang.org/x/crypto/argon2"
	_ "golang.org/x/mod/sumdb/tlog"
	_ "golang.org/x/net/http2"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/sys/cpu"
	_ "golang.org/x/term"
	_ "golang.org/x/text/encoding/japanese"
)
