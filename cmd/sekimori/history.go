package main

import (
	"fmt"

	"github.com/sekimori-dlp/sekimori/history"
)

// openHistory opens what has left over time, and the key by which it knows
// persons.
func (i *installation) openHistory() (*history.History, [16]byte, error) {
	key, err := i.cfg.key("persons")
	if err != nil {
		return nil, [16]byte{}, err
	}
	h, err := history.Open(i.cfg.folder("history"))
	if err != nil {
		return nil, [16]byte{}, fmt.Errorf("open history: %w", err)
	}
	i.closers = append(i.closers, h.Close)
	return h, [16]byte(key), nil
}
