// Package evasion tries the ways in which a list of customers could be carried
// past the gate: encodings upon encodings, disguised characters, containers,
// hidden places in documents, decoys, and the seams of HTTP. It is all tests:
// each case is a real request through the real proxy with the built-in rules,
// to a destination of the class cloud-storage.
//
// A case is closed if nine in ten of its people are found and the rules stop
// it, or if what was not read is named and the rules stop it for that. Each has
// a twin of the same shape with a price list in it, which must pass wherever the
// shape can be read. docs/evasion.md holds the outcomes; write it anew with
//
//	go test ./bench/evasion -update
package evasion
