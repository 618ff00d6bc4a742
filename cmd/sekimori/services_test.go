package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// storage plays S3 as far as uploads go, whole and in parts.
type storage struct {
	mu       sync.Mutex
	complete int // uploads in parts that were completed
	parts    int
}

func (s *storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, md5.Sum(body)))
	w.Header().Set("Content-Type", "application/xml")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Method == http.MethodHead:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodPost && q.Has("uploads"):
		io.WriteString(w, `<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>k</Key><UploadId>UP1</UploadId></InitiateMultipartUploadResult>`)
	case r.Method == http.MethodPost && q.Has("uploadId"):
		s.complete++
		io.WriteString(w, `<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>k</Key><ETag>"x-3"</ETag></CompleteMultipartUploadResult>`)
	case r.Method == http.MethodPut && q.Has("partNumber"):
		s.parts++
	case r.Method == http.MethodGet:
		io.WriteString(w, `<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated></ListBucketResult>`)
	}
}

// behind packs a list behind more than a part's worth of other content.
func behind(t *testing.T, list string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	noise := make([]byte, 7<<20)
	rand.NewChaCha8([32]byte{}).Read(noise)
	for _, f := range []struct{ name, data string }{{"font.woff2", "wOF2" + string(noise)}, {"list.csv", list}} {
		check(t, w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.data))}))
		_, err := io.WriteString(w, f.data)
		check(t, err)
	}
	check(t, errors.Join(w.Close(), z.Close()))
	return b.String()
}

// TestMultipartClients sends archives larger than a part with the tools that
// people use for S3: no part shows the list, so the request that completes the
// upload is what is stopped.
func TestMultipartClients(t *testing.T) {
	for _, c := range []struct {
		name string
		args func(in *site, file string) []string
	}{
		{"rclone", func(in *site, file string) []string {
			in.write("rclone.conf", "[s3]\ntype = s3\nprovider = AWS\nregion = ap-northeast-1\naccess_key_id = AKIAEXAMPLEEXAMPLE00\nsecret_access_key = example\nno_check_bucket = true\n")
			return []string{"--config", "rclone.conf", "--retries", "1", "--low-level-retries", "1", "--s3-no-head", "--no-check-dest",
				"--s3-upload-cutoff", "5Mi", "--s3-chunk-size", "5Mi", "copyto", file, "s3:bucket/up"}
		}},
		{"s3cmd", func(in *site, file string) []string {
			host, port, err := net.SplitHostPort(in.proxy)
			check(t, err)
			in.write("s3cfg", fmt.Sprintf("[default]\naccess_key = AKIAEXAMPLEEXAMPLE00\nsecret_key = example\nhost_base = s3.ap-northeast-1.amazonaws.com\nhost_bucket = s3.ap-northeast-1.amazonaws.com/%%(bucket)\nproxy_host = %s\nproxy_port = %s\nca_certs_file = %s\nuse_https = True\nmax_retries = 1\n", host, port, in.ca))
			return []string{"-c", "s3cfg", "--no-check-md5", "--multipart-chunk-size-mb=5", "put", file, "s3://bucket/up"}
		}},
		{"aws", func(in *site, file string) []string {
			in.write("aws.cfg", "[default]\nregion = ap-northeast-1\nca_bundle = "+in.ca+"\ns3 =\n  multipart_threshold = 5MB\n  multipart_chunksize = 5MB\n")
			return []string{"s3", "cp", "--no-progress", file, "s3://bucket/up"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := exec.LookPath(c.name); err != nil {
				t.Skipf("%s is not installed", c.name)
			}
			in := install(t, "")
			s := &storage{}
			in.origin.serve(s)
			in.start()
			t.Setenv("AWS_CONFIG_FILE", filepath.Join(in.dir, "aws.cfg"))
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE00")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "example")
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			in.write("products.tgz", behind(t, products(300).csv()))
			in.write("people.tgz", behind(t, customers(300).csv()))
			out := in.client(nil, c.name, c.args(in, "products.tgz")...)
			if s.complete != 1 || s.parts != 2 {
				t.Fatalf("products: %d parts and %d completions arrived: %s", s.parts, s.complete, out)
			}
			out = in.client(nil, c.name, c.args(in, "people.tgz")...)
			if s.complete != 1 {
				t.Errorf("customers: the upload was completed: %s", out)
			}
			if s.parts == 2 {
				t.Errorf("customers: not even the first part went: %s", out)
			}
		})
	}
}

// TestGitPushOfCustomers pushes a list that is compressed in a pack, and then
// one that comes as a difference from what is there.
func TestGitPushOfCustomers(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	in := install(t, "")
	in.write("repos/.keep", "")
	execPath, err := exec.Command("git", "--exec-path").Output()
	check(t, err)
	in.origin.serve(&cgi.Handler{Path: filepath.Join(strings.TrimSpace(string(execPath)), "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Join(in.dir, "repos"), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=dev"}, Stderr: io.Discard})
	in.start()
	git := func(args ...string) string {
		return in.client(nil, "git", append([]string{"-c", "user.name=Dev", "-c", "user.email=dev@example.jp", "-c", "init.defaultBranch=main"}, args...)...)
	}
	git("init", "-q", "--bare", "repos/work.git")
	git("-C", "repos/work.git", "config", "http.receivepack", "true")
	git("clone", "-q", "https://github.com/work.git", "work")
	var said string // by git
	push := func(text, message string) string {
		in.write("work/list.csv", text)
		git("-C", "work", "add", ".")
		git("-C", "work", "commit", "-qm", message)
		said = git("-C", "work", "push", "-q", "origin", "HEAD:main")
		return git("-C", "repos/work.git", "log", "--format=%s", "main")
	}
	if log := push(products(300).csv(), "products"); !strings.Contains(log, "products") {
		t.Fatalf("products did not arrive: %s", log)
	}
	if log := push(products(300).csv()+customers(100).csv(), "with customers"); strings.Contains(log, "customers") {
		t.Error("customers arrived, as a difference from products")
	}
	if !regexp.MustCompile(`remote: .*` + told).MatchString(said) {
		t.Errorf("git does not say why: %s", said)
	}
	git("-C", "work", "reset", "-q", "--hard", "HEAD~1")
	if log := push(customers(300).csv(), "only customers"); strings.Contains(log, "customers") {
		t.Error("customers arrived")
	}
}
