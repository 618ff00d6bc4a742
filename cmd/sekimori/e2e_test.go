package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// These tests drive the built program with real clients, as its users do.

// TestCustomerListIsBlocked sends a list of 1,000 customers in every carrier to
// a cloud-storage host: none may leave, and of none a byte may reach the
// origin. The same request with the people replaced by products passes.
func TestCustomerListIsBlocked(t *testing.T) {
	in := install(t, "").start()
	people, twins := customers(1000), products(1000)
	for _, proto := range []string{"--http1.1", "--http2"} {
		for _, c := range carriers() {
			t.Run(proto[2:]+"/"+c.name, func(t *testing.T) {
				args := []string{proto, "--data-binary", "@-", "-H", "Content-Type: " + c.contentType, "https://www.dropbox.com/upload"}
				for _, h := range c.headers {
					args = append(args, "-H", h)
				}
				before := in.origin.seen()
				status, answer := in.curl(c.pack(t, people), args...)
				if status != "403" || !strings.Contains(answer, "SK-") {
					t.Errorf("people: status %s, want 403 and an incident number; answer: %.300s", status, answer)
				}
				if n := in.origin.seen() - before; n != 0 {
					t.Errorf("people: %d bytes reached the origin", n)
				}
				body := c.pack(t, twins)
				status, answer = in.curl(body, args...)
				if status != "200" || !strings.Contains(answer, fmt.Sprintf("origin got %d bytes", len(body))) {
					t.Errorf("products: status %s, want 200 and all %d bytes; answer: %.300s", status, len(body), answer)
				}
			})
		}
	}
	if out, code := in.sekimori("audit", "verify", "--config", in.config); code != 0 {
		t.Errorf("audit verify: exit %d: %s", code, out)
	}
	for _, secret := range []string{"佐藤", "サトウ", "user0", "新宿区新宿"} {
		if strings.Contains(in.log.String(), secret) {
			t.Errorf("the log holds a clear value (%d characters)", len([]rune(secret)))
		}
		segments, _ := filepath.Glob(filepath.Join(in.dir, "data", "audit", "*"))
		for _, s := range segments {
			if b, _ := os.ReadFile(s); bytes.Contains(b, []byte(secret)) {
				t.Errorf("the audit log holds a clear value (%d characters)", len([]rune(secret)))
			}
		}
	}
}

func TestCurlWays(t *testing.T) {
	in := install(t, "").start()
	list := []byte(customers(300).csv())
	file := filepath.Join(in.dir, "customers.csv")
	check(t, os.WriteFile(file, list, 0o600))
	twin := filepath.Join(in.dir, "products.csv")
	check(t, os.WriteFile(twin, []byte(products(300).csv()), 0o600))
	for _, c := range []struct {
		name string
		args []string
	}{
		{"PUT -T", []string{"-T", "FILE", "https://www.dropbox.com/put"}},
		{"PUT -T http2", []string{"--http2", "-T", "FILE", "https://www.dropbox.com/put"}},
		{"form -F", []string{"-F", "file=@FILE", "https://www.dropbox.com/form"}},
		{"data -d", []string{"-d", "@FILE", "https://www.dropbox.com/data"}},
		{"urlencoded", []string{"--data-urlencode", "text@FILE", "https://www.dropbox.com/data"}},
		{"chunked", []string{"-H", "Transfer-Encoding: chunked", "--data-binary", "@FILE", "https://www.dropbox.com/chunked"}},
		{"Expect", []string{"-H", "Expect: 100-continue", "--data-binary", "@FILE", "https://www.dropbox.com/expect"}},
		{"plain HTTP", []string{"--data-binary", "@FILE", "http://www.dropbox.com/plain"}},
		{"HTTP/1.0", []string{"--http1.0", "--data-binary", "@FILE", "https://www.dropbox.com/old"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(path string) (string, string, int) {
				before := in.origin.seen()
				args := make([]string, len(c.args))
				for i, a := range c.args {
					args[i] = strings.ReplaceAll(a, "FILE", path)
				}
				status, answer := in.curl(nil, args...)
				return status, answer, in.origin.seen() - before
			}
			if status, answer, n := run(file); status != "403" || n != 0 {
				t.Errorf("people: status %s, %d bytes at the origin, want 403 and none; answer: %.200s", status, n, answer)
			}
			if status, answer, n := run(twin); status != "200" || n == 0 {
				t.Errorf("products: status %s, %d bytes at the origin, want 200; answer: %.200s", status, n, answer)
			}
		})
	}
	t.Run("query string", func(t *testing.T) {
		wrong := cards(1)
		wrong = wrong[:15] + string('0'+(wrong[15]-'0'+1)%10)
		status, _ := in.curl(nil, "-G", "--data-urlencode", "q=カード番号 "+wrong, "https://www.dropbox.com/search")
		if status == "403" {
			t.Error("a number that fails its check digit was blocked")
		}
		before := in.origin.count()
		status, answer := in.curl(nil, "-G", "--data-urlencode", "q=カード番号 "+cards(5), "https://www.dropbox.com/search")
		if status != "403" || in.origin.count() != before {
			t.Errorf("status %s, want 403; answer: %.200s", status, answer)
		}
	})
	t.Run("a block does not end the connection", func(t *testing.T) {
		status, answer := in.curl(nil, "--data-binary", "@"+file, "https://www.dropbox.com/one", "--next", "-sS", "-w", "\n%{http_code} %{num_connects}",
			"--data-binary", "@"+twin, "https://www.dropbox.com/two")
		if status != "200 0" {
			t.Errorf("second request: status and new connections %q, want \"200 0\"; %.300s", status, answer)
		}
	})
	t.Run("JSON for a program", func(t *testing.T) {
		_, answer := in.curl(nil, "-H", "Accept: application/json", "--data-binary", "@"+file, "https://www.dropbox.com/api")
		var v map[string]any
		if err := json.Unmarshal([]byte(answer), &v); err != nil || v["incident"] == nil {
			t.Errorf("not the JSON answer: %v: %.200s", err, answer)
		}
	})
	t.Run("a page for a person", func(t *testing.T) {
		for lang, want := range map[string]string{"ja,en;q=0.5": "送信", "en-GB,ja;q=0.4": "incident"} {
			_, answer := in.curl(nil, "-H", "Accept: text/html", "-H", "Accept-Language: "+lang, "--data-binary", "@"+file, "https://www.dropbox.com/page")
			if !strings.Contains(strings.ToLower(answer), want) || !strings.Contains(answer, "<html lang=\""+lang[:2]) {
				t.Errorf("%s: not the page in that language: %.200s", lang, answer)
			}
		}
	})
}

