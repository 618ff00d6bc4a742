package data

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// ldif reads exports of directories (RFC 2849): lines of a label and a value,
// base64 decoded, an empty line behind each entry. What is no text is a nested
// part.
type ldif struct{}

func (ldif) Name() string { return "ldif" }

// Starts implements part.Marked.
func (ldif) Starts() string { return part.Blank + "#vVdD" }

func (ldif) Match(p *part.Part, head []byte) bool {
	if !content(p) || !starts(head, "#") && !starts(head, "version: 1") && !starts(head, "dn:") {
		return false
	}
	b := start(head)
	for bytes.HasPrefix(b, []byte("#")) {
		_, rest, ok := bytes.Cut(b, []byte("\n"))
		if !ok {
			return false
		}
		b = bytes.TrimLeft(rest, "\r\n")
	}
	return hasPrefixFold(b, "version: 1") && bytes.Contains(b, []byte("\ndn:")) || hasPrefixFold(b, "dn: ") || hasPrefixFold(b, "dn:: ")
}

// ldifLabels gives the attributes of people (RFC 4519, RFC 2798) labels that
// people write.
var ldifLabels = map[string]string{
	"cn": "氏名", "displayname": "氏名", "name": "氏名", "sn": "姓", "surname": "姓", "givenname": "名",
	"mail": "メール", "telephonenumber": "電話番号", "mobile": "携帯電話", "homephone": "自宅電話",
	"facsimiletelephonenumber": "FAX", "postaladdress": "住所", "homepostaladdress": "自宅住所",
	"street": "住所", "streetaddress": "住所", "postalcode": "郵便番号", "o": "会社名", "ou": "部署",
	"company": "会社名", "title": "役職", "birthdate": "生年月日", "employeenumber": "社員番号",
}

func (ldif) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("ldif", "")
	return tellLines(ctx, p, e, b, func(line []byte) (string, *part.Part) {
		label, value, binary := ldifLine(line)
		switch {
		case binary != nil:
			c := child(label, "", binary)
			return "", &c
		case label != "":
			return label + ": " + value + "\n", nil
		}
		return value + "\n", nil
	})
}

// ldifLine reads a line: "label: value", or "label:: " and base64.
func ldifLine(line []byte) (label, value string, binary []byte) {
	k := bytes.IndexByte(line, ':')
	if k <= 0 || line[0] == '#' {
		return "", text(line), nil
	}
	label, _, _ = strings.Cut(text(line[:k]), ";") // without options
	if l, ok := ldifLabels[strings.ToLower(label)]; ok {
		label = l
	}
	rest := line[k+1:]
	if bytes.HasPrefix(rest, []byte(":")) {
		clean := bytes.Join(bytes.Fields(rest[1:]), nil)
		b := make([]byte, base64.StdEncoding.DecodedLen(len(clean)))
		n, _ := base64.StdEncoding.Decode(b, clean)
		if rest = b[:n]; bytes.IndexByte(rest, 0) >= 0 || n > 4<<10 {
			return label, "", rest
		}
	}
	return label, strings.NewReplacer("$", " ", "\r", "", "\n", " ").Replace(strings.TrimSpace(text(rest))), nil
}
