package ole

import (
	"bytes"
	"strings"
	"testing"
)

func TestContainer(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1000)
	in := files{"a": "small", "s/b": long, "s/t/c": "deep", "s/t/d": long[:4097]}
	for _, sector := range []int{512, 4096} {
		raw := compoundFileOf(in, sector)
		c, err := open(bytes.NewReader(raw), int64(len(raw)))
		if err != nil || c.damage != nil {
			t.Fatal(err, c.damage)
		}
		for path, want := range in {
			n := c.root
			for step := range strings.SplitSeq(path, "/") {
				if n = n.find(strings.ToUpper(step)); n == nil {
					t.Fatalf("%s is not there", path)
				}
			}
			if got, err := c.stream(n).bytes(1 << 20); string(got) != want || err != nil {
				t.Errorf("%s: %d bytes of %d, %v", path, len(got), len(want), err)
			}
			if got, err := c.stream(n).bytes(3); string(got) != want[:3] || err == nil {
				t.Errorf("%s: limit: %q, %v", path, got, err)
			}
		}
	}
}

func TestContainerFaults(t *testing.T) {
	long := strings.Repeat("customer 090-0000-0001\n", 1000)
	whole := compoundFile(files{"a": long, "b": "small 090-0000-0002 text"})
	loop := bytes.Clone(whole)
	fat := loop[len(loop)-512:]
	copy(fat[4:], "\x00\x00\x00\x00") // sector 1 leads back to sector 0
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"cut in the directory": {whole[:len(whole)-1200], "decode-error"},
		"cut in the table":     {whole[:len(whole)-512], "truncated"},
		"loop":                 {loop, "unknown-format"},
		"header only":          {whole[:512], "decode-error"},
		"trailing":             {append(bytes.Clone(whole), long...), "unknown-format"},
	} {
		x := inspect(t, c.raw)
		if got := strings.Join(x.Skips(), " "); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q\n%s", name, got, x)
		}
		if name != "header only" && !x.Has("090-0000-0001") {
			t.Errorf("%s: nothing was read:\n%s", name, x)
		}
	}
}
