package report

import (
	_ "embed"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

//go:embed report.html
var page string

// words are what the page says, in Japanese and English.
var words = map[string][2]string{
	"lang":       {"ja", "en"},
	"title":      {"持ち出し記録 報告書", "Report on the record of uploads"},
	"period":     {"対象期間", "Period"},
	"made":       {"作成日時", "Made at"},
	"summary":    {"概要", "Summary"},
	"records":    {"記録の総数", "Records"},
	"decisions":  {"判定した送信", "Uploads decided on"},
	"stopped":    {"止めた送信(警告・保留・遮断)", "Uploads stopped (warned, held, blocked)"},
	"bytes":      {"判定した送信の合計バイト数", "Bytes in uploads decided on"},
	"people":     {"止めた送信に含まれた個人の件数", "Records of persons in uploads stopped"},
	"unread":     {"全部は検査できなかった送信", "Uploads that could not be inspected wholly"},
	"kinds":      {"種別ごとの記録(合計=記録の総数)", "Records by kind (sums to all records)"},
	"actions":    {"処置ごとの送信(合計=判定した送信)", "Uploads by action (sums to those decided on)"},
	"severities": {"止めた送信の重大度", "Severity of what was stopped"},
	"by-rule":    {"適用されたルール", "Rules that decided"},
	"users":      {"止めた送信の利用者(合計=止めた送信)", "Users of what was stopped (sums to those stopped)"},
	"hosts":      {"止めた送信の宛先(合計=止めた送信)", "Destinations of what was stopped (sums to those stopped)"},
	"types":      {"見つかった情報の種類(件数)", "What was found, by type"},
	"hours":      {"時間帯ごとの送信(合計=判定した送信)", "Uploads by hour (sums to those decided on)"},
	"releases":   {"持ち出し申請の経過", "What happened to requests for a release"},
	"grave":      {"警報と記録の途切れ", "Alarms and gaps"},
	"none":       {"ありません。", "None."},
	"privileged": {"管理操作", "What people in charge did"},
	"more":       {"このほかの行数", "Lines beyond these"},
	"sample":     {"第三者による抜き取り確認", "Spot check by a third person"},
	"drawn":      {"次の送信は、下記チェックポイントのルートハッシュから機械的に選ばれました。担当者が選ぶことはできません。各行について、業務上の必要、承認、宛先を確かめ、結果を記入してください。", "These uploads were drawn by the root hash of the checkpoint below; nobody could choose them. For each, see whether there was a business need, an approval and a right destination, and write down the outcome."},
	"no-sample":  {"抜き取りはまだできません(チェックポイントがないか、送信がありません)。", "No sample can be drawn yet: there is no checkpoint over these records, or no upload."},
	"outcome":    {"確認結果", "Outcome"},
	"checked":    {"確認者(氏名・所属)", "Checked by (name, department)"},
	"date":       {"確認日", "Date"},
	"proof":      {"記録との照合", "Reconciling with the record"},
	"range":      {"対象の記録番号", "Numbers of the records"},
	"hash":       {"ハッシュ", "hash"},
	"origin":     {"記録の名前(署名鍵)", "Name of the log (of its key)"},
	"checkpoint": {"チェックポイント", "Checkpoint"},
	"again":      {"次の命令で、数字を数え直し、記録が改められていないことを確かめられます。", "These commands count again and show that the record was not altered."},
	"sums":       {"内訳の合計は総数と一致しています。", "The parts sum up to the whole."},
	"no-sums":    {"内訳の合計が総数と一致しません。この報告書を使わないでください。", "The parts do not sum up to the whole. Do not use this report."},
	"number":     {"番号", "No."},
	"time":       {"日時", "Time"},
	"kind":       {"種別", "Kind"},
	"what":       {"内容", "What"},
	"user":       {"利用者", "User"},
	"to":         {"宛先", "Destination"},
	"action":     {"処置", "Action"},
	"rule":       {"ルール", "Rule"},
	"count":      {"件数", "Count"},
	"share":      {"割合", "Share"},
	"rest":       {"その他", "all others"},
	"anonymous":  {"(不明)", "(unknown)"},

	"allow": {"通過", "allowed"}, "log": {"記録のみ", "logged"}, "warn": {"警告", "warned"}, "hold": {"保留", "held"}, "block": {"遮断", "blocked"},
	"decision": {"判定", "decision"}, "start": {"起動", "start"}, "stop": {"停止", "stop"}, "reload": {"ルールの読み込み", "rules loaded"},
	"confirm": {"確認送信", "confirmed warning"}, "gap": {"途切れ", "gap"}, "bypass": {"検査除外", "bypass"}, "config": {"設定変更", "configuration changed"}, "rules": {"ルール変更", "rules changed"},
	"report": {"報告書", "report"}, "accounts": {"アカウントの変更", "accounts changed"}, "evidence": {"証拠", "evidence"}, "alarm-escalated": {"警報の引き上げ", "alarm escalated"}, "mode": {"運転モード", "mode"}, "mail": {"メール", "mail"}, "fleet": {"ノード間", "fleet"}, "tunnel": {"中継", "tunnel"},
	"ca": {"認証局", "certificate authority"}, "read": {"記録の閲覧", "record read"}, "console": {"画面操作", "console"}, "alarm": {"警報", "alarm"},
	"expire": {"保存期限切れの削除", "expired records deleted"}, "release": {"持ち出し申請", "release"},
	"asked": {"申請", "asked for"}, "agreed": {"承認(まだ人数不足)", "agreed to, by fewer than it takes"}, "approved": {"承認", "approved"}, "denied": {"却下", "refused"}, "withdrawn": {"取り下げ", "withdrawn"},
	"expired": {"期限切れ", "expired"}, "emergency": {"緊急承認", "released by one in an emergency"}, "delegated": {"代理の指定", "delegated"}, "passed": {"承認により送信", "sent by a release"},
	"low": {"低", "low"}, "medium": {"中", "medium"}, "high": {"高", "high"}, "critical": {"重大", "critical"}, "info": {"情報", "info"},
}

// Languages of HTML and CSV.
const (
	Japanese = "ja"
	English  = "en"
)

func speak(lang string) func(string) string {
	at := 0
	if lang == English {
		at = 1
	}
	return func(key string) string {
		for _, known := range []map[string][2]string{words, Types} {
			if w, ok := known[key]; ok {
				return w[at]
			}
		}
		return plain(key, func(k string) string { return words[k][at] })
	}
}

// plain is a name that is no word of ours, such as a user's.
func plain(name string, say func(string) string) string {
	switch name {
	case Rest:
		return say("rest")
	case "":
		return say("anonymous")
	}
	return name
}

// about is a record in a few words; say speaks the page's language.
func about(ev audit.Event, say func(string) string) string {
	var all []string
	if ev.Kind == "console" {
		act := ev.Action
		if w, ok := Acts[act]; ok {
			act = w[0]
			if say("lang") == English {
				act = w[1]
			}
		}
		all = append(all, act)
	}
	for _, s := range []string{ev.Reason, ev.User, ev.Host, ev.Details["what"], ev.Details["about"], ev.Details["wish"], ev.Details["account"], ev.Details["roles"], ev.Details["page"], ev.Details["release"], ev.Details["file"], ev.Details["author"], ev.Details["witness"]} {
		if s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(all, " · ")
}

func (r *Report) local(t time.Time) string {
	return t.In(r.Period.From.Location()).Format("2006-01-02 15:04:05")
}

// HTML writes a page that is ready to be printed.
func (r *Report) HTML(w io.Writer, lang string) error {
	say := speak(lang)
	t, err := template.New("report").Funcs(template.FuncMap{
		"say": say, "plain": func(s string) string { return plain(s, say) }, "local": r.local, "about": func(ev audit.Event) string { return about(ev, say) }, "note": base64.RawURLEncoding.EncodeToString,
		"percent": func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) },
		"thousands": func(n int64) string {
			s := strconv.FormatInt(n, 10)
			for i := len(s) - 3; i > 0; i -= 3 {
				s = s[:i] + "," + s[i:]
			}
			return s
		},
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("report page: %w", err)
	}
	return t.Execute(w, r)
}

// CSV writes the same figures as rows of section, name and count, and the
// sample; with a byte order mark, for spreadsheets.
func (r *Report) CSV(w io.Writer, lang string) error {
	say := speak(lang)
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	safe := func(cells ...string) {
		for i, c := range cells {
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				cells[i] = "'" + c // a spreadsheet would take it for a formula
			}
		}
		_ = out.Write(cells) // Flush's error is looked at below
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	safe(say("title"), r.Period.Name, "")
	for _, c := range []Count{{Name: "records", N: r.Records}, {Name: "decisions", N: r.Decisions}, {Name: "stopped", N: r.Stopped},
		{Name: "bytes", N: r.Bytes}, {Name: "people", N: r.People}, {Name: "unread", N: r.Unread}} {
		safe(say("summary"), say(c.Name), number(c.N))
	}
	safe(say("range"), strconv.FormatUint(r.First, 10), strconv.FormatUint(r.Last, 10))
	if c := r.Checkpoint; c != nil {
		safe(say("checkpoint"), strconv.FormatUint(c.Size, 10), c.Root.String())
		safe(say("checkpoint"), "note="+base64.RawURLEncoding.EncodeToString(c.Note), "")
	}
	for _, s := range []struct {
		name string
		rows []Count
	}{{"kinds", r.Kinds}, {"actions", r.Actions}, {"severities", r.Severities}, {"by-rule", r.Rules}, {"users", r.Users},
		{"hosts", r.Hosts}, {"types", r.Types}, {"releases", r.Releases}, {"hours", r.Hours[:]}} {
		for _, c := range s.rows {
			name := plain(c.Name, say)
			if s.name == "kinds" || s.name == "actions" || s.name == "severities" || s.name == "releases" || s.name == "types" {
				name = say(c.Name)
			}
			safe(say(s.name), name, number(c.N))
		}
	}
	safe(say("sample"), say("number"), say("time"), say("user"), say("to"), say("action"), say("rule"), say("hash"))
	for _, l := range r.Sample {
		e := l.Record
		safe(say("sample"), strconv.FormatUint(l.Seq, 10), r.local(e.Time), e.User, e.Host, say(e.Action), e.Rule, l.Hash)
	}
	out.Flush()
	return out.Error()
}

// Summary says in a few lines what the report comes to.
func (r *Report) Summary(lang string) []string {
	say := speak(lang)
	out := []string{say("title") + " " + r.Period.Name}
	for _, c := range []Count{{Name: "records", N: r.Records}, {Name: "decisions", N: r.Decisions}, {Name: "stopped", N: r.Stopped},
		{Name: "people", N: r.People}, {Name: "unread", N: r.Unread}, {Name: "grave", N: int64(len(r.Grave))}} {
		out = append(out, say(c.Name)+": "+strconv.FormatInt(c.N, 10))
	}
	if r.Reconciles() {
		return append(out, say("sums"))
	}
	return append(out, say("no-sums"))
}
