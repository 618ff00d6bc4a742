package destination

import (
	"fmt"
	"math/rand/v2"
	"os"
	stdpath "path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/idna"
)

func mustLoad(t testing.TB, files ...string) *Catalogue {
	t.Helper()
	c, err := Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func file(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "own.toml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestEveryEntry walks the embedded catalogue: each host written there leads
// to its service, unless a more telling entry takes that very host.
func TestEveryEntry(t *testing.T) {
	c := mustLoad(t)
	if n := len(c.Services()); n < 300 {
		t.Errorf("only %d services", n)
	}
	ref := newNaive(c)
	classes := map[string]int{}
	for i := range c.patterns {
		p := &c.patterns[i]
		classes[p.classes[0]]++
		for _, host := range samples(p) {
			method := "POST"
			if len(p.methods) > 0 {
				method = p.methods[0]
			}
			d := c.Lookup("https", host, 443, method, p.path)
			want := ref.find(host, method, cleanPath(p.path))
			if d.Service != want.service {
				t.Errorf("%s%s: got %q, want %q", host, p.path, d.Service, want.service)
			}
			if d.Service != p.service && want == p {
				t.Errorf("%s of %q leads to %q", p.text, p.service, d.Service)
			}
			for _, other := range []string{"evil-" + host, host + ".evil.example", host + "evil"} {
				if d := c.Lookup("https", other, 443, method, p.path); d.Service == p.service && !ref.takes(p.service, other) {
					t.Errorf("%s leads to %q", other, d.Service)
				}
			}
		}
	}
	for _, class := range Classes {
		if n := classes[class]; n == 0 && class != Unknown && class != Internal {
			t.Errorf("no entry of class %q", class)
		}
	}
	t.Logf("%d services, %d hosts, %v", len(c.services), len(c.patterns), classes)
}

// samples are hosts that a pattern fits.
func samples(p *pattern) (s []string) {
	name := strings.ReplaceAll(p.name, "*", "zq7")
	if p.self {
		s = append(s, name)
	}
	if p.below {
		s = append(s, "zq7."+name, "zq8.zq7."+name)
	}
	return s
}

// naive is the catalogue once more, tried in order, label by label.
type naive struct {
	patterns []*pattern
	labels   [][]string
}

func newNaive(c *Catalogue) *naive {
	n := new(naive)
	for i := range c.patterns {
		n.patterns = append(n.patterns, &c.patterns[i])
		n.labels = append(n.labels, strings.Split(c.patterns[i].name, "."))
	}
	return n
}

func (n *naive) host(i int, host []string) bool {
	more := len(host) - len(n.labels[i])
	for k := len(n.labels[i]) - 1; k >= 0; k-- {
		if more < 0 {
			return false
		}
		if ok, err := stdpath.Match(n.labels[i][k], host[more+k]); !ok || err != nil {
			return false
		}
	}
	return more == 0 && n.patterns[i].self || more > 0 && n.patterns[i].below
}

func (n *naive) find(host, method, path string) *pattern {
	labels := strings.Split(host, ".")
	for i, p := range n.patterns {
		if n.host(i, labels) && p.fits(method, path) {
			return p
		}
	}
	return &pattern{}
}

func (n *naive) takes(service, host string) bool {
	for i, p := range n.patterns {
		if p.service == service && n.host(i, strings.Split(host, ".")) {
			return true
		}
	}
	return false
}

// fits is the naive test of method and path.
func (p *pattern) fits(method, path string) bool {
	if len(p.methods) > 0 && !slices.Contains(p.methods, method) {
		return false
	}
	q, path := strings.ToLower(p.path), strings.ToLower(path)
	return q == "" || q == path || strings.HasPrefix(path, strings.TrimSuffix(q, "/")+"/") || strings.HasPrefix(path, q+"?")
}

func TestLookup(t *testing.T) {
	c := mustLoad(t)
	for _, tt := range []struct {
		host, path, service, class string
	}{
		{"www.dropbox.com", "/", "Dropbox", "cloud-storage"},
		{"dropbox.com", "/", "Dropbox", "cloud-storage"},
		{"DropBox.COM.", "/", "Dropbox", "cloud-storage"},
		{"www.dropbox.com:443", "/", "Dropbox", "cloud-storage"},
		{"www.dropbox.com.:8443", "", "Dropbox", "cloud-storage"},
		{"ｗｗｗ．ｄｒｏｐｂｏｘ．ｃｏｍ", "/", "Dropbox", "cloud-storage"},
		{"www。dropbox。com", "/", "Dropbox", "cloud-storage"},
		{"evil-dropbox.com", "/", "", Unknown},
		{"dropbox.com.evil.example", "/", "", Unknown},
		{"dropbox.comx", "/", "", Unknown},
		{"xdropbox.com", "/", "", Unknown},
		{"dropbox", "/", "", Internal},
		{"dropb\u043ex.com", "/", "", Unknown}, // Cyrillic o
		{"39.gigafile.nu", "/upload_chunk.php", "ギガファイル便", "file-transfer"},
		{"xgf.nu", "/", "xgf", "file-transfer"},
		{"firestorage.jp", "/", "firestorage", "file-transfer"},
		{"www.datadeliver.net", "/", "データ便", "file-transfer"},
		{"okurin.bitpark.co.jp", "/", "おくりん坊", "file-transfer"},
		{"try.sekimori.test", "/upload", "Sekimori try-out", "file-transfer"},
		{"drive.google.com", "/", "Google Drive", "cloud-storage"},
		{"www.google.com", "/search", "Google Search", "search"},
		{"www.google.com", "/gmail/about", "Gmail", "web-mail"},
		{"www.google.com", "/gmailx", "Google Search", "search"},
		{"www.google.com", "/maps", "Google Maps", "search"},
		{"docs.google.com", "/forms/d/x/formResponse", "Google Forms", "forms"},
		{"docs.google.com", "/document/d/x", "Google Drive", "cloud-storage"},
		{"www.googleapis.com", "/upload/drive/v3/files", "Google Drive", "cloud-storage"},
		{"www.googleapis.com", "/upload/drive/v3/files?uploadType=media", "Google Drive", "cloud-storage"},
		{"www.googleapis.com", "//upload/./drive/v3", "Google Drive", "cloud-storage"},
		{"www.googleapis.com", "/up%6Coad/Drive", "Google Drive", "cloud-storage"},
		{"www.googleapis.com", "/x/../upload/drive", "Google Drive", "cloud-storage"},
		{"www.googleapis.com", "/upload\\drive", "Google Drive", "cloud-storage"},
		{"www.googleapis.com", "/upload/driver", "", Unknown},
		{"clients6.google.com", "/upload/drive/v2internal/files", "Google Drive", "cloud-storage"},
		{"mail.google.com", "/mail/u/0/", "Gmail", "web-mail"},
		{"chat.google.com", "/", "Google Chat", "chat"},
		{"gemini.google.com", "/app", "Gemini", "ai-assistant"},
		{"acme.cybozu.com", "/k/v1/records.json", "kintone", "groupware"},
		{"acme.cybozu.com", "/g/", "Garoon", "groupware"},
		{"acme.cybozu.com", "/", "サイボウズ", "groupware"},
		{"acme.cybozu.com", "/m/mw.cgi", "メールワイズ", "web-mail"},
		{"mail.yahoo.co.jp", "/", "Yahoo!メール", "web-mail"},
		{"search.yahoo.co.jp", "/", "Yahoo!検索", "search"},
		{"webmail.sso.biglobe.ne.jp", "/", "BIGLOBEメール", "web-mail"},
		{"mail.nifty.com", "/", "@niftyメール", "web-mail"},
		{"talk.worksmobile.com", "/", "LINE WORKS", "chat"},
		{"www.chatwork.com", "/gateway/upload", "Chatwork", "chat"},
		{"bucket.s3.ap-northeast-1.amazonaws.com", "/k", "Amazon S3", "cloud-storage"},
		{"a.b.c.s3.ap-northeast-1.amazonaws.com", "/k", "Amazon S3", "cloud-storage"},
		{"s3.ap-northeast-1.amazonaws.com", "/b/k", "Amazon S3", "cloud-storage"},
		{"bucket.s3.amazonaws.com", "/k", "Amazon S3", "cloud-storage"},
		{"ec2.ap-northeast-1.amazonaws.com", "/", "", Unknown},
		{"acct.blob.core.windows.net", "/c/b", "Azure Storage", "cloud-storage"},
		{"storage.googleapis.com", "/upload/storage/v1/b/x/o", "Google Cloud Storage", "cloud-storage"},
		{"chatgpt.com", "/backend-api/conversation", "ChatGPT", "ai-assistant"},
		{"api.openai.com", "/v1/chat/completions", "OpenAI API", "ai-assistant"},
		{"gist.github.com", "/", "GitHub Gist", "paste"},
		{"api.github.com", "/gists", "GitHub Gist", "paste"},
		{"api.github.com", "/repos", "GitHub", "code-hosting"},
		{"note.com", "/", "note", "social"},
		{"zenn.dev", "/", "Zenn", "social"},
		{"www.deepl.com", "/", "DeepL", "translation"},
		{"10.1.2.3", "/", "", Internal},
		{"[::1]:8080", "/", "", Internal},
		{"[fd00::1]", "/", "", Internal},
		{"[fe80::1%25eth0]", "/", "", Internal},
		{"fd00::1", "/", "", Internal},
		{"[::ffff:192.168.0.1]", "/", "", Internal},
		{"203.0.113.7", "/", "", Unknown},
		{"[2001:db8::1]:443", "/", "", Unknown},
		{"10.1.2.3.evil.example", "/", "", Unknown},
		{"printer", "/", "", Internal},
		{"files.corp.internal", "/", "", Internal},
		{"nas.local", "/", "", Internal},
		{"nas.home.arpa", "/", "", Internal},
		{"notlocal", "/", "", Internal},
		{"x.notlocal", "/", "", Unknown},
		{"", "/", "", Unknown},
		{".", "/", "", Unknown},
		{":80", "/", "", Unknown},
		{"[", "/", "", Unknown},
		{strings.Repeat("a.", 300) + "dropbox.com", "/", "", Unknown},
		{strings.Repeat("a.", 120) + "dropbox.com", "/", "Dropbox", "cloud-storage"},
		{strings.Repeat("é", 5000), "/", "", Internal},
	} {
		d := c.Lookup("https", tt.host, 0, "POST", tt.path)
		if d.Service != tt.service || !slices.Equal(d.Classes, []string{tt.class}) {
			t.Errorf("%.60s%s: got %q %v, want %q %s", tt.host, tt.path, d.Service, d.Classes, tt.service, tt.class)
		}
		if d.Path != tt.path || d.Method != "POST" || d.Scheme != "https" {
			t.Errorf("%.60s: the request was changed: %+v", tt.host, d)
		}
	}
}

func TestHostAndPort(t *testing.T) {
	c := mustLoad(t)
	for _, tt := range []struct {
		scheme, host string
		port         int
		want         string
	}{
		{"https", "Example.COM", 0, "example.com 443"},
		{"http", "example.com", 0, "example.com 80"},
		{"ftp", "example.com", 0, "example.com 0"},
		{"https", "example.com:8443", 443, "example.com 8443"},
		{"https", "example.com:", 443, "example.com 443"},
		{"https", "example.com:99999", 443, "example.com 443"},
		{"https", "[2001:DB8::1]:77", 443, "2001:db8::1 77"},
		{"https", "2001:db8::1", 443, "2001:db8::1 443"},
		{"https", "[2001:db8::1]", 0, "2001:db8::1 443"},
		{"https", "日本語.jp", 0, "xn--wgv71a119e.jp 443"},
		{"https", "XN--WGV71A119E.JP.", 0, "xn--wgv71a119e.jp 443"},
	} {
		d := c.Lookup(tt.scheme, tt.host, tt.port, "GET", "/")
		if got := fmt.Sprint(d.Host, " ", d.Port); got != tt.want {
			t.Errorf("%s %s %d: got %s, want %s", tt.scheme, tt.host, tt.port, got, tt.want)
		}
	}
}

func TestAdministratorsFile(t *testing.T) {
	c := mustLoad(t, file(t, `
class   = "internal"
classes = ["partner"]
remove  = ["MEGA"]

[services]
"Our files" = ["files.corp.example", ".box.com"]
"Partner"   = { hosts = ["acme.app.box.com", "www.partner.example/in", ".日本語.jp"], class = ["partner", "cloud-storage"] }
"Put only"  = { hosts = ["up.example.net"], methods = ["PUT"] }
"Dropbox"   = ["team.dropbox.com"]
`))
	for _, tt := range []struct{ method, host, path, want string }{
		{"POST", "files.corp.example", "/", "Our files [internal]"},
		{"POST", "upload.app.box.com", "/", "Our files [internal]"}, // ours before a more telling embedded one
		{"POST", "acme.app.box.com", "/", "Partner [partner cloud-storage]"},
		{"POST", "www.partner.example", "/in/x", "Partner [partner cloud-storage]"},
		{"POST", "www.partner.example", "/out", " [unknown]"},
		{"POST", "www.xn--wgv71a119e.jp", "/", "Partner [partner cloud-storage]"},
		{"PUT", "up.example.net", "/", "Put only [internal]"},
		{"POST", "up.example.net", "/", " [unknown]"},
		{"POST", "mega.nz", "/", " [unknown]"},
		{"POST", "team.dropbox.com", "/", "Dropbox [internal]"},
		{"POST", "www.dropbox.com", "/", "Dropbox [cloud-storage]"},
	} {
		d := c.Lookup("https", tt.host, 443, tt.method, tt.path)
		if got := fmt.Sprint(d.Service, " ", d.Classes); got != tt.want {
			t.Errorf("%s %s%s: got %s, want %s", tt.method, tt.host, tt.path, got, tt.want)
		}
	}
	if !slices.Contains(c.Classes(), "partner") || !slices.Contains(c.Services(), "Our files") || slices.Contains(c.Services(), "MEGA") {
		t.Error("classes or services are not those of the file")
	}
}

func TestFaults(t *testing.T) {
	name := file(t, `class = "web-male"
remove = ["Dropbx"]
unknown = 1

[services]
"a" = { hosts = ["https://x.example/", "x.example:80", "*", "*.com*", "a..b", "x.example/a*", "ok.example"], class = "chat" }
"b" = { hosts = "ok.example", class = "chat" }
"c" = { hosts = [], class = "chat" }
"d" = { hosts = [5], class = "chat" }
"e" = { hosts = ["e.example"], class = "chat", methods = ["put"] }
"f" = ["f.example"]
`)
	_, err := Load(name, filepath.Join(t.TempDir(), "none.toml"))
	if err == nil {
		t.Fatal("faults were not found")
	}
	for _, want := range []string{
		`:1:9: service "f": "web-male" is no class; did you mean "web-mail"?`,
		`:2:11: remove: there is no embedded service "Dropbx"; did you mean "Dropbox"?`,
		`:3:1: unknown key "unknown"`,
		`:6:18: service "a": "https://x.example/" has a scheme`,
		`:6:40: service "a": "x.example:80" has a port`,
		`:6:56: `, `:6:61: `, `:6:71: `, `:6:79: `,
		`:7:17: service "b": "ok.example" is already a host of "a"`,
		`:8:1: service "c": it has no hosts`,
		`:9:18: service "d": a host is missing`,
		`:10:58: service "e": "put" is no method`,
		"none.toml",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestConcurrentLookups(t *testing.T) {
	c := mustLoad(t)
	hosts := []string{"www.dropbox.com", "x.gigafile.nu", "b.s3.eu-west-1.amazonaws.com", "unknown.example", "mail.google.com"}
	want := make([]string, len(hosts))
	for i, h := range hosts {
		want[i] = c.Lookup("https", h, 443, "POST", "/").Service
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for k := range 2000 {
				i := k % len(hosts)
				if got := c.Lookup("https", hosts[i], 443, "POST", "/").Service; got != want[i] {
					t.Errorf("%s: got %q, want %q", hosts[i], got, want[i])
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestAgainstNaive draws hosts from the pieces of the catalogue's own.
func TestAgainstNaive(t *testing.T) {
	c := mustLoad(t)
	ref := newNaive(c)
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		p, q := &c.patterns[r.IntN(len(c.patterns))], &c.patterns[r.IntN(len(c.patterns))]
		host := strings.ReplaceAll(p.name, "*", q.name[:r.IntN(3)])
		switch r.IntN(5) {
		case 0:
			host = q.name + "." + host
		case 1:
			host = q.name + host
		case 2:
			host = host[r.IntN(len(host)):]
		case 3:
			host = "a-b." + host
		}
		compare(t, c, ref, host, p.path+q.path)
	}
}

func compare(t *testing.T, c *Catalogue, ref *naive, host, path string) {
	t.Helper()
	d := c.Lookup("https", host, 443, "POST", path)
	if len(d.Host) > maxHost {
		return
	}
	if want := ref.find(d.Host, "POST", cleanPath(path)); d.Service != want.service {
		t.Errorf("%q %q: got %q, want %q (%s)", host, path, d.Service, want.service, want.text)
	}
}

func FuzzLookup(f *testing.F) {
	c := mustLoad(f)
	ref := newNaive(c)
	for _, host := range []string{"www.dropbox.com:443", "evil-dropbox.com", "[::1]:80", "b.s3.x.amazonaws.com", "mail.a.nifty.com", "日本語.jp", "..", "a*b.com"} {
		f.Add(host, "/upload/drive")
	}
	f.Add("www.google.com", "/%67mail/../maps")
	f.Fuzz(func(t *testing.T, host, path string) {
		compare(t, c, ref, host, path)
		if a := normalHost(host); len(a) > 0 && a[0] != '[' && !strings.Contains(a, ":") {
			if b := normalHost(a); a != b {
				t.Errorf("%q becomes %q and then %q", host, a, b)
			}
		}
		if _, err := idna.Lookup.ToASCII(host); err == nil && cleanPath(path)[0] != '/' {
			t.Errorf("path %q", cleanPath(path))
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	c := mustLoad(b)
	for _, bb := range []struct{ name, host, path string }{
		{"known", "www.dropbox.com", "/upload"},
		{"path", "www.googleapis.com", "/upload/drive/v3/files"},
		{"glob", "bucket.s3.ap-northeast-1.amazonaws.com", "/key"},
		{"unknown", "some.host.that-nobody-knows.example", "/a/b/c"},
		{"mixed case", "WWW.Dropbox.Com:443", "/"},
		{"long", strings.Repeat("abcdefgh.", 27) + "example", "/"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Lookup("https", bb.host, 443, "POST", bb.path)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := mustLoad(b)
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
		mustLoad(b)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
	runtime.KeepAlive(c)
}

func TestKnownHostsAreBounded(t *testing.T) {
	var k knownHosts
	asked := 0
	find := func(string) []int32 { asked++; return []int32{int32(asked)} }
	for i := range maxKnown + 10 {
		k.get(fmt.Sprintf("h%d.example", i), find)
	}
	if len(k.fit) > maxKnown {
		t.Errorf("%d hosts are remembered", len(k.fit))
	}
	if last := asked; k.get(fmt.Sprintf("h%d.example", maxKnown+9), find)[0] != int32(last) || asked != last {
		t.Error("the last host was forgotten")
	}
	if k.get(strings.Repeat("x", maxHost+1), find); len(k.fit) != 10 {
		t.Errorf("%d hosts are remembered, want 10: no name is so long", len(k.fit))
	}
}
