package proxy

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestBeforeKeepsTheLastOfAConversation(t *testing.T) {
	var b before
	var all string
	for i := range 20_000 {
		m := fmt.Sprintf("message %d\n", i)
		all += m
		b.add([]byte(m))
	}
	got := string(b.recent())
	if !strings.HasSuffix(all, got) || !strings.HasPrefix(got, "message ") {
		t.Errorf("it is not the end of what was sent, cut between messages: %.40q", got)
	}
	if len(got) > beforeSize || len(got) < beforeSize-2*pieceSize {
		t.Errorf("%d bytes are kept", len(got))
	}
	if n := len(b.pieces); n > 2*beforeSize/pieceSize {
		t.Errorf("%d pieces", n)
	}
	b.pieces[0].began -= int64(beforeFor) + 1
	if n := b.pieces[0].size; len(b.recent()) != len(got)-n {
		t.Error("what is old is still there")
	}
	b.add(bytes.Repeat([]byte("x"), beforeSize+1))
	if len(b.recent()) != 0 {
		t.Error("part of a message is kept")
	}
}

// A message that is harmless by itself is stopped for what it completes.
func TestSecretOverTwoMessages(t *testing.T) {
	half := len(secret) / 2
	eachVersion(t, "binary", func(t *testing.T, open opener) {
		h := build(t)
		conn, br := open(t, h, "")
		first := clientFrame(0x82, []byte("harmless "+secret[:half]))
		conn.Write(first)
		arrived(t, br, len(first))
		conn.Write(clientFrame(0x89, []byte("a ping between them")))
		arrived(t, br, len(first)+len(clientFrame(0x89, []byte("a ping between them"))))
		conn.Write(clientFrame(0x82, []byte(secret[half:])))
		if code, reason := closed(t, br); code != closePolicy || !strings.Contains(reason, "SK-") {
			t.Errorf("closed with %d %q", code, reason)
		}
		evs := h.audit.events()
		if last := evs[len(evs)-1]; last.Action != "block" || last.Incident == "" {
			t.Errorf("recorded: %+v", last)
		}
		for _, ev := range evs[:len(evs)-1] {
			if ev.Incident != "" {
				t.Errorf("a harmless message is an incident: %+v", ev)
			}
		}
	})
}
