package console

import "time"

// Node is a node of a fleet, as the one that this console belongs to knows it.
type Node struct {
	Name    string
	Own     bool      // the console's
	At      time.Time // its last heartbeat
	Silent  bool      // that was too long ago
	Away    time.Time // of the own node: since when it cannot reach the others; zero: it can
	Records uint64    // in its record
	Lag     uint64    // of these not with the fleet yet
	Untold  int64     // bytes that wait to be told to the others
	Rules   string    // digest of its rules
	Mode    string
	Trouble string
	Version string
}
