package proxy

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// lockedZip makes a ZIP file of one member that is stored, encrypted the old way
// (APPNOTE 6.1).
func lockedZip(password, name, body string) string {
	le := binary.LittleEndian
	k := [3]uint32{0x12345678, 0x23456789, 0x34567890}
	update := func(c byte) {
		k[0] = crc32.IEEETable[byte(k[0])^c] ^ k[0]>>8
		k[1] = (k[1]+k[0]&0xff)*134775813 + 1
		k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
	}
	for i := range len(password) {
		update(password[i])
	}
	sum := crc32.ChecksumIEEE([]byte(body))
	data := []byte("eleven here" + string(rune(0)) + body)
	data[11] = byte(sum >> 24)
	for i, c := range data {
		t := k[2] | 2
		data[i] = c ^ byte(t*(t^1)>>8)
		update(c)
	}
	fields := func(b []byte) []byte { // from the flags to the length of the extra field
		b = le.AppendUint32(b, 1)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, sum)
		b = le.AppendUint32(b, uint32(len(data)))
		b = le.AppendUint32(b, uint32(len(body)))
		return le.AppendUint32(b, uint32(len(name)))
	}
	local := fields([]byte("PK\x03\x04\x14\x00"))
	b := append(append(local, name...), data...)
	directory := append(fields([]byte("PK\x01\x02\x14\x00\x14\x00")), make([]byte, 14)...)
	directory = append(directory, name...)
	end := le.AppendUint32([]byte("PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00"), uint32(len(directory)))
	end = le.AppendUint32(end, uint32(len(b)))
	return string(append(append(append(b, directory...), end...), 0, 0))
}

// TestPasswordInAMessage: an archive whose password the sender wrote in a message
// is read, if the configuration says so.
func TestPasswordInAMessage(t *testing.T) {
	const password = "Seki-2026!"
	post := func(media, body string) call {
		return call{"POST", "http://" + originHost + "/mail", map[string]string{"Content-Type": media}, body}
	}
	message := post("text/plain; charset=utf-8", "先ほどお送りしたファイルのパスワードは "+password+" です。よろしくお願いいたします。")
	book, err := os.ReadFile("../inspect/extract/ole/testdata/encrypted/agile.xlsx") // of two people
	if err != nil {
		t.Fatal(err)
	}
	good, bad := lockedZip(password, "list.csv", things(30)), lockedZip(password, "list.csv", people(30))
	for _, c := range []struct {
		name   string
		on     bool
		calls  []call
		status int
	}{
		{"off", false, []call{message, post("application/zip", good)}, http.StatusForbidden},
		{"before the message", true, []call{post("application/zip", good)}, http.StatusForbidden},
		{"after the message", true, []call{message, post("application/zip", good)}, http.StatusOK},
		{"people", true, []call{message, post("application/zip", bad)}, http.StatusForbidden},
		{"a workbook", true, []call{post("text/plain", "password: Sekimori-2026"), post("application/octet-stream", string(book))}, http.StatusOK},
		{"in the same upload", true, []call{post("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"m\"\r\n\r\npassword: "+password+
			"\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.zip\"\r\n\r\n"+good+"\r\n--b--\r\n")}, http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := build(t, services(t, t.TempDir()), func(cfg *Config, _ *Deps, _ *hold.Config) { cfg.Inspect.Passwords = c.on })
			for i, call := range c.calls {
				want := http.StatusOK
				if i == len(c.calls)-1 {
					want = c.status
				}
				if got := h.send(call); got != want {
					t.Errorf("request %d: %d, not %d", i+1, got, want)
				}
			}
			evs := h.audit.events()
			last := evs[len(evs)-1]
			if locked := strings.Contains(fmt.Sprintf("%+v", last.Coverage), "encrypted"); locked != (c.name == "off" || c.name == "before the message") {
				t.Errorf("recorded as not inspected: %v", locked)
			}
		})
	}
}
