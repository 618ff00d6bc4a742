package detect

import "testing"

func TestEmail(t *testing.T) {
	checkSightings(t, email{}, []sighting{
		{text: "メールはtanaka.taro@example.co.jpまで", value: "tanaka.taro@example.co.jp", kind: Email, lo: .95},
		{text: "<support+jp@mail.example.com>", value: "support+jp@mail.example.com", kind: Email, lo: .95},
		{text: "ｔａｎａｋａ＠ｅｘａｍｐｌｅ．ｊｐ", value: "tanaka@example.jp", kind: Email, lo: .95},
		{text: "taro..yamada.@docomo.ne.jp", value: "taro..yamada.@docomo.ne.jp", kind: Email, lo: .9},
		{text: "user@会社.jpへ", value: "user@会社.jp", kind: Email, lo: .9},
		{text: "jürgen.müller@beispiel.de", value: "jürgen.müller@beispiel.de", kind: Email, lo: .9},
		{text: "user@xn--80ak6aa92e.com", value: "user@xn--80ak6aa92e.com", kind: Email, lo: .9},
		{text: "mailto:info@example.org?subject=x", value: "info@example.org", kind: Email, lo: .95},
		{text: "write to a.b@example.com.Thanks", value: "a.b@example.com", kind: Email, lo: .9},
		{text: "write to a.b@example.com.", value: "a.b@example.com", kind: Email, lo: .9},
		{text: `"taro yamada"@example.com`, value: `"taro yamada"@example.com`, kind: Email, lo: .9},
		{text: "email=o'brien@example.ie&x=1", value: "o'brien@example.ie", kind: Email, lo: .9},
		{text: "taro@example.com:hunter2", value: "taro@example.com", kind: Email, lo: .8},
		{text: "host@printer.local", value: "host@printer.local", kind: Email, lo: .3, hi: .8},
	})
}

func TestEmailIsNone(t *testing.T) {
	for _, s := range []string{
		"git@github.com:owner/repo.git", "scp a.txt deploy@host.example.com:/srv", "user@host:", "@types/node", "npm i @scope/pkg.js",
		"lodash@4.17.21", "image@2x.png", "icon@3x.jp", "@app.route('/')", "x@Override", "foo@bar", "a@@b.com", "foo@.com", "foo@com",
		"user@co.jp", "getty@tty1.service", "memcpy@GLIBC_2.14", "https://user:pass@host.example.com/", "Message-ID: <2024.abc@mail.example.com>",
		"References: <a1@mail.example.com>\n <b2@mail.example.com>", "this@Outer.method()", "1 @ 2.com", "@", "a@", "@b.com",
	} {
		checkSightings(t, email{}, []sighting{{text: s, hi: .31}})
	}
}
