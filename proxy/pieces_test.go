package proxy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/pieces"
	"github.com/sekimori-dlp/sekimori/proxy/service"
	"github.com/sekimori-dlp/sekimori/rules"
)

// call is one request of an upload.
type call struct {
	method, url string
	header      map[string]string
	body        string
}

// session is how a service takes an upload in pieces: its requests, the last
// of which completes it, and what the service answers.
type session struct {
	name   string
	calls  func(parts []string, total int) []call
	handle func(w http.ResponseWriter, r *http.Request)
}

// ranged sends pieces by Content-Range.
func ranged(url string) func(parts []string, total int) []call {
	return func(parts []string, total int) []call {
		var cs []call
		at := 0
		for _, p := range parts {
			cs = append(cs, call{"PUT", url, map[string]string{"Content-Range": fmt.Sprintf("bytes %d-%d/%d", at, at+len(p)-1, total)}, p})
			at += len(p)
		}
		return cs
	}
}

// inForms sends pieces as files of forms whose fields tell their place.
func inForms(fields func(i, of, at, total int) string) func(parts []string, total int) []call {
	return func(parts []string, total int) []call {
		var cs []call
		at := 0
		for i, p := range parts {
			body := ""
			for f := range strings.FieldsSeq(fields(i, len(parts), at, total)) {
				name, value, _ := strings.Cut(f, "=")
				body += "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
			}
			body += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"blob\"\r\nContent-Type: application/octet-stream\r\n\r\n" + p + "\r\n--b--\r\n"
			cs = append(cs, call{"POST", "http://" + originHost + "/form", map[string]string{"Content-Type": "multipart/form-data; boundary=b"}, body})
			at += len(p)
		}
		return cs
	}
}

// numbered sends pieces by number, in the order of perm, and then completes.
func numbered(piece func(i int) call, complete func(n int) call) func(parts []string, total int) []call {
	return func(parts []string, _ int) []call {
		cs := make([]call, len(parts))
		for i, p := range parts {
			c := piece(i + 1)
			c.body = p
			cs[len(parts)-1-i] = c // the other way round: order must not matter
		}
		return append(cs, complete(len(parts)))
	}
}

var awsHeader = map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}

