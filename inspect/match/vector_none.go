//go:build purego || !(amd64 || arm64)

package match

// vectors is empty where there are no vector kernels.
var vectors []kernels
