package mail

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
)

// Reply is an answer to an SMTP command.
type Reply struct {
	Code     int
	Enhanced [3]int   // RFC 3463
	Lines    []string // without codes; at least one, none long
}

// String writes the reply as it goes over the wire, but for its last line end:
// each line with both codes (RFC 2034).
func (r *Reply) String() string {
	var b strings.Builder
	for i, line := range r.Lines {
		sep, end := '-', "\r\n"
		if i == len(r.Lines)-1 {
			sep, end = ' ', ""
		}
		fmt.Fprintf(&b, "%d%c%d.%d.%d %s%s", r.Code, sep, r.Enhanced[0], r.Enhanced[1], r.Enhanced[2], line, end)
	}
	return b.String()
}

// Error implements error.
func (r *Reply) Error() string { return r.String() }

// again lists the failures after which trying again may help.
var again = map[gate.Failure]bool{gate.Full: true, gate.Busy: true, gate.Engine: true, gate.Unrecorded: true, gate.NoRules: true, gate.Stalled: true}

// Refusal is the answer to a message that is kept in. Mail servers put it into
// the report that the sender gets, so it says all that the page of a browser
// says: in both languages where the client speaks UTF-8 (RFC 6531, 3.7.4),
// else in English.
func (s *Judge) Refusal(v *Verdict, inUTF8 bool) Reply {
	a := answer.Refused(&v.Verdict, answer.Kind(v.Failure), v.Report, v.Asked)
	a.Incident, a.Host, a.Contact, a.Valid = v.Incident, v.Host, s.Contact, s.ConfirmFor
	code, enhanced := 550, [3]int{5, 7, 1}
	switch {
	case v.Failure == gate.TooLarge:
		code, enhanced = 552, [3]int{5, 3, 4}
	case again[v.Failure]:
		code, enhanced = 451, [3]int{4, 3, 0}
	}
	how := ""
	if v.Confirm != "" {
		a.Confirm = v.Incident // stands for the tokens of all domains
		how = "Or begin the subject with [" + v.Incident + " reason]"
		if inUTF8 {
			how = "または件名の先頭に [" + v.Incident + " 理由] と書いて送り直してください。 / " + how
		}
	}
	asking := &http.Request{URL: &url.URL{}, Header: http.Header{"Accept": {"text/plain"}}}
	if !inUTF8 {
		asking.Header["Accept-Language"] = []string{"en"}
	}
	text, _ := io.ReadAll(a.Response(asking).Body)
	return Reply{code, enhanced, lines(v.Incident+"\n"+string(text)+how, inUTF8)}
}

// Bounds of a reply (RFC 5321, 4.5.3.1.5: 512 octets a line).
const (
	maxReplyLine  = 400
	maxReplyLines = 40
)

// lines breaks a text for a reply, and keeps only ASCII where the client can
// read no more.
func lines(text string, inUTF8 bool) (out []string) {
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
	if out == nil {
		out = []string{"refused"}
	}
	return out
}