var sessions = []session{
	{name: "S3", calls: numbered(func(i int) call {
		return call{"PUT", fmt.Sprintf("http://b.s3.amazonaws.com/k.zip?partNumber=%d&uploadId=U1", i), awsHeader, ""}
	}, func(n int) call {
		b := "<CompleteMultipartUpload>"
		for i := range n {
			b += fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>x</ETag></Part>", i+1)
		}
		return call{"POST", "http://b.s3.amazonaws.com/k.zip?uploadId=U1", awsHeader, b + "</CompleteMultipartUpload>"}
	})},
	{name: "S3, aws-chunked", calls: numbered(func(i int) call {
		return call{"PUT", fmt.Sprintf("http://b.s3.amazonaws.com/k.zip?partNumber=%d&uploadId=U2", i),
			map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked"}, ""}
	}, func(int) call {
		return call{"POST", "http://b.s3.amazonaws.com/k.zip?uploadId=U2", awsHeader,
			"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part><Part><PartNumber>2</PartNumber></Part><Part><PartNumber>3</PartNumber></Part></CompleteMultipartUpload>"}
	})},
	{name: "Azure", calls: numbered(func(i int) call {
		return call{"PUT", fmt.Sprintf("http://acc.blob.core.windows.net/c/b.zip?comp=block&blockid=%c%c", 'z'-rune(i), 'A'), nil, ""}
	}, func(n int) call {
		b := "<BlockList>"
		for i := range n {
			b += fmt.Sprintf("<Latest>%c%c</Latest>", 'z'-rune(i+1), 'A')
		}
		return call{"PUT", "http://acc.blob.core.windows.net/c/b.zip?comp=blocklist", nil, b + "</BlockList>"}
	})},
	{name: "Drive", calls: ranged("http://www.googleapis.com/upload/drive/v3/files?uploadType=resumable&upload_id=D1")},
	{name: "OneDrive", calls: ranged("http://t.sharepoint.com/_api/v2.0/drives/b/items/1/uploadSession?guid=7")},
	{name: "Content-Range anywhere", calls: ranged("http://" + originHost + "/up/a.zip")},
	{name: "Gemini files", calls: func(parts []string, _ int) []call {
		var cs []call
		at := 0
		for i, p := range parts {
			command := "upload"
			if i == len(parts)-1 {
				command = "upload, finalize"
			}
			cs = append(cs, call{"POST", "http://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=G1",
				map[string]string{"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": fmt.Sprint(at)}, p})
			at += len(p)
		}
		return cs
	}},
	{name: "Box", calls: func(parts []string, total int) []call {
		return append(ranged("http://upload.box.com/api/2.0/files/upload_sessions/B1")(parts, total),
			call{"POST", "http://upload.box.com/api/2.0/files/upload_sessions/B1/commit", nil, `{"parts":[]}`})
	}},
	{name: "Dropbox", calls: func(parts []string, _ int) []call {
		var cs []call
		at := 0
		for i, p := range parts {
			step, arg := "append_v2", fmt.Sprintf(`{"cursor":{"session_id":"S1","offset":%d}}`, at)
			switch i {
			case 0:
				step, arg = "start", `{}`
			case len(parts) - 1:
				step, arg = "finish", fmt.Sprintf(`{"cursor":{"session_id":"S1","offset":%d},"commit":{"path":"/a.zip"}}`, at)
			}
			cs = append(cs, call{"POST", "http://content.dropboxapi.com/2/files/upload_session/" + step, map[string]string{"Dropbox-Api-Arg": arg}, p})
			at += len(p)
		}
		return cs
	}, handle: func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, `{"session_id": "S1"}`)
	}},
	{name: "tus", calls: func(parts []string, total int) []call {
		cs := []call{{"POST", "http://" + originHost + "/files/", map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": fmt.Sprint(total)}, ""}}
		at := 0
		for _, p := range parts {
			cs = append(cs, call{"PATCH", "http://" + originHost + "/files/24e5",
				map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": fmt.Sprint(at), "Content-Type": "application/offset+octet-stream"}, p})
			at += len(p)
		}
		return cs
	}, handle: func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Location", "24e5")
		w.WriteHeader(http.StatusCreated)
	}},
	{name: "Nextcloud", calls: numbered(func(i int) call {
		return call{"PUT", fmt.Sprintf("http://%s/remote.php/dav/uploads/u/t1/%d", originHost, i), nil, ""}
	}, func(int) call {
		return call{"MOVE", "http://" + originHost + "/remote.php/dav/uploads/u/t1/.file", map[string]string{"Destination": "http://" + originHost + "/remote.php/dav/files/u/a.zip"}, ""}
	})},
	{name: "Dropzone", calls: inForms(func(i, of, at, total int) string {
		return fmt.Sprintf("dzuuid=d1 dzchunkindex=%d dztotalfilesize=%d dzchunksize=%d dztotalchunkcount=%d dzchunkbyteoffset=%d", i, total, total/3, of, at)
	})},
	{name: "Plupload", calls: inForms(func(i, of, at, total int) string { return fmt.Sprintf("name=a.tgz chunk=%d chunks=%d", i, of) })},
}

// services sends the hosts of the sessions to the plain origin, keeps pieces in
// a folder, and inspects in earnest by the built-in rules.
func services(t *testing.T, dir string) option {
	t.Helper()
	store, err := pieces.Open(pieces.Config{Dir: dir, Key: bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return servicesWith(t, store)
}

func servicesWith(t *testing.T, store *pieces.Store) option {
	t.Helper()
	set, err := rules.Load(nil, rules.Options{Untested: true})
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config, d *Deps, _ *hold.Config) {
		for _, host := range []string{"b.s3.amazonaws.com", "acc.blob.core.windows.net", "www.googleapis.com", "t.sharepoint.com", "gmail.googleapis.com",
			"generativelanguage.googleapis.com", "upload.box.com", "content.dropboxapi.com", "graph.microsoft.com", "api.github.com"} {
			c.Upstream.Resolve[host+":80"] = c.Upstream.Resolve[originHost+":80"]
		}
		c.Company = []string{"example.co.jp"}
		d.Pieces = store
		d.Policy = func() *gate.Policy { return &gate.Policy{Scanner: set.Scanner(), Rules: set} }
	}
}

// send sends one request and returns the status of its answer.
func (h *house) send(c call) int {
	h.t.Helper()
	body := c.body
	if strings.HasPrefix(c.header["X-Amz-Content-Sha256"], "STREAMING-") {
		half := len(body) / 2
		body = fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", half, body[:half], len(body)-half, body[half:])
	}
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(c.method, c.url, r)
	if err != nil {
		h.t.Fatal(err)
	}
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	resp, err := h.client(false).Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode
}

// people is a list of customers, things one of products of the same shape.
func people(n int) string {
	return list("氏名,電話番号,メール", n, "山佐鈴高田", "郎子一美介", "090-%04d-%04d,c%d@mail.example")
}
func things(n int) string {
	return list("品名,型番,備考", n, "机椅棚箱紙", "大中小長短", "XK-%04d-%04d 在庫 %d 個")
}

func list(head string, n int, first, last, rest string) string {
	var b strings.Builder
	b.WriteString(head + "\n")
	f, l := []rune(first), []rune(last)
	for i := range n {
		name := string(f[i%len(f)]) + map[bool]string{true: "藤 太", false: "木型 "}[strings.Contains(head, "氏名")] + string(l[i/len(f)%len(l)])
		fmt.Fprintf(&b, name+","+rest+"\n", 1000+i*37%9000, 1000+i*91%9000, i)
	}
	return b.String()
}

// packed makes a compressed archive in which the list stands behind so much
// else that a piece alone does not show it.
func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	noise := make([]byte, 200<<10)
	rand.NewChaCha8([32]byte{}).Read(noise)
	for _, f := range []struct {
		name string
		data []byte
	}{{"a.jpg", noise}, {"list.csv", []byte(text)}, {"z.jpg", noise[:80<<10]}} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func thirds(s string) []string {
	return []string{s[:len(s)/3], s[len(s)/3 : 2*len(s)/3], s[2*len(s)/3:]}
}

// TestPiecesAreJudgedAsAWhole: a list of customers in an archive, in pieces, is
// stopped by the request that completes the upload, at the latest; the
// same with products passes, every piece of it.
func TestPiecesAreJudgedAsAWhole(t *testing.T) {
	bad, good := packed(t, people(300)), packed(t, things(300))
	for _, s := range sessions {
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			h := build(t, services(t, dir))
			h.plain.handle = s.handle
			for i, c := range s.calls(thirds(good), len(good)) {
				if status := h.send(c); status/100 != 2 {
					t.Errorf("products, request %d: %d", i+1, status)
				}
			}
			evs := h.audit.events()
			if last := evs[len(evs)-1]; !strings.HasPrefix(last.Details["joined"], "3 pieces, "+fmt.Sprint(len(good))) {
				t.Errorf("recorded: %v", last.Details)
			}
			calls := s.calls(thirds(bad), len(bad))
			for i, c := range calls[:len(calls)-1] {
				if status := h.send(c); status/100 != 2 {
					t.Errorf("customers, request %d: %d", i+1, status)
				}
			}
			before := h.plain.requests.Load()
			// A restart in the middle changes nothing.
			h.stop(0)
			h2 := build(t, services(t, dir))
			if status := h2.send(calls[len(calls)-1]); status != http.StatusForbidden {
				t.Errorf("the request that completes the customers: %d", status)
			}
			if h.plain.requests.Load() != before {
				t.Error("it reached the origin")
			}
			h2.untouched()
		})
	}
}

// neighbours are the stores of several nodes.
type neighbours struct {
	name string
	all  map[string]*pieces.Store
}

func (n neighbours) Ask(upload string) (all []pieces.Holding, sure bool) {
	for name, s := range n.all {
		if name != n.name {
			h := s.Holding(upload)
			h.Node = name
			all = append(all, h)
		}
	}
	return all, true
}

func (n neighbours) Fetch(node, upload, file string, w io.Writer) error {
	b := make([]byte, 10_000)
	for at := int64(0); ; {
		k, err := n.all[node].ReadFile(upload, file, at, b)
		if _, e := w.Write(b[:k]); e != nil {
			return e
		}
		if at += int64(k); err != nil {
			if err == io.EOF {
				err = nil
			}
			return err
		}
	}
}

func (n neighbours) Drop(upload string) {
	for _, s := range n.all {
		s.Forget(upload)
	}
}

// TestPiecesOverNodes: an upload whose requests go to one node after the other
// is judged as on one alone, and nothing of it is left on any.
func TestPiecesOverNodes(t *testing.T) {
	bad, good := packed(t, people(300)), packed(t, things(300))
	all := map[string]*pieces.Store{}
	var nodes []*house
	for i := range 3 {
		name := fmt.Sprint("node-", i)
		store, err := pieces.Open(pieces.Config{Dir: t.TempDir(), Key: bytes.Repeat([]byte{1}, 32), Others: neighbours{name, all}})
		if err != nil {
			t.Fatal(err)
		}
		all[name] = store
		nodes = append(nodes, build(t, servicesWith(t, store)))
	}
	kept := 0
	for _, s := range sessions {
		t.Run(s.name, func(t *testing.T) {
			for _, h := range nodes {
				h.plain.handle = s.handle
			}
			calls := s.calls(thirds(good), len(good))
			for i, c := range calls {
				if status := nodes[i%3].send(c); status/100 != 2 {
					t.Errorf("products, request %d: %d", i+1, status)
				}
			}
			evs := nodes[(len(calls)-1)%3].audit.events()
			if last := evs[len(evs)-1]; !strings.HasPrefix(last.Details["joined"], "3 pieces, "+fmt.Sprint(len(good))) {
				t.Errorf("recorded: %v", last.Details)
			}
			for name, store := range all {
				if left := store.Stats(); left.Uploads != kept { // of customers, which were stopped
					t.Errorf("%s keeps %+v, %d are to be continued", name, left, kept)
				}
			}
			kept++
			calls = s.calls(thirds(bad), len(bad))
			for i, c := range calls {
				want, last := http.StatusOK, i == len(calls)-1
				if last {
					want = http.StatusForbidden
				}
				if status := nodes[i%3].send(c); status/100 != want/100 {
					t.Errorf("customers, request %d: %d", i+1, status)
				}
			}
		})
	}
}

// TestCutBetweenPieces: what is cut in two is found when the second half comes.
func TestCutBetweenPieces(t *testing.T) {
	store, err := pieces.Open(pieces.Config{Dir: filepath.Join(t.TempDir(), "p"), Key: bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	put := func(i, n int, body string) call {
		return call{"PUT", "http://" + originHost + "/a.txt", map[string]string{"Content-Range": fmt.Sprintf("bytes %d-%d/%d", i, i+len(body)-1, n)}, body}
	}
	text := strings.Repeat("a", 100) + "\n" + secret + "\n" + strings.Repeat("b", 1000)
	h := build(t, func(_ *Config, d *Deps, _ *hold.Config) { d.Pieces = store })
	if got := h.send(put(0, len(text), text[:108])); got != 200 {
		t.Errorf("first: %d", got)
	}
	if got := h.send(put(108, len(text), text[108:300])); got != 403 {
		t.Errorf("second: %d", got)
	}
	if n := h.plain.bytes.Load(); n != 108 {
		t.Errorf("%d bytes at the origin", n)
	}
	// The other way round, and the first half was stopped: it is not kept.
	if st := store.Stats(); st.Bytes != 108 {
		t.Errorf("kept: %+v", st)
	}
}

// TestPiecesThatWereNotSeen: what cannot be joined is told.
func TestPiecesThatWereNotSeen(t *testing.T) {
	h := build(t, services(t, t.TempDir()))
	s := sessions[0].calls(thirds(things(100)), 0)
	h.send(s[0])
	h.send(s[3])
	evs := h.audit.events()
	if got := fmt.Sprint(evs[len(evs)-1].Coverage); !strings.Contains(got, "truncated") {
		t.Errorf("coverage %v", got)
	}
}

// TestServicesAreUnderstood: what an interface wraps is inspected, and the
// record tells what was done for whom, without addresses.
func TestServicesAreUnderstood(t *testing.T) {
	h := build(t, services(t, t.TempDir()))
	mail := func(text string) string {
		return base64.URLEncoding.EncodeToString([]byte("From: me@example.co.jp\r\nTo: taro@partner.example, boss@example.co.jp\r\nSubject: x\r\nContent-Type: text/csv; charset=utf-8\r\n\r\n" + text))
	}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	json := map[string]string{"Content-Type": "application/json"}
	for name, c := range map[string]struct {
		call    func(text string) call
		details map[string]string
	}{
		"Gmail": {func(s string) call {
			return call{"POST", "http://gmail.googleapis.com/gmail/v1/users/me/messages/send", json, `{"raw":"` + mail(s) + `"}`}
		}, map[string]string{"operation": "send-mail", "recipients": "2, 1 outside: partner.example"}},
		"Outlook": {func(s string) call {
			return call{"POST", "http://graph.microsoft.com/v1.0/me/sendMail", json,
				`{"message":{"toRecipients":[{"emailAddress":{"address":"taro@partner.example"}}],"attachments":[{"name":"a.csv","contentBytes":"` + b64(s) + `"}]}}`}
		}, map[string]string{"operation": "send-mail", "recipients": "1, 1 outside: partner.example", "files": "*.csv"}},
		"GitHub": {func(s string) call {
			return call{"PUT", "http://api.github.com/repos/o/r/contents/d/c.csv", json, `{"message":"m","content":"` + b64(s) + `"}`}
		}, map[string]string{"operation": "push", "files": "c.csv"}},
		"S3, aws-chunked": {func(s string) call {
			return call{"PUT", "http://b.s3.amazonaws.com/c.csv",
				map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked"}, s}
		}, map[string]string{"operation": "upload-file", "files": "c.csv"}},
		"prompt": {func(s string) call {
			return call{"POST", "http://" + originHost + "/v1/chat/completions", json, `{"messages":[{"role":"user","content":"` + strings.ReplaceAll(s, "\n", `\n`) + `"}]}`}
		}, map[string]string{"operation": "prompt"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := h.send(c.call(things(40))); got != 200 {
				t.Errorf("products: %d", got)
			}
			evs := h.audit.events()
			got := evs[len(evs)-1].Details
			for k, v := range c.details {
				if got[k] != v {
					t.Errorf("recorded %v, want %s = %q", got, k, v)
				}
			}
			if strings.Contains(fmt.Sprint(got), "taro") {
				t.Error("an address is in the record")
			}
			before := h.plain.requests.Load()
			if got := h.send(c.call(people(40))); got != 403 {
				t.Errorf("customers: %d", got)
			}
			if h.plain.requests.Load() != before {
				t.Error("customers reached the origin")
			}
		})
	}
}

// TestOperationsAreOfOneMind: rules name what interfaces tell.
func TestOperationsAreOfOneMind(t *testing.T) {
	told := map[string]bool{}
	for _, o := range service.Operations {
		told[string(o)] = true
	}
	if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, slices.Sorted(slices.Values(rules.Operations))) {
		t.Errorf("interfaces tell %v, rules name %v", got, rules.Operations)
	}
}
