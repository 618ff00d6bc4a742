package proxy

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/destination"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/identity"
	"github.com/sekimori-dlp/sekimori/rules"
)

// defaultRules are loaded once: it takes a while.
var defaultRules *rules.Set

// realRooms furnishes a house with what production uses.
func realRooms(t testing.TB) (option, string) {
	t.Helper()
	var err error
	if defaultRules == nil {
		if defaultRules, err = rules.Default(); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "audit")
	log, err := audit.Open(dir, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	who, err := identity.New(identity.Config{Anonymous: "allow"})
	if err != nil {
		t.Fatal(err)
	}
	where, err := destination.Load()
	if err != nil {
		t.Fatal(err)
	}
	policy := &gate.Policy{Scanner: defaultRules.Scanner(), Rules: defaultRules}
	return func(_ *Config, d *Deps, _ *hold.Config) {
		d.Policy = func() *gate.Policy { return policy }
		d.Audit, d.Identity, d.Classes = log, who, where
	}, dir
}

// customers is a list of made-up people, n of them.
func customers(n int) string {
	var b strings.Builder
	b.WriteString("氏名,電話番号,メール,住所\r\n")
	for i := range n {
		fmt.Fprintf(&b, "山田 太郎%s,090-%04d-%04d,taro.yamada%d@customer.example.co.jp,東京都千代田区丸の内1丁目%d-%d\r\n", strings.Repeat("一", i%3), 1234+i, 5678-i, i, i%20+1, i%9+1)
	}
	return b.String()
}

func TestDefaultRulesThroughTheWholeHouse(t *testing.T) {
	opt, dir := realRooms(t)
	h := build(t, opt)
	put := func(url, ct, body string) (int, string) {
		req, _ := http.NewRequest("POST", url, strings.NewReader(body))
		req.Header.Set("Content-Type", ct)
		resp, err := h.client(true).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	status, text := put("https://"+TryHost+"/", "text/csv; charset=utf-8", customers(200))
	if status != 403 || !strings.Contains(text, "SK-") || strings.Contains(text, "山田") || strings.Contains(text, "090-") {
		t.Errorf("a customer list was answered %d %s", status, text)
	}
	if status, text := put("https://"+TryHost+"/", "text/plain", "会議の資料を送ります。来週の月曜日に確認してください。"); status != 200 {
		t.Errorf("a harmless text was answered %d %s", status, text)
	}
	if err := h.srv.deps.Audit.(*meteredRecorder).Recorder.(*audit.Log).Close(); err != nil {
		t.Fatal(err)
	}
	if status, _ := put("https://"+TryHost+"/", "text/plain", "記録できないときは送れません"); status != 503 {
		t.Errorf("with the log closed: %d", status)
	}
	res, err := audit.Verify(dir, nil)
	if err != nil || res.Bad != nil || res.Records < 2 {
		t.Errorf("audit: %+v, %v", res, err)
	}
}
