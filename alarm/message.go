package alarm

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// pair is a text in Japanese and in English.
type pair struct{ ja, en string }

func (p pair) in(lang string) string {
	if lang == "ja" {
		return p.ja
	}
	return p.en
}

// titles by kind and what.
var titles = map[string]pair{
	"decision block": {"送信を遮断しました", "An upload was blocked"}, "decision hold": {"送信を保留しました", "An upload is held"},
	"decision warn": {"送信者に警告しました", "A sender was warned"}, "decision log": {"ルールに当たる送信がありました", "An upload that a rule notes"},
	"decision allow": {"送信がありました", "An upload"}, "decision": {"送信の判定", "An upload was decided on"},
	"release asked": {"持ち出しの申請がありました", "A release is asked for"}, "release emergency": {"緊急承認が使われました", "An emergency release was used"},
	"alarm emergency-release": {"緊急承認が使われます", "An emergency release is being used"},
	"alarm witness-late":      {"証人の署名が遅れています", "A witness has not cosigned for too long"}, "alarm witness-late-ended": {"証人の署名が戻りました", "The witness cosigns again"},
	"alarm witness-disagrees": {"証人が記録の改変を指摘しています", "A witness says that the record was changed"}, "alarm witness-disagrees-ended": {"証人と記録が再び一致しました", "Witness and record agree again"},
	"alarm evidence-not-kept": {"証拠を保存できませんでした", "Evidence could not be kept"}, "alarm": {"警報", "Alarm"},
	"reload failed": {"設定またはルールの読み込みに失敗しました", "Rules or settings could not be loaded"},
	"mode enforce":  {"通常運転に戻りました", "The rules are enforced again"}, "mode observe": {"観察モード (止めない) になりました", "Mode observe: nothing is stopped by rules"}, "mode block-all": {"全送信停止モードになりました", "Mode block-all: nothing leaves"}, "mode": {"運転モードが変わりました", "The mode was changed"},
	"gap": {"記録に欠けがあります", "There is a gap in the record"}, "bypass": {"検査なしの中継がありました", "A connection was not opened for inspection"},
	"rules": {"有効なルールが変わりました", "The rules in force have changed"}, "config": {"設定ファイルが変わりました", "The configuration has changed"}, "accounts": {"利用者の登録が変わりました", "Accounts have changed"}, "report": {"報告書を送りました", "A report was delivered"}, "ca": {"認証局の操作がありました", "Something was done to the CA"},
	"evidence opened": {"証拠が開かれました", "Evidence was opened"}, "evidence failed": {"証拠を保存できませんでした", "Evidence could not be kept"}, "start": {"起動しました", "Started"}, "stop": {"停止しました", "Stopped"},
}

// Title says in a few words what an alert is about, in "ja" or "en".
func (a *Alert) Title(lang string) string {
	if t, ok := titles[a.Kind+" "+a.What]; ok {
		return t.in(lang)
	}
	if t, ok := titles[a.Kind]; ok {
		return t.in(lang)
	}
	return a.Kind
}

var severities = map[string]pair{"info": {"情報", "info"}, "low": {"低", "low"}, "medium": {"中", "medium"}, "high": {"高", "high"}, "critical": {"緊急", "critical"}}

// Message is an alert as it is told.
type Message struct {
	Key     string // the same for the same message, should it come twice
	Alert   Alert
	Subject string
	Text    string // lines, in one or both languages
	Link    string // the console's page about it, "" if its address is not known
	First   bool   // nothing was told of the alert before
	Again   bool   // because nobody acknowledged it

	approve, refuse string // where the one person whom it is for decides
}

// languages are those that a Rule's Language stands for.
func languages(s string) []string {
	if s == "both" {
		return []string{"ja", "en"}
	}
	return []string{s}
}

