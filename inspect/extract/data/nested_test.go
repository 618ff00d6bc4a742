package data

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func tagged(number int, s string) string {
	b := binary.AppendUvarint(nil, uint64(number)<<3|2)
	return string(binary.AppendUvarint(b, uint64(len(s)))) + s
}

func counted(number int, v uint64) string {
	return string(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3), v))
}

// list is a message with two people in it.
func list() string {
	one := tagged(1, person) + tagged(2, "090-0000-0001") + counted(3, 7)
	two := tagged(1, "関守 太郎") + tagged(2, "080-0000-0002") + "\x21\x00\x00\x00\x00\x00\x00\xf8\x3f"
	return counted(1, 150) + tagged(2, one) + tagged(2, two) + tagged(9, "hello12345")
}

func TestProtobuf(t *testing.T) {
	const want = `{"1":150,"2":{"1":"門番 花子","2":"090-0000-0001","3":7},"2":{"1":"関守 太郎","2":"080-0000-0002","4":1.5},"9":"hello12345"}`
	for _, declared := range []string{"", "application/x-protobuf"} {
		x := inspect(t, declared, list())
		if x.Parts[0].Format != "protobuf" || len(x.Skips()) > 0 {
			t.Errorf("%s", x)
		}
		out, ok := protobuf.convert(nil, []byte(list()))
		if got := string(out); !ok || got != want {
			t.Errorf("reads as %s", got)
		}
		holds(t, x, "upload » values", person, "090-0000-0001")
	}
	file := tagged(1, "a.csv") + tagged(2, "氏名,電話\r\n"+person+",090-0000-0001\r\n\xff\x00")
	inspect(t, "application/x-protobuf", file).Find("a.csv")
	x := inspect(t, "application/x-protobuf", string(binary.AppendUvarint(nil, uint64(len(list()))))+list()+string(binary.AppendUvarint(nil, uint64(len(list()))))+list())
	if len(x.Skips()) > 0 {
		t.Errorf("messages with lengths: %s", x)
	}
	holds(t, x, "upload » values", person)
	x = inspect(t, "application/x-protobuf", strings.Repeat(list(), 100)+"\xff\xff")
	if got := strings.Join(x.Skips(), " "); !strings.HasPrefix(got, "decode-error") {
		t.Errorf("damaged: %v", got)
	}
	holds(t, x, "upload » values", person)
	for _, not := range []string{"{\"a\":\"b\"}", person, "plain text\n\n"} {
		if x := inspect(t, "application/x-protobuf", not); x.Parts[0].Format == "protobuf" {
			t.Errorf("%q is taken for protobuf", not)
		}
	}
}

func TestNoiseIsNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		b := make([]byte, 2+r.IntN(400))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		for name, match := range map[string]func([]byte, string) bool{"protobuf": protobufMatch, "msgpack": msgpackMatch, "cbor": cborMatch} {
			if match(b, "") {
				t.Errorf("%d random bytes are taken for %s", len(b), name)
			}
		}
	}
}

func TestGRPC(t *testing.T) {
	frame := func(flag byte, s string) string {
		return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(s)))) + s
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte(list()))
	w.Close()
	body := frame(0, list()) + frame(1, z.String()) + frame(0, "") + frame(0x80, "grpc-status: 0\r\n")
	for _, kind := range []string{"application/grpc", "application/grpc+proto", "application/grpc-web+proto"} {
		x := inspect(t, kind, body)
		if x.Parts[0].Format != "grpc" || len(x.Skips()) > 0 {
			t.Errorf("%s: %s", kind, x)
		}
		holds(t, x, "upload » message 1", person)
		holds(t, x, "upload » message 2 » gzip » values", person)
		holds(t, x, "upload » trailer", "grpc-status")
	}
	holds(t, inspect(t, "application/grpc-web-text+proto", base64.StdEncoding.EncodeToString([]byte(body))), "upload » frames » base64 » message 1", person)
	holds(t, inspect(t, "application/connect+json", frame(0, `{"name":"`+person+`"}`)+frame(2, "{}")), "upload » message 1", person)
	name, number := tagged(1, person), tagged(2, "090-0000-0001")
	holds(t, inspect(t, "application/grpc", frame(0, list())+frame(0, name)+frame(0, number)), "upload » messages 2 to 3", person+"\n090-0000-0001")
	holds(t, inspect(t, "application/connect+json", strings.Repeat(frame(0, `{"name":"`+person+`"}`), 3)), "upload » messages 1 to 3", person)
	if x := inspect(t, "application/grpc", frame(1, "\x06no compression")); !slices.Contains(x.Skips(), "decode-error") {
		t.Errorf("compressed in an unknown way: %v", x.Skips())
	}
	if x := inspect(t, "application/grpc", body[:20]); strings.Join(x.Skips(), " ") != "decode-error unknown-format truncated" && !strings.Contains(strings.Join(x.Skips(), " "), "truncated") {
		t.Errorf("cut off: %v", x.Skips())
	}
	if x := inspect(t, "application/grpc", person); x.Parts[0].Format == "grpc" {
		t.Error("plain text is taken for gRPC")
	}
}

