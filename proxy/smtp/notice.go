package smtp

import (
	"context"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/proxy/outbox"
)

// kind says what a notice to a sender is about.
type kind struct {
	ja, en         string // its subject; the message's follows
	textJa, textEn string
	page           bool // with a link to the sender's page
	failed         bool // with a report for programs (RFC 3464)
}

var (
	delayed = kind{"送信を待っています", "Waiting to be sent",
		"このメールはまだ送信されていません。%s後に送信されます。宛先や添付ファイルに誤りがあれば、それまでに次のページで取り消してください。すぐに送信することもできます。",
		"This mail has not been sent yet. It will be sent in %s. If a recipient or an attachment is wrong, take it back on this page before then. You can also send it at once.", true, false}
	kept = kind{"承認が必要です", "Needs an approval",
		"このメールは社外に送信されず、保留されています。業務で必要な場合は、次のページで理由を書いて承認を依頼してください。承認されると自動的に送信されます。取り消すこともできます。",
		"This mail has not left: it is held. If your work needs it, ask for an approval on this page with a reason. Once it is approved it is sent by itself. You can also take it back.", true, false}
	filesHeld = kind{"添付ファイルに承認が必要です", "The attachments need an approval",
		"このメールの本文は送信されます。添付ファイルは抜き出して保留しました。次のページで理由を書いて承認を依頼してください。承認されると、受信者がリンクから受け取れるようになります。",
		"The text of this mail goes out. Its attachments were taken out and are held. Ask for an approval on this page with a reason; once they are approved, the recipients can fetch them by a link.", true, false}
	filesOpen = kind{"添付ファイルはリンクで送られます", "The attachments go by a link",
		"このメールの添付ファイルは抜き出され、受信者はリンクから受け取ります。次のページで公開を取りやめることができます。",
		"The attachments of this mail were taken out; the recipients fetch them by a link. On this page you can stop that.", true, false}
	unreleased = kind{"送信されませんでした", "Not sent",
		"このメールは承認されなかったか、期限までに承認の依頼がなかったため、送信されませんでした。",
		"This mail was not sent: it was not approved, or nobody asked for an approval in time.", false, false}
	failed = kind{"配送できませんでした", "Could not be delivered",
		"このメールは誰にも届けられませんでした。理由は次のとおりです。",
		"This mail could not be delivered to anybody, for the reason below.", false, true}
)

// shownRecipients bounds the recipients that a notice lists.
const shownRecipients = 50

// text is the notice for people, in both languages.
func (b *box) text(p *parcel, k kind, why string) string {
	ja, en := k.textJa, k.textEn
	if strings.Contains(ja, "%s") {
		ja, en = fmt.Sprintf(ja, spoken(p.Delay, "分")), fmt.Sprintf(en, spoken(p.Delay, " minutes"))
	}
	var w strings.Builder
	fmt.Fprintf(&w, "%s\n\n%s\n\n", ja, en)
	if why != "" {
		fmt.Fprintf(&w, "%s\n\n", why)
	}
	if k.page {
		fmt.Fprintf(&w, "%s\n\n", b.page(p))
	}
	fmt.Fprintf(&w, "件名 / Subject: %s\n", p.Subject)
	for i, r := range p.To {
		if i == shownRecipients {
			fmt.Fprintf(&w, "… 他 %d 件 / and %d more\n", len(p.To)-i, len(p.To)-i)
			break
		}
		where := "社外 / outside"
		if r.Inside {
			where = "社内 / inside"
		}
		fmt.Fprintf(&w, "宛先 / To: %s (%s)\n", r.Address, where)
	}
	for _, f := range p.Files {
		fmt.Fprintf(&w, "添付 / Attachment: %s\n", f.Name)
	}
	if p.Incident != "" {
		fmt.Fprintf(&w, "管理番号 / Reference: %s\n", p.Incident)
	}
	return w.String()
}

// spoken gives a delay in minutes.
func spoken(d time.Duration, unit string) string {
	return fmt.Sprintf("%.3g%s", d.Minutes(), unit)
}

