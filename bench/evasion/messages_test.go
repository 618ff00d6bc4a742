package evasion

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
)

// First bytes of frames: whole messages but for the last four.
const (
	textFrame   = 0x81
	binaryFrame = 0x82
	pingFrame   = 0x89
	compressed  = 0x40 // to be added
	goesOn      = 0x80 // to be taken away
	continued   = 0x80
)

// bySocket sends messages by a WebSocket, a frame each.
func bySocket(first byte, of func(l list) [][]byte) func(list) upload {
	return func(l list) upload {
		var turns [][]byte
		for _, m := range of(l) {
			turns = append(turns, frame(first, m))
		}
		return upload{talk: &conversation{socket: true, turns: turns}}
	}
}

// whole makes one message of a list.
func whole(steps ...func([]byte) []byte) func(l list) [][]byte {
	return func(l list) [][]byte {
		b := []byte(l.csv())
		for _, s := range steps {
			b = s(b)
		}
		return [][]byte{b}
	}
}

// cutInto cuts messages into pieces of n bytes.
func cutInto(n int, of func(l list) [][]byte) func(l list) [][]byte {
	return func(l list) (p [][]byte) {
		for _, b := range of(l) {
			for ; len(b) > 0; b = b[min(n, len(b)):] {
				p = append(p, b[:min(n, len(b))])
			}
		}
		return p
	}
}

// rowEach makes a message of each row.
func rowEach(sep string) func(l list) [][]byte {
	return func(l list) (m [][]byte) {
		for _, r := range l.rows {
			m = append(m, []byte(strings.Join(r, sep)))
		}
		return m
	}
}

func objectEach(l list) (m [][]byte) {
	for _, o := range l.objects() {
		m = append(m, jsonOf(o))
	}
	return m
}

func cellEach(l list) (m [][]byte) {
	for _, r := range l.rows {
		for i, c := range r {
			m = append(m, jsonOf(map[string]string{"field": l.head[i], "value": c}))
		}
	}
	return m
}

func runeEach(l list) (m [][]byte) {
	for _, r := range l.csv() {
		m = append(m, []byte(string(r)))
	}
	return m
}

// deflatedMessages compresses each message as permessage-deflate has it.
func deflatedMessages(alone bool, messages ...string) (m [][]byte) {
	var b bytes.Buffer
	w := must(flate.NewWriter(&b, 9))
	for _, s := range messages {
		b.Reset()
		if alone {
			w.Reset(&b)
		}
		io.WriteString(w, s)
		w.Flush()
		m = append(m, bytes.Clone(bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))))
	}
	return m
}

// deflating has permessage-deflate agreed on.
func deflating(agreed string, f func(list) upload) func(list) upload {
	return func(l list) upload {
		u := f(l)
		u.talk.deflate = agreed
		return u
	}
}

// overStreams opens a WebSocket over HTTP/2.
func overStreams(f func(list) upload) func(list) upload {
	return func(l list) upload {
		u := f(l)
		u.talk.http2 = true
		return u
	}
}

// grpcFrame puts a message of gRPC into its frame.
func grpcFrame(flag byte, m []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(m))), m...)
}

// called sends messages of gRPC, so many a turn.
func called(each int, encoding string, of func(l list) [][]byte) func(list) upload {
	return func(l list) upload {
		u := upload{media: "application/grpc", header: http.Header{"Te": {"trailers"}}, talk: &conversation{}}
		flag := byte(0)
		if encoding != "" {
			u.header["Grpc-Encoding"] = []string{encoding}
			flag = 1
		}
		var turn []byte
		for i, m := range of(l) {
			turn = append(turn, grpcFrame(flag, m)...)
			if (i+1)%each == 0 {
				u.talk.turns, turn = append(u.talk.turns, turn), nil
			}
		}
		if turn != nil {
			u.talk.turns = append(u.talk.turns, turn)
		}
		return u
	}
}

func protobufEach(l list) (m [][]byte) {
	for _, r := range l.rows {
		m = append(m, protobuf(r))
	}
	return m
}

// encodedEach applies a step to each message.
func encodedEach(step func([]byte) []byte, of func(l list) [][]byte) func(l list) [][]byte {
	return func(l list) [][]byte {
		m := of(l)
		for i := range m {
			m[i] = step(m[i])
		}
		return m
	}
}

// halves are the rows, each cut in the middle of its telephone number or what
// stands there, a field of a message each.
func halves(l list) (m [][]byte) {
	for _, r := range l.rows {
		s := []rune(strings.Join(r, ","))
		k := len([]rune(r[0])) + 6
		m = append(m, protobuf([]string{string(s[:k])}), protobuf([]string{string(s[k:])}))
	}
	return m
}

