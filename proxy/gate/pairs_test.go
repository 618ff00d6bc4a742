package gate

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/service"
	"github.com/sekimori-dlp/sekimori/rules"
)

func TestTellsPassword(t *testing.T) {
	for _, text := range []string{
		"先ほどのファイルのパスワードは Seki-2026! です。",
		"パスワード：\r\n  a1b2c3d4\r\n",
		"解凍パスワード「Xy7#kk9」をご利用ください",
		"PW: hello123",
		"Password is \"correct-horse\".",
		"Password: sakura\nRegards,\nTaro",
		"添付ファイルのパスワードは sakura です。",
		"パスワードは以下のとおりです。\r\n\r\n　aB3xYz9q\r\n\r\nよろしくお願いいたします。",
		"先ほどお送りしたファイルの解凍パスワードをお送りします。\n\nkumo-2026\n",
		"暗証番号は 4821 です。",
	} {
		if !tellsPassword([]byte(text)) {
			t.Errorf("not found: %q", text)
		}
	}
	for _, text := range []string{
		"来週の会議は10時からです。",
		"パスワードは別途お送りします。",
		"パスワード付きZIPで資料をお送りします。",
		"The passage is long; a compass points north",
		"The attached file is password protected.",
		"Password: will be sent in another mail",
		"I shall send the password separately.\n\nRegards,\nTaro Yamada",
		"パスワードの再設定はこちらから\nhttps://example.com/reset\n",
		"Forgot your password? Reset it: https://example.com/reset?id=1",
		"パスワードは電話でお伝えします。\n\n----------\n",
	} {
		if tellsPassword([]byte(text)) {
			t.Errorf("found: %q", text)
		}
	}
}

// textScanner finds nothing; what begins with "locked" is encrypted, the rest is
// text.
type textScanner struct{}

func (textScanner) Scan(_ context.Context, roots []part.Part, o inspect.ScanOptions) *inspect.Report {
	r := &inspect.Report{Coverage: inspect.Coverage{Reasons: map[part.Reason]int{}}}
	for _, p := range roots {
		b := make([]byte, p.Size)
		_, _ = p.Body.Read(b)
		if strings.HasPrefix(string(b), "locked") {
			r.Coverage.Reasons[part.Encrypted]++
		}
		if o.OnText != nil {
			o.OnText(nil, b)
		}
	}
	return r
}

// An encrypted file and its password to the same people are a pair, in either
// order, on any node; nothing else is.
func TestPairs(t *testing.T) {
	const file, password, both, neither = "locked", "パスワードは aB3xYz9q です。", "locked\nパスワードは aB3xYz9q です。", "hello"
	at := time.Unix(1.8e9, 0)
	key := [32]byte{1}
	type step struct {
		after    time.Duration
		node     int
		from, to string
		text     string
		pair     bool
	}
	for name, steps := range map[string][]step{
		"the file first":          {{0, 0, "sato", "a@b.example", file, false}, {time.Minute, 0, "sato", "a@b.example", password, true}},
		"the password first":      {{0, 0, "sato", "a@b.example", password, false}, {time.Minute, 0, "sato", "a@b.example", file, true}},
		"both at once":            {{0, 0, "sato", "a@b.example", both, true}},
		"one sent again":          {{0, 0, "sato", "a@b.example", file, false}, {time.Minute, 0, "sato", "a@b.example", file, false}},
		"one of several":          {{0, 0, "sato", "a@b.example x@b.example", file, false}, {0, 0, "sato", "y@b.example x@b.example", password, true}},
		"to others":               {{0, 0, "sato", "a@b.example", file, false}, {0, 0, "sato", "x@b.example", password, false}},
		"common within":           {{0, 0, "sato", "a@b.example boss@corp.example", file, false}, {0, 0, "sato", "x@b.example boss@corp.example", password, false}},
		"within":                  {{0, 0, "sato", "boss@corp.example", both, false}},
		"by others":               {{0, 0, "sato", "a@b.example", file, false}, {0, 0, "ito", "a@b.example", password, false}},
		"a day later":             {{0, 0, "sato", "a@b.example", file, false}, {pairFor, 0, "sato", "a@b.example", password, false}},
		"no password":             {{0, 0, "sato", "a@b.example", file, false}, {0, 0, "sato", "a@b.example", neither, false}},
		"on another node":         {{0, 0, "sato", "a@b.example", file, false}, {time.Hour, 1, "sato", "a@b.example", password, true}},
		"on another, a day later": {{0, 0, "sato", "a@b.example", file, false}, {pairFor, 1, "sato", "a@b.example", password, false}},
	} {
		t.Run(name, func(t *testing.T) {
			now := at
			var nodes [2]*fixture
			company, err := service.NewCompany([]string{"corp.example"})
			if err != nil {
				t.Fatal(err)
			}
			for i := range nodes {
				nodes[i] = newFixture(t, func(c *Config) {
					c.ConfirmKey, c.Company = &key, company
					c.Confirmed = func(sum [32]byte, end time.Time) { nodes[1-i].TakeConfirmed(sum, end) }
				})
				nodes[i].now = func() time.Time { return now }
				nodes[i].policy.Scanner = textScanner{}
			}
			for i, s := range steps {
				now = now.Add(s.after)
				f := nodes[s.node]
				var classes []string
				f.policy.Rules = decideFunc(func(x rules.Transaction) rules.Verdict {
					classes = x.Destination.Classes
					return rules.Verdict{Action: rules.Allow}
				})
				x := upload(s.text)
				x.Principal.User = s.from
				x.Use = func(*hold.Body) *service.Use {
					return &service.Use{Operation: service.SendMail, Recipients: strings.Fields(s.to)}
				}
				if o := f.Check(t.Context(), x); !o.Passes() {
					t.Fatalf("step %d: %+v", i, o.Verdict)
				}
				if got := slices.Contains(classes, ClassPair); got != s.pair {
					t.Errorf("step %d: a pair: %v", i, got)
				}
			}
		})
	}
}

// Halves are bounded, and take no room from confirmations.
func TestHalvesAreBounded(t *testing.T) {
	c := newConfirmations(10 * time.Minute)
	at := time.Unix(1.8e9, 0)
	c.now = func() time.Time { return at }
	for i := range maxHalves + 10 {
		at = at.Add(time.Millisecond)
		c.TakeConfirmed([32]byte{byte(i), byte(i >> 8), byte(i >> 16)}, at.Add(pairFor))
	}
	if n := len(c.halves); n > maxHalves || n < maxHalves/2 || len(c.given) > 0 {
		t.Errorf("%d halves, %d confirmations", n, len(c.given))
	}
	c.note(lockedHalf, "user sato", "a@b.example")
	if !c.noted(lockedHalf, "user sato", "a@b.example") || c.noted(keyHalf, "user sato", "a@b.example") {
		t.Error("the last half is not remembered, or taken for another")
	}
	c.TakeConfirmed([32]byte{255, 255, 255}, at.Add(5*time.Minute))
	if len(c.given) != 1 {
		t.Error("a confirmation is taken for a half")
	}
}
