package alarm

import (
	"bytes"
	"context"
	"fmt"

	gomail "github.com/wneessen/go-mail"
)

// Letter is mail to people that is no alarm, such as a report.
type Letter struct {
	Key     string // the same for the same letter, should it come twice
	Subject string
	Text    string
	Files   []File
}

// File goes with a Letter.
type File struct {
	Name, MediaType string
	Content         []byte
}

// Send sends a letter once. An error means that it may not have arrived; the
// caller sends it again.
func (m *Mail) Send(ctx context.Context, to []string, l *Letter) error {
	s, err := newMailer(m)
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return s.post(ctx, to, l)
}

// post hands a letter to the server.
func (s *mailer) post(ctx context.Context, to []string, l *Letter) error {
	msg := gomail.NewMsg()
	err := msg.From(s.from)
	if err == nil {
		err = msg.To(to...)
	}
	msg.Subject(l.Subject)
	msg.SetDate()
	msg.SetMessageIDWithValue(l.Key + "@" + s.host) // the same if it comes twice
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, l.Text+"\n")
	for _, f := range l.Files {
		if err == nil {
			err = msg.AttachReader(f.Name, bytes.NewReader(f.Content), gomail.WithFileContentType(gomail.ContentType(f.MediaType)))
		}
	}
	var client *gomail.Client
	if err == nil {
		client, err = gomail.NewClient(s.host, s.options...)
	}
	if err == nil {
		err = client.DialAndSendWithContext(ctx, msg)
	}
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}