func mpText(s string) string { return "\xd9" + string([]byte{byte(len(s))}) + s }

func TestMsgpack(t *testing.T) {
	row := "\x83" + mpText("name") + mpText(person) + mpText("tel") + "\xad090-0000-0001" + mpText("n") + "\xcd\x01\x00"
	body := "\x92" + row + "\x84" + mpText("a") + "\xff" + mpText("b") + "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00" + mpText("c") + "\xc4\x02\x00\x01" + mpText("d") + "\x93\xc0\xc3\xd1\xff\x00"
	const want = `[{"name":"門番 花子","tel":"090-0000-0001","n":256},{"a":-1,"b":1.5,"c":null,"d":[null,true,-256]}]` + "\n"
	if out, ok := msgpack.convert(nil, []byte(body)); string(out) != want || !ok {
		t.Errorf("reads as %s", out)
	}
	for _, kind := range []string{"", "application/msgpack"} {
		x := inspect(t, kind, body)
		if x.Parts[0].Format != "msgpack" || len(x.Skips()) > 0 {
			t.Errorf("%s", x)
		}
		holds(t, x, "upload » values", person)
	}
	cutOff(t, msgpack, body)
}

func TestCBOR(t *testing.T) {
	body := "\xd9\xd9\xf7\x82\xa3\x64name\x6d" + person + "\x63tel\x6d090-0000-0001\x61n\x19\x01\x00" +
		"\xbf\x61a\x20\x61b\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00\x61c\x42\x00\x01\x61d\x9f\xf6\xf5\xff\x61e\xc1\x1a\x00\x00\x00\x01\x01\x02\xff"
	const want = `[{"name":"門番 花子","tel":"090-0000-0001","n":256},{"a":-1,"b":1.5,"c":null,"d":[null,true],"e":1,"1":2}]` + "\n"
	if out, ok := cbor.convert(nil, []byte(body)); string(out) != want || !ok {
		t.Errorf("reads as %s", out)
	}
	x := inspect(t, "application/cbor", body)
	if x.Parts[0].Format != "cbor" || len(x.Skips()) > 0 {
		t.Errorf("%s", x)
	}
	holds(t, x, "upload » values", person)
	cutOff(t, cbor, body)
}

// cutOff checks that what there is of a body is JSON still.
func cutOff(t *testing.T, f nested, body string) {
	t.Helper()
	for n := range len(body) {
		out, ok := f.convert(nil, []byte(body[:n]))
		if ok && n > 0 && n < len(body) && f.name != "protobuf" || n > 0 && !json.Valid(out) {
			t.Errorf("%s of %d bytes: %v, %s", f.name, n, ok, out)
		}
	}
}

func TestPlist(t *testing.T) {
	wide := func(s string) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.BigEndian.AppendUint16(b, u)
		}
		return "\x60"[:0] + string([]byte{0x60 | byte(len(b)/2)}) + string(b)
	}
	objects := []string{"\xd2\x01\x02\x03\x04", "\x54name", "\x53tel", wide(person), "\xa2\x05\x06", "\x5d090-0000-0001", "\x09"}
	body, offsets := "bplist00", ""
	for _, o := range objects {
		offsets += string([]byte{byte(len(body))})
		body += o
	}
	table := len(body)
	body += offsets + "\x00\x00\x00\x00\x00\x00\x01\x01" + string(binary.BigEndian.AppendUint64(nil, uint64(len(objects)))) + strings.Repeat("\x00", 8) + string(binary.BigEndian.AppendUint64(nil, uint64(table)))
	out, ok := plist.convert(nil, []byte(body))
	if want := `{"name":"門番 花子","tel":["090-0000-0001",null]}`; string(out) != want || !ok {
		t.Errorf("reads as %s", out)
	}
	x := inspect(t, "", body)
	holds(t, x, "upload » values", person)
	loop := strings.Replace(body, "\xa2\x05\x06", "\xa2\x04\x04", 1)
	if out, ok := plist.convert(nil, []byte(loop)); ok || len(out) > 32<<20 {
		t.Errorf("loop: %v, %d bytes", ok, len(out))
	}
}
