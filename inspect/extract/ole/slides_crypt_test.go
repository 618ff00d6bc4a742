package ole

import (
	"crypto/sha1"
	"strings"
	"testing"
)

// sessionOf describes encryption by Windows' cryptographic interface with a
// password, and returns its key too.
func sessionOf(password string) (info string, key *fileKey) {
	salt, verifier := strings.Repeat("s", 16), strings.Repeat("v", 16)
	describe := func(v, h string) string {
		head := le4(4) + le4(0) + le4(0x6801) + le4(0x8004) + le4(128) + le4(1) + le4(0) + le4(0)
		return le4(4) + le4(len(head)) + head + le4(16) + salt + v + le4(20) + h
	}
	key, _ = cryptoKey([]byte(describe(strings.Repeat("\x00", 16), strings.Repeat("\x00", 20))), password)
	sum := sha1.Sum([]byte(verifier))
	v, h := key.plain([]byte(verifier), sum[:])
	return "\x02\x00\x02\x00" + describe(string(v), string(h)), key
}

// sealed with the key of a block.
func (k *fileKey) sealed(block uint32, s string) string {
	b := []byte(s)
	k.block(block).XORKeyStream(b, b)
	return string(b)
}

// lockedShow is an encrypted presentation of one slide, with a picture and
// properties.
func lockedShow(slide string) files {
	info, key := sessionOf(sesame)
	document := ppt(pptDocument, 15, 0, ppt(pptSlideList, 15, 0, ppt(pptSlidePersist, 0, 0, le4(2)+strings.Repeat("\x00", 16))))
	page := ppt(pptSlide, 15, 0, slide)
	session := ppt(pptCryptSession, 15, 0, info)
	stream := key.sealed(1, document)
	second := len(stream)
	stream += key.sealed(2, page)
	third := len(stream)
	stream += session
	persists := len(stream)
	stream += ppt(pptPersists, 0, 0, le4(1|3<<20)+le4(0)+le4(second)+le4(third))
	edit := len(stream)
	stream += ppt(pptUserEdit, 0, 0, le4(0)+le4(0)+le4(0)+le4(persists)+le4(1)+strings.Repeat("\x00", 8)+le4(3))
	var pictures string
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 40)
	for _, field := range []string{le2(0x6e1<<4) + le2(0xf01e) + le4(33+len(png)), strings.Repeat("i", 16), strings.Repeat("j", 16), "\xff", png} {
		pictures += key.sealed(0, field)
	}
	summary := summaryOf(person)
	list := le4(1) + le4(8) + le4(len(summary)) + le2(7) + "\x13\x01" + le4(0) + wide("\x05SummaryInformation"+"\x00")
	properties := le4(8+len(summary)) + le4(len(list)) + key.sealed(7, summary) + key.sealed(0, list)
	return files{"PowerPoint Document": stream, "Pictures": pictures, "EncryptedSummary": properties,
		"Current User": ppt(4086, 0, 0, le4(20)+"\xdf\xc4\xd1\xf3"+le4(edit)+strings.Repeat("\x00", 12))}
}

// summaryOf is a set of properties with an author.
func summaryOf(author string) string {
	value := le4(0x1f) + le4(len([]rune(author))+1) + wide(author+"\x00")
	set := le4(16+len(value)) + le4(1) + le4(4) + le4(16) + value
	return le2(0xfffe) + strings.Repeat("\x00", 22) + le4(1) + le4(0xf29f85e0) + strings.Repeat("\x00", 12) + le4(48) + set
}

func TestSlidesPassword(t *testing.T) {
	body := compoundFile(lockedShow(box(ppt(pptTextChars, 0, 0, wide("一枚目 "+person)))))
	for _, password := range []string{"", "another"} {
		if x := inspectWith(t, body, password); x.Has(person) || !strings.HasPrefix(strings.Join(x.Skips(), " "), "encrypted") {
			t.Errorf("with %q:\n%s", password, x)
		}
	}
	x := inspectWith(t, body, sesame)
	expect(t, x, "unknown-format", map[string]string{"一枚目 " + person: "» slide 1", "Author: " + person: "SummaryInformation"})
	if !strings.Contains(x.String(), "Pictures » picture 1 [") {
		t.Errorf("no picture:\n%s", x)
	}
}