// cards makes n card numbers of a Japanese issuer's range with right check
// digits that no test list publishes.
func cards(n int) string {
	var all []string
	for i := range n {
		all = append(all, luhn(fmt.Sprintf("35401234%07d", 5501234+i*7919)))
	}
	return strings.Join(all, " ")
}

func luhn(s string) string {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return s + string(rune('0'+(10-sum%10)%10))
}

func TestTryOut(t *testing.T) {
	in := install(t, "").start()
	for _, url := range []string{"https://try.sekimori.test/", "http://try.sekimori.test/"} {
		if status, answer := in.curl(nil, "-d", "hello", url); status != "200" {
			t.Errorf("%s: harmless: status %s: %s", url, status, answer)
		}
		if status, answer := in.curl([]byte(customers(20).csv()), "--data-binary", "@-", url); status != "403" {
			t.Errorf("%s: customers: status %s: %s", url, status, answer)
		}
	}
}

func TestPythonHTTPClient(t *testing.T) {
	in := install(t, "").start()
	in.write("send.py", `
import http.client, os, ssl, sys
host, port = os.environ["https_proxy"].split("//")[1].split(":")
c = http.client.HTTPSConnection(host, int(port), context=ssl.create_default_context(cafile=os.environ["SEKIMORI_CA"]), timeout=30)
c.set_tunnel("www.dropbox.com", 443)
for path in sys.argv[1:]:
    with open(path, "rb") as f:
        c.request("POST", "/python", body=f, headers={"Content-Type": "text/csv"})
    r = c.getresponse()
    r.read()
    print(r.status)
`)
	in.write("people.csv", customers(100).csv())
	in.write("products.csv", products(100).csv())
	if out := in.client(nil, "python3", "send.py", "products.csv", "people.csv", "products.csv"); out != "200\n403\n200\n" {
		t.Errorf("got %q", out)
	}
}

func TestRclone(t *testing.T) {
	in := install(t, "").start()
	in.write("up/products.csv", products(50).csv())
	in.write("rclone.conf", "[s3]\ntype = s3\nprovider = AWS\nregion = ap-northeast-1\naccess_key_id = AKIAEXAMPLEEXAMPLE00\nsecret_access_key = example\nno_check_bucket = true\n")
	run := func() string {
		return in.client(nil, "rclone", "--config", "rclone.conf", "--retries", "1", "--low-level-retries", "1", "--s3-no-head", "--no-check-dest", "copy", "up", "s3:bucket/up")
	}
	if out := run(); in.origin.seen() == 0 || strings.Contains(out, "ERROR") {
		t.Errorf("a harmless file did not arrive: %s", out)
	}
	in.write("up/products.csv", customers(50).csv())
	before := in.origin.seen()
	if out := run(); in.origin.seen() != before || !strings.Contains(out, "403") {
		t.Errorf("%d bytes of a customer list arrived: %s", in.origin.seen()-before, out)
	}
}

