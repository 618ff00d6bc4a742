package detect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestCustoms(t *testing.T) {
	circuit := Custom{ID: "circuit", Type: "CIRCUIT_ID", Pattern: `(CAF|COP)[0-9]{10}`, Near: []string{"回線ID", "お客さまID"}, Within: 10, Alone: 0.4, Beside: 0.9}
	staff := Custom{ID: "staff", Type: "STAFF", Pattern: `[0-9]{4}-[0-9]{3}`, Alone: 0.6}
	checked := Custom{ID: "checked", Type: "CHECKED", Pattern: `[0-9]{8}`, Check: "luhn", Alone: 0.8}
	words := Custom{ID: "words", Type: "SECRET", Words: []string{"社外秘", "Project Kestrel", "ＡＢＣ計画"}, Alone: 1}
	tests := []struct {
		name string
		c    Custom
		text string
		want string
	}{
		{"beside a word", circuit, "回線ID: CAF0123456789 です", "CIRCUIT_ID CAF0123456789 0.9"},
		{"behind it, full width", circuit, "ＣＯＰ０１２３４５６７８９（お客さまＩＤ）", "CIRCUIT_ID COP0123456789 0.9"},
		{"alone", circuit, "CAF0123456789", "CIRCUIT_ID CAF0123456789 0.4"},
		{"word too far", circuit, "回線ID を下記の欄へご記入のうえ CAF0123456789", "CIRCUIT_ID CAF0123456789 0.4"},
		{"digits go on", circuit, "CAF01234567890", ""},
		{"letters before", circuit, "XCAF0123456789", ""},
		{"kana may stand before", circuit, "のCAF0123456789が", "CIRCUIT_ID CAF0123456789 0.4"},
		{"middle of a number", staff, "11234-567", ""},
		{"punctuation is a border", staff, "(1234-567)", "STAFF 1234-567 0.6"},
		{"check passes", checked, "no. 12345674.", "CHECKED 12345674 0.8"},
		{"check fails", checked, "no. 12345678.", ""},
		{"words, folded", words, "社外秘 PROJECT kestrel ABC計画", "SECRET 社外秘 1;SECRET PROJECT kestrel 1;SECRET ABC計画 1"},
		{"word within a word", words, "myproject kestrels", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := NewEngine(nil, []Custom{tt.c})
			if err != nil {
				t.Fatal(err)
			}
			got := customFindings(e, tt.text)
			if got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

// lister writes findings down one by one.
type lister struct{ out []string }

func (l *lister) Demand() Demand { return nil }
func (l *lister) Record(r *Record) {
	for _, f := range r.Found {
		l.out = append(l.out, fmt.Sprintf("%s %s %.2g", f.Type, f.Text, f.Confidence))
	}
}

func customFindings(e *Engine, text string) string {
	var l lister
	s := e.Session(&l)
	s.Write(part.Text{Bytes: []byte(text)})
	s.Close()
	return strings.Join(l.out, ";")
}

// A near word counts across a block's border as far as its Within says.
func TestNearAcrossBlocks(t *testing.T) {
	c := Custom{ID: "far", Type: "FAR", Pattern: `F[0-9]{9}`, Near: []string{"合言葉"}, Within: 900, Alone: 0.2, Beside: 0.9}
	e, err := NewEngine(nil, []Custom{c})
	if err != nil {
		t.Fatal(err)
	}
	for pad := 7000; pad < 16000; pad += 997 {
		text := strings.Repeat("あいうえお\n", pad/16) + "合言葉" + strings.Repeat("か", 850) + "F123456789\n" + strings.Repeat("さしすせそ\n", 1500)
		var l lister
		s := e.Session(&l)
		s.size = 16 << 10
		s.Write(part.Text{Bytes: []byte(text)})
		s.Close()
		if got := strings.Join(l.out, ";"); got != "FAR F123456789 0.9" {
			t.Errorf("behind %d bytes: %q", pad, got)
		}
	}
}
