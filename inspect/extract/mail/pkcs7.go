package mail

import (
	"bytes"
	"context"
	"encoding/pem"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// pkcs7 reads the Cryptographic Message Syntax (RFC 5652), as S/MIME (RFC 8551)
// and signatures have it: content that is signed or compressed is a nested part,
// what is encrypted is told so, and of certificates the names are text. PKCS #12
// files (RFC 7292), which are encrypted, are known too.
type pkcs7 struct{}

func (pkcs7) Name() string { return "pkcs7" }

// Content types: the last arcs of 1.2.840.113549.1.7 and .1.9.16.1.
const (
	oidData       = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
	oidSigned     = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
	oidCompressed = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09"

	oidFamily = "\x2a\x86\x48\x86\xf7\x0d\x01\x07"
	oidSMIME  = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01"
)

// Starts implements part.Marked.
func (pkcs7) Starts() string { return "-0" }

func (pkcs7) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() || len(p.Encodings) > 0 {
		return false
	}
	if bytes.HasPrefix(head, []byte("-----BEGIN PKCS7")) || bytes.HasPrefix(head, []byte("-----BEGIN CMS")) {
		return true
	}
	if len(head) < 16 || head[0] != 0x30 {
		return false
	}
	inner := head[2:]
	if n := head[1]; n > 0x80 {
		inner = head[min(2+int(n&0x7f), 8):]
	}
	if personal(inner) {
		return true
	}
	return len(inner) > 12 && inner[0] == 6 &&
		(bytes.HasPrefix(inner[2:], []byte(oidFamily)) || bytes.HasPrefix(inner[2:], []byte(oidSMIME)))
}

// personal reports whether a sequence's content is that of a PKCS #12 file:
// version 3 and a content of this syntax.
func personal(b []byte) bool {
	return bytes.HasPrefix(b, []byte{2, 1, 3, 0x30}) && bytes.Contains(b[:min(len(b), 32)], []byte(oidFamily))
}

// maxSealed bounds what is read into memory.
const maxSealed = part.HeldSize

func (pkcs7) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("pkcs7", "")
	all, err := io.ReadAll(io.LimitReader(p.Body, maxSealed+1))
	switch {
	case err != nil:
		return part.Stop(ctx, e, err, false)
	case len(all) > maxSealed:
		e.Skip(part.TooLarge, false, "pkcs7")
		return nil
	}
	if over := b.Spend(ctx, 0); over != nil {
		return part.Stop(ctx, e, over, false)
	}
	if block, _ := pem.Decode(all); block != nil {
		all = block.Bytes
	}
	outer, _, whole := element(all, 0)
	if personal(outer.body) {
		e.Format("pkcs12", "")
		e.Skip(part.Encrypted, false, "pkcs12")
		return nil
	}
	if !whole {
		e.Skip(part.Truncated, true, "pkcs7 ends early")
	}
	oid, rest, _ := element(outer.body, 0)
	content, _, _ := element(rest, 0)
	switch string(oid.body) {
	case oidData:
		return octets(content.body, "content", nil, e)
	case oidSigned:
		return signed(content.body, e)
	case oidCompressed:
		inner, _, _ := element(content.body, 0)
		parts := elements(inner.body)
		if len(parts) < 3 {
			break
		}
		return octets(encapsulated(parts[2]), "content", []string{"deflate"}, e)
	default:
		if bytes.HasPrefix(oid.body, []byte(oidFamily)) || bytes.HasPrefix(oid.body, []byte(oidSMIME)) {
			e.Skip(part.Encrypted, false, "pkcs7")
			return nil
		}
	}
	e.Skip(part.DecodeError, false, "pkcs7 without content")
	return nil
}

