package evasion

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

func jsonOf(v any) []byte { return must(json.Marshal(v)) }

// objects gives the rows as objects.
func (l list) objects() []map[string]any {
	var o []map[string]any
	for _, r := range l.rows {
		m := map[string]any{}
		for i, v := range r {
			m[l.head[i]] = v
		}
		o = append(o, m)
	}
	return o
}

func inBody(media string, f func(l list) []byte) func(list) upload {
	return func(l list) upload { return upload{media: media, body: f(l)} }
}

// protobuf writes a row as a message of strings in the fields from 1 on.
func protobuf(r []string) []byte {
	var b []byte
	for i, v := range r {
		b = append(b, byte(i+1)<<3|2)
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	return b
}

func nested(b []byte) []byte {
	return append(binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(b))), b...)
}

// packedText writes a string in MessagePack or CBOR.
func packedText(cbor bool, s string) []byte {
	switch {
	case cbor && len(s) < 24:
		return append([]byte{0x60 | byte(len(s))}, s...)
	case cbor:
		return append([]byte{0x78, byte(len(s))}, s...)
	case len(s) < 32:
		return append([]byte{0xa0 | byte(len(s))}, s...)
	}
	return append([]byte{0xd9, byte(len(s))}, s...)
}

func packed(cbor bool) func(l list) []byte {
	return func(l list) []byte {
		b := []byte{0xdc, 0, byte(len(l.rows))}
		if cbor {
			b = []byte{0x98, byte(len(l.rows))}
		}
		for _, r := range l.rows {
			if cbor {
				b = append(b, 0xa0|byte(len(r)))
			} else {
				b = append(b, 0x80|byte(len(r)))
			}
			for i, v := range r {
				b = append(append(b, packedText(cbor, l.head[i])...), packedText(cbor, v)...)
			}
		}
		return b
	}
}

func bson(l list) []byte {
	var out []byte
	for _, r := range l.rows {
		var d []byte
		for i, v := range r {
			d = append(append(append(d, 2), l.head[i]...), 0)
			d = binary.LittleEndian.AppendUint32(d, uint32(len(v)+1))
			d = append(append(d, v...), 0)
		}
		out = append(append(binary.LittleEndian.AppendUint32(out, uint32(len(d)+5)), d...), 0)
	}
	return out
}

