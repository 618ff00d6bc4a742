package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// browser drives a headless Chromium through chromedriver by the W3C WebDriver
// protocol (https://www.w3.org/TR/webdriver2/).
type browser struct {
	t    *testing.T
	base string // of the session
}

const elementKey = "element-6066-11e4-a52e-4f735466cecf" // fixed by the standard

func (in *site) browser(lang string) *browser {
	t := in.t
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		if os.Getenv("SEKIMORI_CI") != "" {
			t.Fatal("chromedriver is not installed")
		}
		t.Skip("chromedriver is not installed")
	}
	_, port, _ := net.SplitHostPort(freeAddress(t))
	cmd := exec.Command(driver, "--port="+port)
	cmd.Env = clientEnv()
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	b := &browser{t: t, base: "http://127.0.0.1:" + port}
	eventually(t, "chromedriver answers", func() bool {
		resp, err := http.Get(b.base + "/status")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	args := []string{"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir=" + filepath.Join(t.TempDir(), "profile"), "--accept-lang=" + lang, "--window-size=900,1000",
		"--proxy-server=http://" + in.proxy}
	var answer struct{ SessionID string }
	b.call("POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		// The browser takes the CA as any client does once it is trusted; how
		// trust gets into a store is the operating system's.
		"acceptInsecureCerts": true,
		"goog:chromeOptions":  map[string]any{"args": args},
	}}}, &answer)
	b.base += "/session/" + answer.SessionID
	t.Cleanup(func() { b.call("DELETE", "", nil, nil) })
	return b
}

func (b *browser) call(method, path string, body, into any) {
	b.t.Helper()
	var r io.Reader
	if body != nil {
		j, err := json.Marshal(body)
		check(b.t, err)
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequest(method, b.base+path, r)
	check(b.t, err)
	resp, err := (&http.Client{Transport: &http.Transport{}, Timeout: 60 * time.Second}).Do(req)
	check(b.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	check(b.t, err)
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("webdriver %s %s: %s: %.500s", method, path, resp.Status, answer)
	}
	if into != nil {
		check(b.t, json.Unmarshal(answer, &struct{ Value any }{into}))
	}
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.call("POST", "/url", map[string]string{"url": url}, nil)
}

func (b *browser) element(css string) string {
	b.t.Helper()
	var v map[string]string
	b.call("POST", "/element", map[string]string{"using": "css selector", "value": css}, &v)
	return "/element/" + v[elementKey]
}

func (b *browser) fill(css, text string) {
	b.t.Helper()
	b.call("POST", b.element(css)+"/value", map[string]string{"text": text}, nil)
}

// click presses a button that leads to another page, and waits for that page.
func (b *browser) click(css string) {
	b.t.Helper()
	run := func(script string) (done bool) {
		b.call("POST", "/execute/sync", map[string]any{"script": script, "args": []any{}}, &done)
		return done
	}
	run("window.left = true; return true")
	b.call("POST", b.element(css)+"/click", map[string]any{}, nil)
	eventually(b.t, "the next page is there", func() bool {
		return run("return !window.left && document.readyState === 'complete'")
	})
}

// text returns what the page shows a person.
func (b *browser) text() string {
	b.t.Helper()
	var s string
	b.call("GET", b.element("body")+"/text", nil, &s)
	return s
}

// screenshot keeps the page as a picture in SEKIMORI_SHOTS, where that is set.
func (b *browser) screenshot(name string) {
	b.t.Helper()
	dir := os.Getenv("SEKIMORI_SHOTS")
	if dir == "" {
		return
	}
	var s string
	b.call("GET", "/screenshot", nil, &s)
	png, err := base64.StdEncoding.DecodeString(s)
	check(b.t, err)
	check(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}

const uploadPage = `<!doctype html><meta charset=utf-8><title>site</title>
<form method=post action=/post enctype=multipart/form-data>
<textarea name=memo></textarea><input type=file name=file><button>send</button></form>`

// TestBrowser uploads from Chromium by form and by file, and reads the pages.
func TestBrowser(t *testing.T) {
	for lang, want := range map[string]struct{ blocked, warned, confirmed string }{
		"ja": {"管理番号", "理由", "もう一度"},
		"en": {"ncident number", "eason", "again"},
	} {
		t.Run(lang, func(t *testing.T) {
			in := install(t, "")
			in.origin.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				if r.Method == http.MethodPost {
					n, _ := io.Copy(io.Discard, r.Body)
					fmt.Fprintf(w, "<p>origin got %d bytes", n)
					return
				}
				_, _ = io.WriteString(w, uploadPage)
			})
			in.start()
			in.write("people.csv", customers(100).csv())
			in.write("few.csv", customers(5).csv())
			in.write("products.csv", products(100).csv())
			b := in.browser(lang)
			send := func(file, memo string) string {
				b.open("https://www.dropbox.com/")
				if file != "" {
					b.fill("input[type=file]", filepath.Join(in.dir, file))
				}
				if memo != "" {
					b.fill("textarea", memo)
				}
				b.click("button")
				return b.text()
			}
			if got := send("products.csv", "hello"); !strings.Contains(got, "origin got") {
				t.Errorf("a harmless file: the page says %.200q", got)
			}
			before := in.origin.seen()
			if got := send("people.csv", ""); !strings.Contains(got, want.blocked) || !strings.Contains(got, "SK-") {
				t.Errorf("a customer list: the page says %.300q", got)
			}
			b.screenshot("block-" + lang)
			if n := in.origin.seen() - before; n != 0 {
				t.Errorf("%d bytes reached the origin", n)
			}

			// A short list warns: the employee confirms with a reason and sends again.
			got := send("few.csv", "")
			b.screenshot("warn-" + lang)
			if !strings.Contains(got, want.warned) || in.origin.seen() != before {
				t.Fatalf("a short list: the page says %.300q", got)
			}
			b.fill("[name=reason]", "agreed with the partner")
			b.click("button[type=submit]")
			if got := b.text(); !strings.Contains(got, want.confirmed) {
				t.Errorf("after confirming: the page says %.300q", got)
			}
			b.screenshot("confirmed-" + lang)
			if got := send("few.csv", ""); !strings.Contains(got, "origin got") {
				t.Errorf("sent again after confirming: the page says %.300q", got)
			}
			if out, _ := in.sekimori("audit", "show", "--config", in.config, "--kind", "confirm"); !strings.Contains(out, "agreed with the partner") {
				t.Errorf("the confirmation is not in the log: %.300q", out)
			}
		})
	}
}
