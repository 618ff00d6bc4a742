// Package rules reads what rule authors write in TOML and gives the verdict on
// an upload.
//
// [Load] reads files and folders on top of the built-in rules, reports every
// fault with file, line and column, compiles an immutable [Set] with the
// scanner it needs, and runs the rules' own tests; a set that fails them is
// refused. [Set.Decide] is pure: the same transaction gives the same verdict,
// without I/O. [Set.Explain] says in words what decided and what kept every
// other rule from applying. A [Watcher] keeps a set current and holds on to
// the last good one.
//
// The language is described in docs/rules.md. A report must come from the
// scanner of the very Set that decides on it.
package rules