func datas() []evasion {
	return append([]evasion{
		{name: "JSON", make: inBody("application/json", func(l list) []byte { return jsonOf(l.objects()) })},
		{name: "JSON, columns", make: inBody("application/json", func(l list) []byte {
			m := map[string][]string{}
			for i, h := range l.head {
				for _, r := range l.rows {
					m[h] = append(m[h], r[i])
				}
			}
			return jsonOf(m)
		})},
		{name: "JSON, rows as keys", make: inBody("application/json", func(l list) []byte {
			m := map[string]string{}
			for _, r := range l.rows {
				m[r[0]] = r[1]
			}
			return jsonOf(m)
		})},
		{name: "JSON, the list in keys only", make: inBody("application/json", func(l list) []byte {
			m := map[string]int{}
			for i, r := range l.rows {
				m[strings.Join(r, " ")] = i
			}
			return jsonOf(m)
		})},
		{name: "JSON, an array of characters", make: inBody("application/json", func(l list) []byte {
			var a [][]string
			for _, r := range l.rows {
				a = append(a, strings.Split(strings.Join(r, ","), ""))
			}
			return jsonOf(a)
		})},
		{name: "JSON, an array of bytes", make: inBody("application/json", func(l list) []byte {
			return fmt.Appendf(nil, `{"data":[%s]}`, decimals([]byte(l.csv())))
		})},
		{name: "JSON, base64 of gzip in a value", make: inBody("application/json", func(l list) []byte {
			return jsonOf(map[string]string{"data": string(base64ed(gzipped([]byte(l.csv()))))})
		})},
		{name: "JSON, hexadecimal in a value", make: inBody("application/json", func(l list) []byte {
			return jsonOf(map[string]string{"data": string(hexed([]byte(l.csv())))})
		})},
		{name: "JSON, one base64 value a cell", make: inBody("application/json", func(l list) []byte {
			for i := range l.rows {
				for k := range l.rows[i] {
					l.rows[i][k] = string(base64ed([]byte(l.rows[i][k])))
				}
			}
			return jsonOf(l.objects())
		})},
		{name: "JSON, a file cut over values", opaque: true, make: inBody("application/json", func(l list) []byte {
			b := string(base64ed([]byte(l.csv())))
			var a []string
			for ; b != ""; b = b[min(64, len(b)):] {
				a = append(a, b[:min(64, len(b))])
			}
			return jsonOf(a)
		})},
		{name: "JSON, phone numbers as numbers", make: inBody("application/json", func(l list) []byte {
			o := l.objects()
			for _, m := range o {
				if p, ok := m["電話番号"].(string); ok {
					n := 0.0
					for _, d := range strings.ReplaceAll(p, "-", "") {
						n = n*10 + float64(d-'0')
					}
					m["電話番号"] = int64(math.Round(n))
				}
			}
			return jsonOf(o)
		})},
		{name: "JSON with comments and without quotes", make: inBody("application/json", func(l list) []byte {
			return []byte("[" + l.each(func(_ int, r []string) string {
				return "{ // row\n name: '" + r[0] + "', tel: '" + r[1] + "', mail: '" + r[3] + "' },\n"
			}) + "]")
		})},
		{name: "NDJSON", make: inBody("application/x-ndjson", func(l list) []byte {
			var b bytes.Buffer
			for _, o := range l.objects() {
				b.Write(append(jsonOf(o), '\n'))
			}
			return b.Bytes()
		})},
		{name: "GraphQL", make: inBody("application/json", func(l list) []byte {
			return jsonOf(map[string]any{"query": "mutation($r:[R]){add(r:$r)}", "variables": map[string]any{"r": l.objects()}})
		})},
		{name: "YAML", make: inBody("application/yaml", func(l list) []byte {
			return []byte(l.each(func(_ int, r []string) string { return "- " + strings.TrimPrefix(l.fields(r, "  ", ": ", "\n"), "  ") }))
		})},
		{name: "YAML, one block of base64", opaque: true, make: inBody("application/yaml", func(l list) []byte {
			return []byte("data: !!binary |\n  " + strings.ReplaceAll(strings.TrimSpace(string(wrapped(70)(base64ed([]byte(l.csv()))))), "\n", "\n  ") + "\n")
		})},
		{name: "TOML", make: inBody("application/toml", func(l list) []byte {
			return []byte(l.each(func(_ int, r []string) string {
				return fmt.Sprintf("[[row]]\nname = %q\nphone = %q\nmail = %q\n\n", r[0], r[1], r[3])
			}))
		})},
		{name: "an SQL dump", make: inBody("application/sql", func(l list) []byte {
			return []byte("INSERT INTO `c` VALUES " + l.each(func(i int, r []string) string {
				return fmt.Sprintf("(%d,'%s'),\n", i, strings.Join(r, "','"))
			}) + ";")
		})},
		{name: "an SQL dump, values in hexadecimal", make: inBody("application/sql", func(l list) []byte {
			return []byte("INSERT INTO `c` VALUES " + l.each(func(i int, r []string) string {
				return fmt.Sprintf("(%d,0x%x,0x%x,0x%x),\n", i, r[0], r[1], r[3])
			}) + ";")
		})},
		{name: "XML", make: inBody("application/xml", func(l list) []byte {
			return []byte("<?xml version=\"1.0\"?><rows>" + l.each(func(_ int, r []string) string {
				return "<row><name>" + r[0] + "</name><tel>" + r[1] + "</tel><mail>" + r[3] + "</mail></row>"
			}) + "</rows>")
		})},
		{name: "XML, CDATA in CP932", make: inBody("application/xml", func(l list) []byte {
			return append(append([]byte("<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><x><![CDATA["), cp932(l.csv())...), "]]></x>"...)
		})},
		{name: "XML, names of elements and attributes", make: inBody("application/xml", func(l list) []byte {
			return []byte("<?xml version=\"1.0\"?><rows>" + l.each(func(_ int, r []string) string {
				return "<r " + strings.NewReplacer(" ", "", "（", "", "）", "").Replace(r[0]) + "=\"" + r[1] + "\"/>"
			}) + "</rows>")
		})},
		{name: "protobuf", make: inBody("application/x-protobuf", func(l list) []byte {
			var b []byte
			for _, r := range l.rows {
				b = append(b, nested(protobuf(r))...)
			}
			return b
		})},
		{name: "protobuf, messages in bytes fields, 6 deep", make: inBody("application/x-protobuf", func(l list) []byte {
			var b []byte
			for _, r := range l.rows {
				b = append(b, nested(protobuf(r))...)
			}
			for range 6 {
				b = nested(b)
			}
			return b
		})},
		{name: "gRPC, compressed", make: inBody("application/grpc", func(l list) []byte {
			var b []byte
			for _, r := range l.rows {
				b = append(b, nested(protobuf(r))...)
			}
			z := gzipped(b)
			return append(binary.BigEndian.AppendUint32([]byte{1}, uint32(len(z))), z...)
		})},
		{name: "MessagePack", make: inBody("application/msgpack", packed(false))},
		{name: "CBOR", make: inBody("application/cbor", packed(true))},
		{name: "BSON", make: inBody("application/bson", bson)},
		{name: "a property list in XML with data", make: inBody("application/xml", func(l list) []byte {
			return []byte(`<?xml version="1.0"?><plist version="1.0"><dict><key>d</key><data>` + string(wrapped(60)(base64ed([]byte(l.csv())))) + `</data></dict></plist>`)
		})},
		{name: "HAR", make: inBody("application/json", func(l list) []byte {
			return jsonOf(map[string]any{"log": map[string]any{"version": "1.2", "entries": []any{map[string]any{
				"response": map[string]any{"content": map[string]any{"mimeType": "text/csv", "encoding": "base64", "text": base64.StdEncoding.EncodeToString([]byte(l.csv()))}}}}}})
		})},
		{name: "WARC", make: inBody("application/warc", func(l list) []byte {
			z := gzipped([]byte(l.csv()))
			h := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", len(z))
			return fmt.Appendf(nil, "WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http;msgtype=response\r\nContent-Length: %d\r\n\r\n%s%s\r\n\r\n", len(h)+len(z), h, z)
		})},
		{name: "LDIF with base64 values", make: inBody("text/plain", func(l list) []byte {
			return []byte(l.each(func(i int, r []string) string {
				return fmt.Sprintf("dn: uid=%d,dc=example\ncn:: %s\ntelephoneNumber: %s\nmail: %s\n\n", i, base64ed([]byte(r[0])), r[1], r[3])
			}))
		})},
		{name: "a Jupyter notebook", make: inBody("application/json", func(l list) []byte {
			var lines []string
			for _, r := range l.table() {
				lines = append(lines, strings.Join(r, ",")+"\n")
			}
			return jsonOf(map[string]any{"nbformat": 4, "cells": []any{map[string]any{"cell_type": "code", "outputs": []any{map[string]any{"text": lines}}}}})
		})},
		{name: "a git patch", make: inBody("text/plain", func(l list) []byte {
			return []byte("diff --git a/l.csv b/l.csv\n--- /dev/null\n+++ b/l.csv\n@@ -0,0 +1,31 @@\n+" + strings.ReplaceAll(strings.TrimSpace(l.csv()), "\n", "\n+") + "\n")
		})},
	}, kept("sqlite", "parquet", "parquet-snappy")...)
}
