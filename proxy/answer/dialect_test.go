package answer

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestDialects(t *testing.T) {
	const aws = "AWS4-HMAC-SHA256 Credential=x"
	for _, c := range []struct {
		name, url string
		fields    []string
		status    int
		holds     []string // of the body; "Name: value" of the head
	}{
		{"gRPC", "https://a.example/p.S/M", []string{"Content-Type", "application/grpc+proto"}, 200, []string{"Content-Type: application/grpc", "Grpc-Status: 7", "Grpc-Message: SK-7F3K-9Q2M"}},
		{"git push", "https://a.example/r.git/git-receive-pack", []string{"Content-Type", "application/x-git-receive-pack-request"}, 200, []string{"SK-7F3K-9Q2M", "Sekimori-Confirm: TOKEN", "Content-Type: application/x-git-receive-pack-result"}},
		{"S3", "https://s3.example/b/k", []string{"Authorization", aws}, 403, []string{"<Error><Code>AccessDenied</Code><Message>", "<RequestId>SK-7F3K-9Q2M</RequestId>", "Content-Type: application/xml"}},
		{"S3, signed by query", "https://s3.example/b/k?X-Amz-Signature=1", nil, 403, []string{"<Code>AccessDenied</Code>"}},
		{"another service of AWS", "https://kms.example/", []string{"Authorization", aws, "X-Amz-Target", "T.Encrypt", "Content-Type", "application/x-amz-json-1.1"}, 403, []string{`"incident": "SK-7F3K-9Q2M"`}},
		{"Azure", "https://a.blob.core.windows.net/c/b", []string{"X-Ms-Version", "2026-01-01"}, 403, []string{"<Message>", "SK-7F3K-9Q2M", "X-Ms-Error-Code: RequestForbiddenByCompany"}},
		{"git LFS", "https://a.example/o/1", []string{"User-Agent", "git-lfs/3.3.0 (x)"}, 403, []string{`"message":`, "SK-7F3K-9Q2M"}},
		{"image", "https://a.example/v2/t/a/blobs/uploads/1", nil, 403, []string{`{"errors":[{"code":"DENIED","message":"`, "SK-7F3K-9Q2M"}},
		{"npm", "https://a.example/p", []string{"User-Agent", "npm/11.0.0 node/v20"}, 403, []string{`"error":"`, "SK-7F3K-9Q2M"}},
		{"none", "https://a.example/v2/p", []string{"Accept-Language", "en"}, 403, []string{"Content-Type: text/plain; charset=utf-8", "SK-7F3K-9Q2M"}},
	} {
		r := request(c.fields...)
		var err error
		if r.URL, err = url.Parse(c.url); err != nil {
			t.Fatal(err)
		}
		r.Host = r.URL.Host
		resp, text := written(t, full, r)
		if resp.StatusCode != c.status || resp.Header.Get("Sekimori-Incident") != "SK-7F3K-9Q2M" {
			t.Errorf("%s: %d, want %d; %v", c.name, resp.StatusCode, c.status, resp.Header)
		}
		for _, w := range c.holds {
			name, v, ok := strings.Cut(w, ": ")
			in := text
			if ok && resp.Header.Get(name) != "" {
				in, w = resp.Header.Get(name), v
			}
			if !strings.Contains(in, w) {
				t.Errorf("%s: %q is not in %.300q", c.name, w, in)
			}
		}
	}
}

// A message in a field of the head holds nothing but printable ASCII, and is
// what it was once decoded.
func TestGRPCMessage(t *testing.T) {
	r := request("Content-Type", "application/grpc")
	resp, _ := written(t, full, r)
	m := resp.Header.Get("Grpc-Message")
	if strings.ContainsFunc(m, func(c rune) bool { return c < ' ' || c > '~' }) {
		t.Errorf("%q", m)
	}
	plain, err := url.PathUnescape(m)
	if want := full; err != nil || plain != want.line([]Lang{Japanese, English}) {
		t.Errorf("%q, %v", plain, err)
	}
}

// What a failure of the proxy is to a program: to be tried again, or not.
func TestDialectsOfFailures(t *testing.T) {
	for kind, want := range map[Kind]string{"hold-full": "14", BadRequest: "3", Blocked: "7", TooMany: "8"} {
		resp, _ := written(t, Answer{Kind: kind}, request("Content-Type", "application/grpc"))
		if got := resp.Header.Get("Grpc-Status"); got != want || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
	resp, text := written(t, Answer{Kind: "hold-full"}, request("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"))
	if resp.StatusCode != 503 || !strings.Contains(text, "ServiceUnavailable") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}
