package smtp

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/rules"
)

// again lists the failures after which trying again may help.
var again = map[gate.Failure]bool{gate.Full: true, gate.Busy: true, gate.Engine: true, gate.Unrecorded: true, gate.NoRules: true, gate.Stalled: true}

// refusal is the answer to a message that is kept in. Mail servers put it into
// the report that the sender gets, so it says all that the page of a browser
// says: in both languages where the client speaks UTF-8 (RFC 6531, 3.7.4),
// else in English.
func (s *Server) refusal(v *verdict, inUTF8 bool) *gosmtp.SMTPError {
	a := answer.Answer{
		Kind: answer.Blocked, Incident: v.Incident, Host: v.host, Rule: v.Verdict.Rule, Title: v.Verdict.Title, Say: v.Verdict.Say,
		Contact: s.c.Contact, Valid: s.c.ConfirmFor,
	}
	code, enhanced := 550, gosmtp.EnhancedCode{5, 7, 1}
	how := ""
	switch {
	case v.Failure == gate.TooLarge:
		a.Kind, code, enhanced = answer.Kind(v.Failure), 552, gosmtp.EnhancedCode{5, 3, 4}
	case v.Failure != gate.None:
		if a.Kind = answer.Kind(v.Failure); again[v.Failure] {
			code, enhanced = 451, gosmtp.EnhancedCode{4, 3, 0}
		}
	case v.Verdict.Action == rules.Warn:
		a.Kind = answer.Warned
	case v.Verdict.Action == rules.Hold:
		a.Kind = answer.HeldBack
		if k := v.Asked; k != nil {
			a.Asked = &answer.Asked{ID: k.ID, State: string(k.State), Needs: k.Terms.People, Agreed: k.Agreed(), Ends: k.Ends}
		}
	}
	if v.Confirm != "" {
		a.Confirm = v.Incident // stands for the tokens of all domains
		how = "Or begin the subject with [" + v.Incident + " reason]"
		if inUTF8 {
			how = "または件名の先頭に [" + v.Incident + " 理由] と書いて送り直してください。 / " + how
		}
	}
	if v.Report != nil {
		for typ, n := range v.Report.Total {
			a.Found = append(a.Found, answer.Found{Type: string(typ), Count: n})
		}
		slices.SortFunc(a.Found, func(a, b answer.Found) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Type, b.Type)) })
		for reason := range v.Report.Coverage.Reasons {
			a.Unread = append(a.Unread, string(reason))
		}
		slices.Sort(a.Unread)
	}
	asking := &http.Request{Header: http.Header{"Accept": {"text/plain"}}}
	if !inUTF8 {
		asking.Header["Accept-Language"] = []string{"en"}
	}
	text, _ := io.ReadAll(a.Response(asking).Body)
	return lines(code, enhanced, v.Incident+"\n"+string(text)+how, inUTF8)
}

// Bounds of a reply (RFC 5321, 4.5.3.1.5: 512 octets a line).
const (
	maxReplyLine  = 400
	maxReplyLines = 40
)

// lines writes a text as a reply of several lines, each with the code (RFC
// 2034), none too long, and only ASCII where the client can read no more.
func lines(code int, enhanced gosmtp.EnhancedCode, text string, inUTF8 bool) *gosmtp.SMTPError {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !inUTF8 {
			line = strings.TrimSpace(strings.Map(func(r rune) rune {
				if r < ' ' || r >= 0x7f {
					return -1
				}
				return r
			}, line))
		}
		for line != "" && len(out) < maxReplyLines {
			cut := min(len(line), maxReplyLine)
			for cut < len(line) && !utf8.RuneStart(line[cut]) {
				cut--
			}
			out = append(out, line[:cut])
			line = line[cut:]
		}
	}
	digits := string([]byte{'0' + byte(enhanced[0]), '.', '0' + byte(enhanced[1]), '.', '0' + byte(enhanced[2]), ' '})
	for i := range out[:max(0, len(out)-1)] { // go-smtp writes it on the last one
		out[i] = digits + out[i]
	}
	return reply(code, enhanced, strings.Join(out, "\n"))
}