func TestS3cmd(t *testing.T) {
	in := install(t, "").start()
	host, port, err := net.SplitHostPort(in.proxy)
	check(t, err)
	in.write("s3cfg", fmt.Sprintf("[default]\naccess_key = AKIAEXAMPLEEXAMPLE00\nsecret_key = example\nhost_base = s3.ap-northeast-1.amazonaws.com\nhost_bucket = s3.ap-northeast-1.amazonaws.com/%%(bucket)\nproxy_host = %s\nproxy_port = %s\nca_certs_file = %s\nuse_https = True\nmax_retries = 1\n", host, port, in.ca))
	in.write("products.csv", products(50).csv())
	in.write("people.csv", customers(50).csv())
	// The origin answers a PUT without an ETag, so s3cmd complains afterwards;
	// what counts is what arrived.
	if out := in.client(nil, "s3cmd", "-c", "s3cfg", "--no-check-md5", "put", "products.csv", "s3://bucket/products.csv"); in.origin.seen() == 0 {
		t.Errorf("a harmless file did not arrive: %s", out)
	}
	before := in.origin.seen()
	if out := in.client(nil, "s3cmd", "-c", "s3cfg", "put", "people.csv", "s3://bucket/people.csv"); in.origin.seen() != before || !strings.Contains(out, "403") {
		t.Errorf("%d bytes of a customer list arrived: %s", in.origin.seen()-before, out)
	}
}

// TestGitPush clones and pushes over HTTPS through the gate.
func TestGitPush(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	in := install(t, "")
	root := filepath.Join(in.dir, "repos")
	in.write("repos/.keep", "")
	execPath, err := exec.Command("git", "--exec-path").Output()
	check(t, err)
	in.origin.serve(&cgi.Handler{Path: filepath.Join(strings.TrimSpace(string(execPath)), "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=dev"}, Logger: nil, Stderr: io.Discard})
	in.start()
	git := func(args ...string) string {
		return in.client(nil, "git", append([]string{"-c", "user.name=Dev", "-c", "user.email=dev@example.jp", "-c", "init.defaultBranch=main"}, args...)...)
	}
	git("init", "-q", "--bare", "repos/work.git")
	git("-C", "repos/work.git", "config", "http.receivepack", "true")
	if out := git("clone", "-q", "https://github.com/work.git", "work"); strings.Contains(out, "fatal") {
		t.Fatalf("clone: %s", out)
	}
	in.write("work/main.go", "package main\n\nfunc main() { println(\"hello\") }\n")
	git("-C", "work", "add", ".")
	git("-C", "work", "commit", "-qm", "Say hello")
	out := git("-C", "work", "push", "-q", "origin", "HEAD:main")
	if log := git("-C", "repos/work.git", "log", "--oneline", "main"); !strings.Contains(log, "Say hello") {
		t.Errorf("the push did not arrive: push said %q, the log is %q", out, log)
	}
}

// TestKill ends serve with SIGKILL in the middle of traffic, again and again:
// every decision that a client was told of must be in the log.
func TestKill(t *testing.T) {
	in := install(t, "")
	in.write("people.csv", customers(20).csv())
	told := map[string]bool{}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	number := regexp.MustCompile(`SK-[0-9A-Z]+-[0-9A-Z]+`)
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		in.start()
		stop := make(chan struct{})
		seen := make(chan string, 1000)
		for range 4 {
			go func() {
				defer func() { seen <- "" }()
				for {
					select {
					case <-stop:
						return
					default:
					}
					out, _ := exec.Command("curl", "-sS", "-m", "5", "-x", "http://"+in.proxy, "--cacert", in.ca,
						"--data-binary", "@"+filepath.Join(in.dir, "people.csv"), "https://www.dropbox.com/kill").Output()
					if m := number.Find(out); m != nil {
						seen <- string(m)
					}
				}
			}()
		}
		time.Sleep(700 * time.Millisecond)
		in.signal(syscall.SIGKILL)
		_ = in.cmd.Wait()
		close(stop)
		for left := 4; left > 0; {
			if s := <-seen; s == "" {
				left--
			} else {
				told[s] = true
			}
		}
	}
	in.start()
	if code := in.stop(); code != 0 {
		t.Errorf("SIGTERM: exit code %d", code)
	}
	if out, code := in.sekimori("audit", "verify", "--config", in.config); code != 0 {
		t.Errorf("audit verify after %d kills: exit %d: %s", rounds, code, out)
	}
	shown, _ := in.sekimori("audit", "show", "--config", in.config)
	for incident := range told {
		if !strings.Contains(shown, incident) {
			t.Errorf("incident %s was told to a client and is not in the log", incident)
		}
	}
	if len(told) == 0 {
		t.Error("no decision was told before the kills: the test tried nothing")
	}
}

