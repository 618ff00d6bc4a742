//go:build !unix

package main

// owner is not known here.
func owner(string) string { return "" }
