package decode

import (
	"bytes"
	"mime/quotedprintable"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestQuotedPrintable(t *testing.T) {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte(customers))
	w.Close()
	inspect(t, part.Part{}, b.String()).Find(person)
	inspect(t, part.Part{Encodings: []string{"quoted-printable"}}, b.String()).Find(person)
}