// TestBadInput sends what no client should: every answer is an error, nothing
// reaches the origin, and the proxy goes on.
func TestBadInput(t *testing.T) {
	in := install(t, "").start()
	many := &strings.Builder{}
	for i := range 10000 {
		fmt.Fprintf(many, "--b\r\nContent-Disposition: form-data; name=\"f%d\"\r\n\r\nx\r\n", i)
	}
	many.WriteString("--b--\r\n")
	noise := make([]byte, 4096)
	_, _ = rand.Read(noise)
	for _, c := range []struct {
		name string
		body []byte
		args []string
		want string
	}{
		{"wrong gzip", append([]byte{0x1f, 0x8b, 8, 0}, noise...), []string{"-H", "Content-Encoding: gzip"}, "403"},
		{"10,000 parts", []byte(many.String()), []string{"-H", "Content-Type: multipart/form-data; boundary=b"}, "200"},
		{"deep JSON", []byte(strings.Repeat("[", 200000) + strings.Repeat("]", 200000)), []string{"-H", "Content-Type: application/json"}, "200|403"},
		{"huge header", nil, []string{"--http1.1", "-H", "X-Long: " + strings.Repeat("a", 100<<10)}, "431"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := in.origin.seen()
			status, answer := in.curl(c.body, append(c.args, "--data-binary", "@-", "https://www.dropbox.com/bad")...)
			if !strings.Contains("|"+c.want+"|", "|"+status+"|") {
				t.Errorf("status %s, want %s: %.200s", status, c.want, answer)
			}
			if n := in.origin.seen() - before; status != "200" && n != 0 {
				t.Errorf("%d bytes reached the origin", n)
			}
		})
	}
	t.Run("malformed chunking", func(t *testing.T) {
		before := in.origin.seen()
		c, err := net.Dial("tcp", in.proxy)
		check(t, err)
		defer c.Close()
		check(t, c.SetDeadline(time.Now().Add(10*time.Second)))
		fmt.Fprint(c, "POST http://www.dropbox.com/x HTTP/1.1\r\nHost: www.dropbox.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX\r\n")
		answer, _ := io.ReadAll(c)
		if !bytes.HasPrefix(answer, []byte("HTTP/1.1 400")) || in.origin.seen() != before {
			t.Errorf("answer %.100q, %d bytes at the origin", answer, in.origin.seen()-before)
		}
	})
	if status, _ := in.get("/healthz"); status != 200 {
		t.Errorf("healthz afterwards: %d", status)
	}
}

func TestReload(t *testing.T) {
	in := install(t, "[rules]\npaths = [\"rules\"]\n")
	in.write("rules/own.toml", ownRule("block"))
	in.start()
	send := func() string {
		status, _ := in.curl([]byte("社外秘のサンプル koshihikari"), "--data-binary", "@-", "https://intranet.example.jp/")
		return status
	}
	if s := send(); s != "403" {
		t.Fatalf("own rule: status %s, want 403", s)
	}
	in.write("rules/own.toml", ownRule("log"))
	eventually(t, "the changed rule is in force", func() bool { return send() == "200" })
	in.write("rules/own.toml", strings.Replace(ownRule("block"), "action", "acton", 1))
	in.signal(syscall.SIGHUP)
	eventually(t, "readyz tells of the fault", func() bool {
		_, body := in.get("/readyz")
		return strings.Contains(body, "own.toml:")
	})
	if s := send(); s != "200" {
		t.Errorf("with a faulty file: status %s; the last good rules should still run", s)
	}
	if _, body := in.get("/metrics"); !regexp.MustCompile(`(?m)^sekimori_[a-z_]*reload[a-z_]*\{[^}]*\} [1-9]`).MatchString(body) {
		t.Error("no reload metric counts the failure")
	}
}

func ownRule(action string) string {
	return fmt.Sprintf(`
[[keywords]]
id = "code-names"
words = ["koshihikari"]

[[rule]]
id = "code-names"
title = { ja = "開発コード名", en = "Code names" }
severity = "medium"
action = %q
what = { keywords = ["code-names"] }
say = { ja = "開発コード名が含まれています。", en = "It holds a code name." }
[[rule.test]]
name = "a code name"
text = "about koshihikari"
expect = %q
[[rule.test]]
name = "something else"
text = "about rice"
expect = "no match"
`, action, action)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within ten seconds: %s", what)
}
