package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	p := New("A & B", "a <note>")
	p.Bars(Panel{"first", []Bar{{"one", 3, 2, 4, Ours}, {"two", 40, 0, 0, Peer}}}, Panel{"second", []Bar{{"three", .5, 0, 0, Limit}}})
	p.Bars()
	p.Curve("one point alone is no curve", "bytes", 1, Number, Series{"lonely", []float64{1}, []float64{1}})
	p.Curve("lines", "bytes", 2, func(v float64) string { return Bytes(int64(v)) }, Series{"up", []float64{1024, 4096}, []float64{0.01, 10}})
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	elements := map[string]int{}
	var texts []string
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch v := tok.(type) {
		case xml.StartElement:
			elements[v.Name.Local]++
		case xml.CharData:
			texts = append(texts, string(v))
		}
	}
	if elements["rect"] != 4 || elements["polyline"] != 1 {
		t.Errorf("%d rectangles and %d curves, want the page, three bars and one curve", elements["rect"], elements["polyline"])
	}
	all := strings.Join(texts, "\n")
	for _, want := range []string{"A & B", "a <note>", "second", "three", "1 KiB", "up"} {
		if !strings.Contains(all, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(all, "lonely") || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "%!") {
		t.Error("the page shows what cannot be drawn")
	}
}

func TestWords(t *testing.T) {
	for v, want := range map[float64]string{0.1234: "0.123", 12.34: "12.3", 1234.5: "1234"} {
		if got := Number(v); got != want {
			t.Errorf("Number(%v) = %q, want %q", v, got, want)
		}
	}
	for n, want := range map[int64]string{12: "12 B", 1 << 10: "1 KiB", 100 << 20: "100 MiB", 3 << 29: "1.5 GiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}