func (b *box) page(p *parcel) string { return b.c.URL + "/m/" + p.Page }

// write makes the notice as a message.
func (b *box) write(p *parcel, k kind, why string) string {
	subject := fmt.Sprintf("[Sekimori] %s / %s: %s", k.ja, k.en, p.Subject)
	if r := []rune(subject); len(r) > 200 {
		subject = string(r[:200]) + "…"
	}
	var w strings.Builder
	fmt.Fprintf(&w, "From: Sekimori <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
		b.c.From, p.From, strings.ReplaceAll(mime.BEncoding.Encode("utf-8", mail.OneLine(subject)), "?= =?", "?=\r\n =?"),
		time.Now().Format(time.RFC1123Z), outbox.NewID(), b.s.c.Name)
	text := "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + mail.Base64(b.text(p, k, why))
	if !k.failed {
		return w.String() + text
	}
	boundary := outbox.NewID()
	fmt.Fprintf(&w, "Content-Type: multipart/report; report-type=delivery-status; boundary=%q\r\n\r\n--%s\r\n%s\r\n--%s\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; %s\r\nArrival-Date: %s\r\n",
		boundary, boundary, text, boundary, b.s.c.Name, p.Taken.Format(time.RFC1123Z))
	for _, r := range p.To {
		if r.ASCII() {
			fmt.Fprintf(&w, "\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.0.0\r\n", r.Address)
		}
	}
	fmt.Fprintf(&w, "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Description: Subject\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--%s--\r\n",
		boundary, mail.Base64("Subject: "+p.Subject+"\r\n"), boundary)
	return w.String()
}

// notice is the notice as it goes to the sender's mail server: from nobody, so
// that nothing comes back.
func (b *box) notice(p *parcel, k kind, why string) *letter {
	whole := b.write(p, k, why)
	return &letter{To: noticeTo(p), Opts: gosmtp.MailOptions{UTF8: !p.From.ASCII()}, Size: 0, head: whole, content: func() io.Reader { return strings.NewReader("") }}
}

func noticeTo(p *parcel) []to {
	return []to{{Recipient: mail.Recipient{Address: p.From, Inside: true}}}
}

// keepNotice keeps a notice about a parcel that ends, to be sent when it can be.
func (b *box) keepNotice(p *parcel, k kind, why string) error {
	return b.keep(&parcel{Stage: stageWaiting, Told: true, Taken: time.Now(), Notice: true, Who: p.Who, Protocol: p.Protocol, Incident: p.Incident,
		Host: p.Host, To: noticeTo(p), Opts: gosmtp.MailOptions{UTF8: !p.From.ASCII()}}, strings.NewReader(b.write(p, k, why)))
}

// share is what stands in a message for the files that were taken out of it.
func (b *box) share(p *parcel) string {
	var w strings.Builder
	w.WriteString("添付ファイルは次のページから受け取れます。\nThe attachments can be fetched from this page:\n\n")
	fmt.Fprintf(&w, "%s/f/%s\n\n", b.c.URL, p.Share)
	if p.Stage == stageHeld {
		w.WriteString("送信元の確認が済むまでは受け取れません。\nThey can be fetched once the sender's company has approved of it.\n\n")
	}
	for _, f := range p.Files {
		fmt.Fprintf(&w, "- %s\n", f.Name)
	}
	return strings.ReplaceAll(w.String(), "\n", "\r\n")
}

// fetched records that somebody fetched a file.
func (b *box) fetched(ctx context.Context, p *parcel, number int, from string) error {
	_, err := b.s.judge.Audit.Append(ctx, audit.Event{Kind: "mail", Time: time.Now(), Scheme: "smtp", Protocol: p.Protocol, Incident: p.Incident, User: p.Who.User, Host: p.Host,
		Address: from, Details: map[string]string{"what": "fetched", "file": fmt.Sprint(number + 1)}})
	return err
}
