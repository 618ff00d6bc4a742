package evasion

import (
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// cells writes each cell into a field of its own.
func (l list) cells(name string) http.Header {
	h := http.Header{}
	for i, r := range l.rows {
		for k, c := range r {
			h[fmt.Sprintf("%s-%d-%d", name, i, k)] = []string{url.QueryEscape(c)}
		}
	}
	return h
}

// form writes fields in multipart/form-data.
func form(fields ...string) upload {
	var b strings.Builder
	for i := 0; i < len(fields); i += 2 {
		b.WriteString("--bb\r\nContent-Disposition: form-data; " + fields[i] + "\r\n\r\n" + fields[i+1] + "\r\n")
	}
	return upload{media: "multipart/form-data; boundary=bb", body: []byte(b.String() + "--bb--\r\n")}
}

func requests() []evasion {
	return []evasion{
		{name: "in the query", make: func(l list) upload { return upload{method: "GET", path: "/a?q=" + url.QueryEscape(l.csv())} }},
		{name: "in the query, base64 of gzip", make: func(l list) upload {
			return upload{method: "GET", path: "/a?q=" + url.QueryEscape(string(base64ed(gzipped([]byte(l.csv())))))}
		}},
		{name: "in the query, one parameter a cell", make: func(l list) upload {
			q := l.each(func(i int, r []string) string {
				return fmt.Sprintf("n%d=%s&t%d=%s&", i, url.QueryEscape(r[0]), i, url.QueryEscape(r[1]))
			})
			return upload{method: "GET", path: "/a?" + q}
		}},
		{name: "in the path", make: func(l list) upload {
			return upload{method: "GET", path: "/" + url.PathEscape(l.csv())}
		}},
		{name: "in the path, base64url", make: func(l list) upload {
			return upload{method: "GET", path: "/" + string(base64url([]byte(l.csv())))}
		}},
		{name: "in the path, a step a cell", make: func(l list) upload {
			return upload{method: "GET", path: "/" + l.each(func(_ int, r []string) string {
				return url.PathEscape(r[0]) + "/" + r[1] + "/" + url.PathEscape(r[3]) + "/"
			})}
		}},
		{name: "in a cookie", make: func(l list) upload {
			return upload{method: "GET", header: http.Header{"Cookie": {"s=" + string(base64url([]byte(l.csv())))}}}
		}},
		{name: "in a cookie a row", make: func(l list) upload {
			return upload{method: "GET", header: http.Header{"Cookie": {l.each(func(i int, r []string) string {
				return fmt.Sprintf("r%d=%s; ", i, url.QueryEscape(strings.Join(r[:4], ",")))
			})}}}
		}},
		{name: "in a header of one's own", make: func(l list) upload {
			return upload{method: "GET", header: http.Header{"X-Data": {url.QueryEscape(l.csv())}}}
		}},
		{name: "in a header of one's own, base64", make: func(l list) upload {
			return upload{method: "GET", header: http.Header{"X-Data": {string(base64ed([]byte(l.csv())))}}}
		}},
		{name: "in a header of one's own for each row", make: func(l list) upload {
			h := http.Header{}
			for i, r := range l.rows {
				h[textproto.CanonicalMIMEHeaderKey(fmt.Sprintf("X-%d", i))] = []string{strings.Join(r, " ")}
			}
			return upload{method: "GET", header: h}
		}},
		{name: "in a short field for each cell", make: func(l list) upload {
			return upload{method: "GET", header: l.cells("Accept")}
		}},
		{name: "in the user agent", make: func(l list) upload {
			return upload{method: "GET", header: http.Header{"User-Agent": {"Mozilla/5.0 " + url.QueryEscape(l.csv())}}}
		}},
		{name: "in the referrer", make: func(l list) upload {
			return upload{method: "GET", header: http.Header{"Referer": {"https://a.example/?q=" + url.QueryEscape(l.csv())}}}
		}},
		{name: "in the password", make: func(l list) upload {
			return upload{method: "GET", header: http.Header{"Authorization": {"Basic " + string(base64ed([]byte("u:"+l.csv())))}}}
		}},
		{name: "in a trailer", make: func(l list) upload {
			return upload{body: []byte("hello"), trailer: http.Header{"X-Data": {url.QueryEscape(l.csv())}}}
		}},
		{name: "in a short trailer for each cell, of half the list", make: func(l list) upload {
			l.rows = l.rows[:min(len(l.rows), 14)] // HTTP/1.1 carries 4 KiB of them
			return upload{body: []byte("hello"), trailer: l.cells("Sum")}
		}},
		{name: "in chunks of one byte", make: func(l list) upload { u := plain(l.csv()); u.drops = true; return u }},
		{name: "in the body of a GET", make: func(l list) upload { return upload{method: "GET", body: []byte(l.csv())} }},
		{name: "in the body of a DELETE", make: func(l list) upload { return upload{method: "DELETE", body: []byte(l.csv())} }},
		{name: "by a method that nobody knows", make: func(l list) upload { return upload{method: "BREW", body: []byte(l.csv())} }},
		{name: "a form", make: func(l list) upload {
			return upload{media: "application/x-www-form-urlencoded", body: []byte("t=" + url.QueryEscape(l.csv()))}
		}},
		{name: "a form, a field a cell", make: func(l list) upload {
			return upload{media: "application/x-www-form-urlencoded", body: []byte(l.each(func(i int, r []string) string {
				return fmt.Sprintf("a%d=%s&b%d=%s&c%d=%s&", i, url.QueryEscape(r[0]), i, url.QueryEscape(r[1]), i, url.QueryEscape(r[3]))
			}))}
		}},
		{name: "a form, in the names of fields", make: func(l list) upload {
			return upload{media: "application/x-www-form-urlencoded", body: []byte(l.each(func(_ int, r []string) string {
				return url.QueryEscape(strings.Join(r, " ")) + "=1&"
			}))}
		}},
		{name: "a form in CP932", make: func(l list) upload {
			return upload{media: "application/x-www-form-urlencoded", body: []byte("t=" + url.QueryEscape(string(cp932(l.csv()))))}
		}},
		{name: "multipart, a field a cell", make: func(l list) upload {
			var f []string
			for i, r := range l.rows {
				f = append(f, fmt.Sprintf(`name="n%d"`, i), r[0], fmt.Sprintf(`name="t%d"`, i), r[1], fmt.Sprintf(`name="m%d"`, i), r[3])
			}
			return form(f...)
		}},
		{name: "multipart, all the names first", make: func(l list) upload {
			var f []string
			for i, r := range l.rows {
				f = append(f, fmt.Sprintf(`name="n%d"`, i), r[0])
			}
			for i, r := range l.rows {
				f = append(f, fmt.Sprintf(`name="t%d"`, i), r[1])
			}
			return form(f...)
		}},
		{name: "multipart, in file names", make: func(l list) upload {
			var f []string
			for i, r := range l.rows {
				f = append(f, fmt.Sprintf(`name="f%d"; filename="%s %s.txt"`, i, r[0], r[1]), "x")
			}
			return form(f...)
		}},
		{name: "multipart, in the names of fields", make: func(l list) upload {
			var f []string
			for _, r := range l.rows {
				f = append(f, fmt.Sprintf(`name="%s"`, strings.Join(r, " ")), "x")
			}
			return form(f...)
		}},
		{name: "multipart, a file cut over fields", make: func(l list) upload {
			b := string(base64ed([]byte(l.csv())))
			var f []string
			for i := 0; b != ""; i++ {
				n := min(1000, len(b))
				f = append(f, fmt.Sprintf(`name="c%d"`, i), b[:n])
				b = b[n:]
			}
			return form(f...)
		}},
		{name: "multipart, a text cut within rows over fields", make: func(l list) upload {
			s := []rune(l.csv())
			var f []string
			for i := 0; len(s) > 0; i++ {
				n := min(97, len(s))
				f = append(f, fmt.Sprintf(`name="c%d"`, i), string(s[:n]))
				s = s[n:]
			}
			return form(f...)
		}},
		{name: "multipart, a header of a part", make: func(l list) upload {
			return form("name=\"a\"\r\nX-Data: "+url.QueryEscape(l.csv()), "x")
		}},
		{name: "multipart, text outside its parts", make: func(l list) upload {
			u := form(`name="a"`, "x")
			u.body = append([]byte(l.csv()), u.body...)
			return u
		}},
		{name: "multipart, a boundary in another case", make: func(l list) upload {
			u := form(`name="a"; filename="a.csv"`, l.csv())
			u.media = "multipart/form-data; boundary=BB"
			return u
		}},
		{name: "multipart without its end", make: func(l list) upload {
			u := form(`name="a"; filename="a.csv"`, l.csv())
			u.body = u.body[:len(u.body)-8]
			return u
		}, opaque: true},
		{name: "multipart in multipart", make: func(l list) upload {
			inner := form(`name="a"; filename="a.csv"`, l.csv())
			body := "--cc\r\nContent-Type: " + inner.media + "\r\n\r\n" + string(inner.body) + "\r\n--cc--\r\n"
			return upload{media: "multipart/mixed; boundary=cc", body: []byte(body)}
		}},
		{name: "multipart, parts in transfer encodings", make: func(l list) upload {
			return form("name=\"a\"\r\nContent-Transfer-Encoding: base64", string(base64ed([]byte(l.csv()))),
				"name=\"b\"\r\nContent-Transfer-Encoding: quoted-printable", string(quotedPrintable([]byte(l.csv()))))
		}},
		{name: "multipart/byteranges", make: func(l list) upload {
			u := form(`name="a"`, l.csv())
			u.media = "multipart/byteranges; boundary=bb"
			return u
		}},
	}
}
