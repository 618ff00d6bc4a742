package extract

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestTar(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(name, body string) {
		w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(body)), ModTime: time.Unix(0, 0)})
		w.Write([]byte(body))
	}
	add("a.bin", "\x00\x01\x02\x03")
	add("門番花子/"+strings.Repeat("長い", 60)+".csv", customers)
	w.Close()
	x := inspect(t, b.Bytes())
	if s := x.Find(person); !strings.Contains(s.Path, "長い") {
		t.Errorf("found in %s", s.Path)
	}
	if s := x.Find("門番花子/"); s.Role != part.FileName {
		t.Errorf("name: %v", s.Role)
	}
	x = inspect(t, append(b.Bytes(), customers...))
	if !x.Has(person) || len(x.Skips()) > 1 {
		t.Errorf("trailing:\n%s", x)
	}
	x = inspect(t, b.Bytes()[:b.Len()-2000])
	if got := strings.Join(x.Skips(), " "); !strings.Contains(got, string(part.Truncated)) {
		t.Errorf("cut off: %q", got)
	}
}
