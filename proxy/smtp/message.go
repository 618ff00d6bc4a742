package smtp

import (
	"errors"
	"io"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

func reply(code int, enhanced gosmtp.EnhancedCode, text string) *gosmtp.SMTPError {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

var errTooLong = reply(500, gosmtp.EnhancedCode{5, 6, 0}, "A line is too long")

// data is what go-smtp hands on as a message, with its faults told apart.
type data struct {
	r     io.Reader
	fault *gosmtp.SMTPError // for the client
}

// Read implements io.Reader.
func (d *data) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	switch {
	case errors.Is(err, gosmtp.ErrDataTooLarge):
		d.fault, err = gosmtp.ErrDataTooLarge, hold.ErrTooLarge
	case errors.Is(err, gosmtp.ErrTooLongLine):
		d.fault = errTooLong
	case errors.Is(err, gosmtp.ErrDataReset):
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
