package page

import (
	"regexp"
	"strings"
)

// Clause is one condition of a rule as the record has it: what was looked at,
// what there was, what was asked for.
type Clause struct{ Key, Have, Need string }

var (
	clauseForm = regexp.MustCompile(`^([a-z_]+(?: over \d+ (?:days|hours))?(?: by [a-z]+)?): (.*) \(needs (.*)\)$`)
	overForm   = regexp.MustCompile(`^([a-z_]+)(?: over (\d+) (days|hours))? by ([a-z]+)$`)
)

// Key names what a condition looks at.
func Key(lang, key string) string {
	m := overForm.FindStringSubmatch(key)
	if m == nil {
		return Term(lang, "key", key)
	}
	name := Term(lang, "over", m[1])
	if m[2] != "" {
		name = Word(lang, "over-"+m[3], m[2], name)
	}
	return name + Term(lang, "by", m[4])
}

// Clauses takes apart the words in which a decision was recorded. What is not
// of the form of a condition stands in Have.
func Clauses(lang, s string) []Clause {
	var all []Clause
	for part := range strings.SplitSeq(s, "; ") {
		m := clauseForm.FindStringSubmatch(part)
		switch {
		case m != nil:
			all = append(all, Clause{Key(lang, m[1]), translate(lang, m[2], haveForms), translate(lang, m[3], needForms)})
		case part != "":
			all = append(all, Clause{Have: Term(lang, "said", part)})
		}
	}
	return all
}

// form is a way in which rules speak, and the same in Japanese.
type form struct {
	re *regexp.Regexp
	to string
}

// haveForms are those of what there was.
var haveForms = []form{
	{regexp.MustCompile(`^([\d.]+), usually ([\d.]+)$`), "$1 (普段は $2)"},
	{regexp.MustCompile(`^(\d+) of (\d+) outside at (.+), not all known$`), "$2 人のうち社外 $1 人 ($3)、不明な宛先あり"},
	{regexp.MustCompile(`^(\d+) of (\d+) outside at (.+)$`), "$2 人のうち社外 $1 人 ($3)"},
	{regexp.MustCompile(`^(\d+) of (\d+) outside, not all known$`), "$2 人のうち社外 $1 人、不明な宛先あり"},
	{regexp.MustCompile(`^(\d+) of (\d+) outside$`), "$2 人のうち社外 $1 人"},
	{regexp.MustCompile(`^none known$`), "宛先は不明"},
	{regexp.MustCompile(`^not known$`), "不明"},
	{regexp.MustCompile(`^yes$`), "はい"},
	{regexp.MustCompile(`^no$`), "いいえ"},
}

// needForms are those of what rules say they need.
var needForms = []form{
	{regexp.MustCompile(`^yes$`), "はい"},
	{regexp.MustCompile(`^no$`), "いいえ"},
	{regexp.MustCompile(`^at least (\d+) validated (.+), confidence ([\d.]+)$`), "検証済みの $2 が $1 件以上 (確度 $3 以上)"},
	{regexp.MustCompile(`^at least (\d+) with (.+), confidence ([\d.]+)$`), "$2 のそろう人が $1 人以上 (確度 $3 以上)"},
	{regexp.MustCompile(`^at least (\d+) of (.+)$`), "$2 の語が $1 個以上"},
	{regexp.MustCompile(`^at least (\d+) (.+), confidence ([\d.]+)$`), "$2 が $1 件以上 (確度 $3 以上)"},
	{regexp.MustCompile(`^(\d+) to (\d+) with (.+), confidence ([\d.]+)$`), "$3 のそろう人が $1〜$2 人 (確度 $4 以上)"},
	{regexp.MustCompile(`^(\d+) to (\d+) validated (.+), confidence ([\d.]+)$`), "検証済みの $3 が $1〜$2 件 (確度 $4 以上)"},
	{regexp.MustCompile(`^(\d+) to (\d+) (.+), confidence ([\d.]+)$`), "$3 が $1〜$2 件 (確度 $4 以上)"},
	{regexp.MustCompile(`^at least (\d+) different persons$`), "重複を除いて $1 人以上"},
	{regexp.MustCompile(`^at least (\d+) stopped uploads$`), "止められた送信が $1 回以上"},
	{regexp.MustCompile(`^at least (\d+) uploads$`), "$1 回以上"},
	{regexp.MustCompile(`^at least (\d+) bytes$`), "$1 バイト以上"},
	{regexp.MustCompile(`^at least (\d+) accounts that sent the same content$`), "同じ内容を送ったアカウントが $1 以上"},
	{regexp.MustCompile(`^([\d.e+]+) times the usual$`), "普段の $1 倍以上"},
	{regexp.MustCompile(`^([\d.e+]+) times what their group sends$`), "グループの他の人の $1 倍以上"},
	{regexp.MustCompile(`^first sent to within the time$`), "この期間に初めての宛先"},
	{regexp.MustCompile(`^one that is unusual for them$`), "普段は送信のない時間帯"},
	{regexp.MustCompile(`^one outside$`), "社外の宛先がある"},
	{regexp.MustCompile(`^all inside$`), "すべて社内"},
	{regexp.MustCompile(`^over (.+)$`), "$1 を超える"},
	{regexp.MustCompile(`^not (.+)$`), "$1 以外"},
}

// unreadForm is how rules tell which unread parts they mean; unreadForms are what
// may follow the reasons.
var (
	unreadForm  = regexp.MustCompile(`^\S+(?: in \S+)?(?: not in \S+)?(?: over .+)?$`)
	unreadForms = []form{
		{regexp.MustCompile(` not in (\S+)`), " ($1 を除く)"},
		{regexp.MustCompile(` in (\S+)`), " ($1 に限る)"},
		{regexp.MustCompile(` over (.+)$`), " ($1 を超えるもの)"},
	}
)

// translate turns what stands in one of the forms into Japanese, and words of the
// record into those of the pages.
func translate(lang, s string, forms []form) string {
	if lang == "ja" {
		for _, f := range forms {
			if f.re.MatchString(s) {
				s = f.re.ReplaceAllString(s, f.to)
				s = strings.ReplaceAll(s, " and ", " と ")
				return spell(lang, s)
			}
		}
		if unreadForm.MatchString(s) {
			for _, f := range unreadForms {
				s = f.re.ReplaceAllString(s, f.to)
			}
		}
	}
	return spell(lang, s)
}

var (
	aWord  = regexp.MustCompile(`[A-Za-z][A-Za-z_-]*[A-Za-z]`)
	orMore = regexp.MustCompile(` and (\d+) more$`)
)

// spell puts the words of the pages in the place of types, classes and
// reasons, and lists them as people do.
func spell(lang, s string) string {
	s = aWord.ReplaceAllStringFunc(s, func(w string) string {
		for _, kind := range []string{"type", "class", "reason"} {
			if t := Term(lang, kind, w); t != w {
				return t
			}
		}
		return w
	})
	if lang == "ja" {
		return orMore.ReplaceAllString(strings.ReplaceAll(s, "|", "・"), " ほか $1")
	}
	return strings.ReplaceAll(s, "|", " or ")
}