// streamed sends a body in turns of so many rows.
func streamed(media string, rows int, of func(i int, row []string) string) func(list) upload {
	return func(l list) upload {
		u := upload{media: media, talk: &conversation{}}
		for i := 0; i < len(l.rows); i += rows {
			u.talk.turns = append(u.talk.turns, []byte(l.cut(i, i+rows).each(of)))
		}
		return u
	}
}

// cutRows cuts each row in two, within its second cell.
func cutRows(l list) (m [][]byte) {
	for _, r := range l.rows {
		s := strings.Join(r, ",")
		k := len(r[0]) + 6
		m = append(m, []byte(s[:k]), []byte(s[k:]))
	}
	return m
}

func messages() []evasion {
	inFrames := func(n int, ping bool) func(list) upload {
		return func(l list) upload {
			u := upload{talk: &conversation{socket: true}}
			b := []byte(l.csv())
			first := byte(textFrame &^ goesOn)
			for ; len(b) > n; b, first = b[n:], 0 {
				u.talk.turns = append(u.talk.turns, frame(first, b[:n]))
				if ping {
					u.talk.turns = append(u.talk.turns, frame(pingFrame, nil))
				}
			}
			u.talk.turns = append(u.talk.turns, frame(continued, b))
			return u
		}
	}
	onlyDeflate := func(alone bool, before string) func(l list) [][]byte {
		return func(l list) [][]byte { return deflatedMessages(alone, before, l.csv()) }
	}
	return []evasion{
		{name: "WebSocket, a text", make: bySocket(textFrame, whole())},
		{name: "WebSocket, binary", make: bySocket(binaryFrame, whole())},
		{name: "WebSocket, binary in CP932", make: bySocket(binaryFrame, whole(charsetCP932))},
		{name: "WebSocket, a ZIP file", make: bySocket(binaryFrame, func(l list) [][]byte { return [][]byte{zipped("list.csv", l.csv())} })},
		{name: "WebSocket, masked with zeros", make: func(l list) upload {
			return upload{talk: &conversation{socket: true, turns: [][]byte{maskedFrame(textFrame, [4]byte{}, []byte(l.csv()))}}}
		}},
		{name: "WebSocket, in frames of seven bytes", make: inFrames(7, false)},
		{name: "WebSocket, pings between frames of seven bytes", make: inFrames(7, true)},
		{name: "WebSocket, base64", make: bySocket(textFrame, whole(base64ed))},
		{name: "WebSocket, JSON with base64 of gzip", make: bySocket(textFrame, func(l list) [][]byte {
			return [][]byte{jsonOf(map[string]string{"type": "put", "data": string(base64ed(gzipped([]byte(l.csv()))))})}
		})},
		{name: "WebSocket, compressed", make: deflating("permessage-deflate", bySocket(textFrame|compressed, onlyDeflate(false, "こんにちは")))},
		{name: "WebSocket, compressed, each message alone", make: deflating("permessage-deflate; client_no_context_takeover",
			bySocket(textFrame|compressed, onlyDeflate(true, "こんにちは")))},
		{name: "WebSocket, compressed from what came before", make: deflating("permessage-deflate", bySocket(textFrame|compressed, func(l list) [][]byte {
			var names, rest strings.Builder
			for _, r := range l.rows {
				names.WriteString(r[0] + "," + r[1][:4] + "\n")
				rest.WriteString(strings.Join(r, ",") + "\n")
			}
			return deflatedMessages(false, names.String(), rest.String())
		}))},
		{name: "WebSocket, compressed twice", make: deflating("permessage-deflate", bySocket(binaryFrame|compressed, func(l list) [][]byte {
			return deflatedMessages(false, string(gzipped([]byte(l.csv()))))
		}))},
		{name: "WebSocket over HTTP/2, a text", make: overStreams(bySocket(textFrame, whole()))},
		{name: "WebSocket over HTTP/2, compressed", make: overStreams(deflating("permessage-deflate", bySocket(textFrame|compressed, onlyDeflate(false, "こんにちは"))))},
		{name: "WebSocket over HTTP/2, a row a message", make: overStreams(bySocket(textFrame, rowEach(",")))},
		{name: "WebSocket, a row a message", make: bySocket(textFrame, rowEach(","))},
		{name: "WebSocket, a row a binary message", make: bySocket(binaryFrame, rowEach(","))},
		{name: "WebSocket, a JSON object a message", make: bySocket(textFrame, objectEach)},
		{name: "WebSocket, a cell a message", make: bySocket(textFrame, cellEach)},
		{name: "WebSocket, a row a ping", make: bySocket(pingFrame, func(l list) (m [][]byte) {
			for _, r := range l.rows {
				m = append(m, []byte(strings.Join(r[:2], ",")))
			}
			return m
		})},
		{name: "WebSocket, a row a compressed message", make: deflating("permessage-deflate", bySocket(textFrame|compressed, func(l list) [][]byte {
			var s []string
			for _, m := range rowEach(",")(l) {
				s = append(s, string(m))
			}
			return deflatedMessages(false, s...)
		}))},
		{name: "WebSocket, records cut over two messages", make: bySocket(textFrame, cutRows)},
		{name: "WebSocket, records cut over two binary messages", make: bySocket(binaryFrame, cutRows)},
		{name: "WebSocket, ten bytes a message", opaque: true, make: bySocket(textFrame, cutInto(10, whole()))},
		{name: "WebSocket, ten bytes a binary message", opaque: true, make: bySocket(binaryFrame, cutInto(10, whole()))},
		{name: "WebSocket, a character a message", make: bySocket(textFrame, runeEach)},
		{name: "WebSocket, a byte a message", make: bySocket(binaryFrame, cutInto(1, whole()))},
		{name: "WebSocket, base64 in messages of fifty", opaque: true, make: bySocket(textFrame, cutInto(50, whole(base64ed)))},
		{name: "WebSocket, hexadecimal in messages of four", make: bySocket(textFrame, cutInto(4, whole(hexed)))},
		{name: "WebSocket, gzip in messages of fifty bytes", opaque: true, make: bySocket(binaryFrame, cutInto(50, whole(gzipped)))},
		{name: "WebSocket, a ZIP file in messages of three bytes", opaque: true, make: bySocket(binaryFrame, cutInto(3, func(l list) [][]byte {
			return [][]byte{zipped("list.csv", l.csv())}
		}))},
		{name: "WebSocket, rows amid other messages", make: bySocket(textFrame, func(l list) (m [][]byte) {
			for _, r := range rowEach(",")(l) {
				m = append(m, []byte(`{"type":"heartbeat"}`), r, []byte(strings.Repeat("lorem ipsum dolor ", 20)))
			}
			return m
		})},
		{name: "gRPC, a call with all", make: called(30, "", protobufEach)},
		{name: "gRPC, five messages, then waiting", make: called(5, "", protobufEach)},
		{name: "gRPC, a record over two messages", make: called(10, "", halves)},
		{name: "gRPC, a cell a message", make: called(30, "", func(l list) (m [][]byte) {
			for _, r := range l.rows {
				for _, c := range r {
					m = append(m, protobuf([]string{c}))
				}
			}
			return m
		})},
		{name: "gRPC, compressed messages, five at a time", make: called(5, "gzip", encodedEach(gzipped, protobufEach))},
		{name: "gRPC, messages in deflate", make: called(30, "deflate", encodedEach(zlibbed, protobufEach))},
		{name: "gRPC, messages in an encoding that nobody knows", opaque: true, make: called(30, "x-own", encodedEach(func(b []byte) []byte {
			for i := range b {
				b[i] = b[i]*7 + byte(i)*13
			}
			return b
		}, protobufEach))},
		{name: "gRPC-Web as text", make: func(l list) upload {
			var b []byte
			for _, m := range protobufEach(l) {
				b = append(b, grpcFrame(0, m)...)
			}
			return upload{media: "application/grpc-web-text", body: base64ed(b)}
		}},
		{name: "gRPC-Web as text, each message in base64", make: func(l list) upload {
			var b []byte
			for _, m := range protobufEach(l) {
				b = append(b, base64ed(grpcFrame(0, m))...)
			}
			return upload{media: "application/grpc-web-text", body: b}
		}},
		{name: "Connect, messages of JSON, five at a time", make: func(l list) upload {
			u := called(5, "", objectEach)(l)
			u.media = "application/connect+json"
			return u
		}},
		{name: "events, five at a time", make: streamed("text/event-stream", 5, func(_ int, r []string) string {
			return "event: row\ndata: " + strings.Join(r, ",") + "\n\n"
		})},
		{name: "events, a cell a line, five at a time", make: streamed("text/event-stream", 5, func(_ int, r []string) string {
			return "data: " + strings.Join(r, "\ndata: ") + "\n\n"
		})},
		{name: "events that are none", make: streamed("text/event-stream", 30, func(_ int, r []string) string { return strings.Join(r, ",") + "\n\n" })},
		{name: "NDJSON, five lines at a time", make: streamed("application/x-ndjson", 5, func(_ int, r []string) string { return string(jsonOf(r)) + "\n" })},
		{name: "NDJSON, a cell a line, five rows at a time", make: streamed("application/x-ndjson", 5, func(_ int, r []string) string {
			var b strings.Builder
			for _, c := range r {
				b.WriteString(string(jsonOf(c)) + "\n")
			}
			return b.String()
		})},
		{name: "NDJSON, base64 in pieces", make: func(l list) upload {
			u := upload{media: "application/x-ndjson", talk: &conversation{}}
			for i, p := range pieced(l, 300) {
				u.talk.turns = append(u.talk.turns, append(jsonOf(map[string]any{"n": i, "data": p}), '\n'))
			}
			return u
		}},
	}
}