// signed reads SignedData: its content, if it is in it, and the names in the
// certificates.
func signed(b []byte, e part.Emitter) error {
	inner, _, _ := element(b, 0)
	parts := elements(inner.body)
	if len(parts) < 3 {
		e.Skip(part.DecodeError, false, "pkcs7 without content")
		return nil
	}
	if err := octets(encapsulated(parts[2]), "content", nil, e); err != nil {
		return err
	}
	var names []byte
	for _, other := range parts[3:] {
		names = appendNames(names, other, 0)
	}
	if len(names) == 0 {
		return nil
	}
	return e.Child(part.Part{Path: "names in certificates", MediaType: "text/plain; charset=utf-8", Body: bytes.NewReader(names), Size: int64(len(names))})
}

// encapsulated returns the content within EncapsulatedContentInfo.
func encapsulated(info ber) []byte {
	if in := elements(info.body); len(in) > 1 {
		return in[1].body
	}
	return nil
}

// octets hands on the octet string in b, which may be in pieces (X.690, section
// 8.7).
func octets(b []byte, path string, encodings []string, e part.Emitter) error {
	el, _, _ := element(b, 0)
	if len(el.body) == 0 {
		return nil // detached: it stands elsewhere
	}
	content := el.body
	if el.constructed() {
		content = nil
		for _, piece := range elements(el.body) {
			content = append(content, piece.body...)
		}
	}
	return e.Child(part.Part{Path: path, Encodings: encodings, Body: bytes.NewReader(content), Size: int64(len(content))})
}

// ber is an element in the Basic Encoding Rules (X.690).
type ber struct {
	tag  byte
	body []byte
}

func (e ber) constructed() bool { return e.tag&0x20 != 0 }

// maxBER bounds the nesting of elements.
const maxBER = 24

// element reads the element that b begins with. Of one that is longer than b,
// what is there is given, and ok is false.
func element(b []byte, depth int) (e ber, rest []byte, ok bool) {
	if len(b) < 2 || depth > maxBER {
		return e, nil, false
	}
	e.tag = b[0]
	if e.tag&0x1f == 0x1f { // tags beyond 30 are not used here
		return e, nil, false
	}
	n := int(b[1])
	b = b[2:]
	switch {
	case n == 0x80:
		at := b
		for {
			if len(at) >= 2 && at[0] == 0 && at[1] == 0 {
				e.body = b[:len(b)-len(at)]
				return e, at[2:], true
			}
			_, next, ok := element(at, depth+1)
			if !ok {
				e.body = b
				return e, nil, false
			}
			at = next
		}
	case n > 0x80:
		k := n & 0x7f
		if k > 4 || k > len(b) {
			return e, nil, false
		}
		n = 0
		for _, c := range b[:k] {
			n = n<<8 | int(c)
		}
		b = b[k:]
	}
	if n > len(b) {
		e.body = b
		return e, nil, false
	}
	e.body = b[:n]
	return e, b[n:], true
}

// elements returns the elements that b consists of, the last one as far as it
// is there.
func elements(b []byte) []ber {
	var all []ber
	for len(b) > 0 && len(all) < 1<<16 {
		e, rest, ok := element(b, 0)
		if !ok && len(e.body) == 0 {
			break
		}
		all, b = append(all, e), rest
	}
	return all
}

// appendNames appends the character strings in an element, one a line.
func appendNames(dst []byte, e ber, depth int) []byte {
	if e.constructed() {
		if depth < maxBER {
			for _, in := range elements(e.body) {
				dst = appendNames(dst, in, depth+1)
			}
		}
		return dst
	}
	switch e.tag {
	case 12, 19, 20, 22: // UTF8String, PrintableString, T61String, IA5String
		dst = append(dst, charset.Text(e.body, charset.Detect(e.body, true, false, "").Charset)...)
	case 0x81: // rfc822Name
		if bytes.IndexByte(e.body, '@') < 0 {
			return dst
		}
		dst = append(dst, charset.Text(e.body, charset.UTF8)...)
	case 30: // BMPString
		dst = append(dst, charset.Text(e.body, charset.UTF16BE)...)
	default:
		return dst
	}
	return append(dst, '\n')
}