// message makes what is told of x, for a destination whose part in it is t.
func (a *Alarms) message(x Alert, t *task) Message {
	m := Message{Alert: x, First: t.Told == 0, Again: t.Escalated, Key: fmt.Sprintf("%s-%d", x.ID, x.Count)}
	origin := a.cfg.Origin
	if m.Again {
		m.Key += "-escalated"
	}
	if origin != "" {
		m.Link = origin + "/console/alarms/" + x.ID
	}
	if a.cfg.Decide != nil && t.Account != "" && x.Kind == "release" && x.What == "asked" {
		m.approve, m.refuse = a.cfg.Decide(x.Release, t.Account)
	}
	langs := languages(a.rule(x.Alarm).Language)
	m.Subject = m.subject(langs[0])
	var parts []string
	for _, l := range langs {
		parts = append(parts, strings.Join(m.lines(l, t.Told, origin, a.cfg.Location), "\n"))
	}
	m.Text = strings.Join(parts, "\n\n")
	return m
}

func (m *Message) subject(lang string) string {
	a := &m.Alert
	s := "[Sekimori] "
	if m.Again {
		s += pair{"【未確認】", "(nobody acknowledged) "}.in(lang)
	}
	s += a.Title(lang)
	if a.User != "" {
		s += ": " + plain(a.User)
	}
	if a.Count > 1 {
		s += fmt.Sprintf(pair{" (%d件)", " (%d times)"}.in(lang), a.Count)
	}
	return s
}

// lines tell it to people. They hold no value that was found, and no words that
// people wrote.
func (m *Message) lines(lang string, told int, origin string, loc *time.Location) []string {
	a := &m.Alert
	all := []string{a.Title(lang)}
	say := func(name pair, value string) {
		if value != "" {
			all = append(all, name.in(lang)+": "+plain(value))
		}
	}
	if m.Again {
		all = append(all, pair{"だれも確認していないため、お知らせします。", "You are told because nobody has acknowledged it."}.in(lang))
	}
	say(pair{"重大度", "Severity"}, severities[a.Severity].in(lang))
	say(pair{"利用者", "Person"}, a.User)
	say(pair{"宛先", "Destination"}, a.Host)
	say(pair{"ルール", "Rule"}, a.Rule)
	if a.Kind == "decision" {
		say(pair{"理由", "Because"}, a.Clause)
	}
	if a.Records > 0 {
		say(pair{"個人の数 (延べ)", "Persons in it, summed"}, fmt.Sprint(a.Records))
	}
	say(pair{"申請", "Release"}, a.Release)
	say(pair{"管理番号", "Incident"}, strings.Join(a.Incidents, ", "))
	if a.Count > 1 {
		n := fmt.Sprint(a.Count)
		if told > 0 && a.Count > told {
			n += fmt.Sprintf(pair{" (前回のお知らせから%d)", " (%d since the last message)"}.in(lang), a.Count-told)
		}
		say(pair{"件数", "Count"}, n)
		say(pair{"期間", "From, until"}, a.First.In(loc).Format(time.DateTime)+" – "+a.Last.In(loc).Format(time.DateTime))
	} else {
		say(pair{"日時", "Time"}, a.First.In(loc).Format(time.DateTime))
	}
	say(pair{"記録番号", "Record"}, fmt.Sprint(a.Seq))
	if a.Kind == "release" && a.Release != "" && origin != "" {
		say(pair{"決裁", "To decide"}, origin+"/console/releases/"+a.Release)
	}
	if m.approve != "" {
		all = append(all,
			pair{"承認する", "To approve"}.in(lang)+": "+m.approve, pair{"却下する", "To refuse"}.in(lang)+": "+m.refuse,
			pair{"どちらも次の画面で理由を書いて確定します。一度だけ使えます。リンクを知る人はあなたとして決裁できるため、転送しないでください。",
				"Either way you give a reason on the next page. They work once. Whoever has them decides in your name: do not forward them."}.in(lang))
	}
	say(pair{"確認", "To acknowledge"}, cmp.Or(m.Link, pair{"コンソールの「警報」", "\"Alarms\" on the console"}.in(lang)+" ("+a.ID+")"))
	return all
}

// maxWord bounds what a message quotes, in characters.
const maxWord = 300

// plain is s without what could end a line or hide in one.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxWord {
		s = string(r[:maxWord]) + "…"
	}
	return s
}
