package ole

import (
	"crypto/md5"
	"crypto/sha1"
	"strings"
	"testing"
)

// sealed encrypts a workbook whose FilePass record is in it already: the key
// streams are their own inverses, and so is obfuscation with the rotation turned.
func sealed(t *testing.T, book string, k *fileKey) string {
	t.Helper()
	b := []byte(book)
	for at := 0; at+4 <= len(b); {
		id, size := short(b, at), short(b, at+2)
		body := b[at+4:][:size]
		if k.xor != nil && id != recBOF && id != recFilePass {
			from := 0
			if id == recBoundSheet {
				from = 4
			}
			for i := from; i < len(body); i++ {
				body[i] = (body[i]<<5 | body[i]>>3) ^ k.xor[(at+4+size+i)%16]
			}
		} else if k.xor == nil {
			k.decrypt(id, int64(at+4), body)
		}
		at += 4 + size
	}
	return string(b)
}

func TestOpensForEverybody(t *testing.T) {
	salt, verifier := strings.Repeat("s", 16), strings.Repeat("v", 16)
	// The verifiers are encrypted with the key that they verify.
	sum5, sum1 := md5.Sum([]byte(verifier)), sha1.Sum([]byte(verifier))
	rc, _ := rc4Key([]byte(salt+strings.Repeat("\x00", 32)), everybody)
	v, h := rc.plain([]byte(verifier), sum5[:])
	rcPass := "\x01\x00\x01\x00\x01\x00" + salt + string(v) + string(h)
	info := func(v, h string) string {
		head := le4(4) + le4(0) + le4(0x6801) + le4(0x8004) + le4(128) + le4(1) + le4(0) + le4(0)
		return le4(4) + le4(len(head)) + head + le4(16) + salt + v + le4(20) + h
	}
	ca, _ := cryptoKey([]byte(info(strings.Repeat("\x00", 16), strings.Repeat("\x00", 20))), everybody)
	v, h = ca.plain([]byte(verifier), sum1[:])
	caPass := "\x01\x00\x02\x00\x02\x00" + info(string(v), string(h))
	for name, pass := range map[string]string{
		"RC4": rcPass, "CryptoAPI": caPass, "obfuscation": "\x00\x00\x12\x34\x0a\x9a",
	} {
		key, ok := openKey([]byte(pass), 8, everybody)
		if !ok {
			t.Errorf("%s: the password is not known", name)
			continue
		}
		cells := rec(recLabelSST, at(0, 0, 0)+le4(0))
		for row := range 200 {
			cells += rec(recLabel, at(1+row, 0, 0)+u16(2, "row of the table"))
		}
		book := workbook8(rec(recFilePass, pass)+sst(person), []string{"顧客"}, cells)
		x := inspect(t, compoundFile(files{"Workbook": sealed(t, book, key)}))
		if !x.Has(person+"\nrow of the table\n") || len(x.Skips()) > 0 {
			t.Errorf("%s:\n%s", name, x)
		}
		if s := x.Find(person); !strings.HasSuffix(s.Path, "顧客") {
			t.Errorf("%s: found in %s", name, s.Path)
		}
	}
	for name, pass := range map[string]string{
		"RC4": rcPass[:len(rcPass)-1] + "x", "CryptoAPI": caPass[:len(caPass)-1] + "x", "obfuscation": "\x00\x00\x12\x34\x0b\x9a",
		"short": "\x01\x00\x01", "unknown": "\x01\x00\x09\x00\x01\x00" + strings.Repeat("x", 60),
	} {
		if _, ok := openKey([]byte(pass), 8, everybody); ok {
			t.Errorf("%s: another password opens it", name)
		}
	}
}
