package git

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// entry is an object as a pack has it.
type entry struct {
	kind byte
	ref  []byte // before the data: of a difference, its base
	data string
}

func makePack(entries ...entry) string {
	var b bytes.Buffer
	b.WriteString("PACK\x00\x00\x00\x02")
	binary.Write(&b, binary.BigEndian, uint32(len(entries)))
	for _, e := range entries {
		n := len(e.data)
		c := e.kind<<4 | byte(n&15)
		for n >>= 4; n > 0; n >>= 7 {
			b.WriteByte(c | 0x80)
			c = byte(n & 0x7f)
		}
		b.WriteByte(c)
		b.Write(e.ref)
		z := zlib.NewWriter(&b)
		z.Write([]byte(e.data))
		z.Close()
	}
	sum := sha1.Sum(b.Bytes())
	b.Write(sum[:])
	return b.String()
}

func name(kind, data string) []byte {
	sum := sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", kind, len(data), data))
	return sum[:]
}

func line(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }

const (
	old  = "0000000000000000000000000000000000000000"
	head = "1111111111111111111111111111111111111111"
)

// read gives the texts of all parts by their last step, and the reasons for
// what was not read.
func read(t testing.TB, pack string) (map[string]string, []string) {
	t.Helper()
	got, skips := map[string]string{}, []string(nil)
	tree := parttest.Read(t, append(Readers(), rest{}), part.Part{Body: strings.NewReader(pack), Size: int64(len(pack))}, part.Limits{})
	for _, s := range tree.Parts {
		_, step, _ := strings.Cut(s.Path, part.Separator)
		if s.Reader == "rest" {
			for got[step] != "" { // versions of one file
				step += "'"
			}
			got[step] = string(s.Own)
		}
		skips = append(skips, s.Skips...)
	}
	return got, skips
}

// rest takes what is in a pack as it is.
type rest struct{}

func (rest) Name() string                  { return "rest" }
func (rest) Match(*part.Part, []byte) bool { return true }
func (rest) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("rest", "")
	if err := part.Drain(ctx, b, p.Body); err != nil {
		return part.Stop(ctx, e, err, true)
	}
	return nil
}

func TestPack(t *testing.T) {
	list := "氏名,電話\n山田 太郎,090-1234-5678\n"
	tree1 := "100644 顧客.csv\x00" + string(name("blob", list))
	commit1 := "tree 0\nauthor A <a@example.jp> 1 +0900\n\nfirst\n"
	// "<list>more\n": copies the whole of the base, adds some.
	delta := string(binary.AppendUvarint(nil, uint64(len(list)))) + string(binary.AppendUvarint(nil, uint64(len(list)+5))) +
		string([]byte{0x90, byte(len(list)), 5}) + "more\n"
	pack := makePack(entry{commit, nil, commit1}, entry{tree, nil, tree1}, entry{blob, nil, list},
		entry{refDelta, name("blob", list), delta}, entry{refDelta, name("blob", "not here"), delta})
	for what, in := range map[string]string{
		"alone":     pack,
		"in a push": line(old+" "+head+" refs/heads/main\x00 report-status") + "0000" + pack,
		"options":   line(old+" "+head+" refs/heads/main\x00 push-options") + "0000" + line("note") + "0000" + pack,
	} {
		got, skips := read(t, in)
		for path, want := range map[string]string{"顧客.csv": list, "commit 1": commit1, "tree 2": "顧客.csv\n", "blob 4": list + "more\n", "change 5": "more\n\n"} {
			if got[path] != want {
				t.Errorf("%s: %s is %q, want %q", what, path, got[path], want)
			}
		}
		if !slices.Equal(skips, []string{string(part.Truncated)}) {
			t.Errorf("%s: skipped %v, want the one base that is not here", what, skips)
		}
		if what != "alone" && !strings.Contains(got["commands"], "refs/heads/main") {
			t.Errorf("%s: commands %q", what, got["commands"])
		}
	}
	for cut := 13; cut < len(pack)-1; cut += 7 {
		if _, skips := read(t, pack[:cut]); skips == nil {
			t.Errorf("cut at %d: nothing said", cut)
		}
	}
	if got, _ := read(t, pack+"something behind"); got["trailing data"] != "something behind" {
		t.Errorf("behind the pack: %q", got)
	}
	if got, skips := read(t, line(head+" "+old+" refs/heads/main\x00 delete-refs")+"0000"); len(got) != 1 || skips != nil {
		t.Errorf("a deletion: %q, %v", got, skips)
	}
}

func TestNoPack(t *testing.T) {
	for _, in := range []string{"", "PACK", "PACKAGE list of the day", "00a0 is no line of git", old + " " + head + " refs/heads/main"} {
		if (reader{}).Match(&part.Part{}, []byte(in)) {
			t.Errorf("%q was taken for a pack", in)
		}
	}
}

// TestRealGit reads what git itself packs, with differences of both kinds.
func TestRealGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
	}
	dir := t.TempDir()
	git := func(stdin string, args ...string) []byte {
		c := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.jp"}, args...)...)
		c.Stdin = strings.NewReader(stdin)
		out, err := c.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return out
	}
	git("", "init", "-q")
	var long strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&long, "line %d of a long file, %x\n", i, sha1.Sum([]byte{byte(i), byte(i >> 8)}))
	}
	texts := []string{long.String(), long.String() + "山田 太郎,090-1234-5678\n", strings.Replace(long.String(), "line 1000 ", "佐藤 花子,080-2345-6789; ", 1)}
	for _, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, "list.csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git("", "add", ".")
		git("", "commit", "-qm", "change")
	}
	all := git("HEAD\n", "pack-objects", "--revs", "--stdout", "-q", "--delta-base-offset", "--window=10")
	got, skips := read(t, string(all))
	found := 0
	for _, text := range texts {
		for _, g := range got {
			if g == text {
				found++
				break
			}
		}
	}
	if found != 3 || skips != nil {
		t.Errorf("%d of 3 versions, skipped %v", found, skips)
	}
	thin := git("HEAD\n^HEAD~1\n", "pack-objects", "--revs", "--stdout", "-q", "--thin")
	got, skips = read(t, string(thin))
	if joined := fmt.Sprint(got); !strings.Contains(joined, "佐藤 花子,080-2345-6789;") || !slices.Equal(skips, []string{string(part.Truncated)}) {
		t.Errorf("a thin pack of %d bytes: %d parts without the change, skipped %v", len(thin), len(got), skips)
	}
}

func FuzzPack(f *testing.F) {
	f.Add([]byte(makePack(entry{blob, nil, "hello"}, entry{refDelta, name("blob", "hello"), "\x05\x0a\x90\x05\x05there"})))
	f.Add([]byte(line(old+" "+head+" refs/heads/main\x00 x") + "0000" + makePack(entry{tree, nil, "100644 a\x00" + strings.Repeat("x", 20)})))
	f.Fuzz(func(t *testing.T, in []byte) {
		read(t, string(in))
	})
}
