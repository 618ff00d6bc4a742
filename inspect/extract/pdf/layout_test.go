package pdf

import "testing"

func TestLayout(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"kerning":           {"/F1 10 Tf 50 700 Td [(Seki) -20 (mori) -300 (Gate)] TJ", "Sekimori Gate"},
		"lines":             {"/F1 10 Tf 12 TL 50 700 Td (one) Tj T* (two) Tj (three) '", "one\ntwo\nthree"},
		"rows":              {"/F1 10 Tf 1 0 0 1 50 700 Tm (Name) Tj 1 0 0 1 200 700 Tm (Phone) Tj 1 0 0 1 50 680 Tm (Taro) Tj 1 0 0 1 200 680 Tm (090-0000-0001) Tj", "Name\tPhone\nTaro\t090-0000-0001"},
		"column by column":  {"/F1 10 Tf 1 0 0 1 50 700 Tm (Name) Tj 1 0 0 1 50 680 Tm (Taro) Tj 1 0 0 1 200 700 Tm (Phone) Tj 1 0 0 1 200 680 Tm (090-0000-0001) Tj", "Name\tPhone\nTaro\t090-0000-0001"},
		"last cell first":   {"/F1 10 Tf 1 0 0 1 200 700 Tm (Phone) Tj 1 0 0 1 50 700 Tm (Name) Tj", "Name\tPhone"},
		"letter by letter":  {"/F1 10 Tf 50 700 Td (0) Tj 5.56 0 Td (9) Tj 5.56 0 Td (0) Tj", "090"},
		"spread letters":    {"/F1 10 Tf 8 Tc 50 700 Td (090) Tj", "090"},
		"word spacing":      {"/F1 10 Tf 20 Tw 50 700 Td (a b) Tj", "a b"},
		"bold by repeating": {"/F1 10 Tf 50 700 Td (Taro) Tj 0.3 0 Td (Taro) Tj", "Taro"},
		"superscript":       {"/F1 10 Tf 50 700 Td (m) Tj /F1 6 Tf 2 Ts (2) Tj", "m2"},
		"rotated":           {"/F1 10 Tf 0 1 -1 0 300 100 Tm (first) Tj 0 1 -1 0 320 100 Tm (second) Tj", "first\nsecond"},
		"invisible":         {"/F1 10 Tf 3 Tr 50 700 Td (hidden) Tj", "hidden"},
		"outside the page":  {"/F1 10 Tf -5000 9000 Td (far away) Tj", "far away"},
		"tiny":              {"/F1 0 Tf 50 700 Td (nothing) Tj", "nothing"},
		"accent":            {"/F1 10 Tf 50 700 Td (Schr) Tj [(\\250) 333 (o)] TJ (der) Tj", "Schröder"},
		"saved state":       {"q /F1 10 Tf Q /F1 10 Tf 50 700 Td (kept) Tj Q Q", "kept"},
		"inline picture":    {"BI /W 2 /H 2 /BPC 8 /CS /G ID \x00EI\xff\x01 EI /F1 10 Tf 50 700 Td (after) Tj", "after"},
		"broken operands":   {"/F1 10 Tf (x) Td 50 700 Td ] >> (still) Tj", "still"},
		"actual text":       {"/F1 10 Tf 50 700 Td /Span << /ActualText (Taro) >> BDC (T*ro) Tj EMC", "T*ro\nTaro"},
	} {
		t.Run(name, func(t *testing.T) { check(t, pageWith(plainFont, "BT "+c.content+" ET"), c.want) })
	}
}
