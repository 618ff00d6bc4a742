package main

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/webdav"
)

// These tests drive programs and libraries that companies use, each with its
// default settings: what is harmless arrives, a list of people does not, and
// the person in front of the program learns why. Those that are not among a
// system's own packages are put into a folder by testdata/clients/install.sh;
// SEKIMORI_CLIENTS names it.

// kit returns a file of that folder; the test is skipped without it.
func kit(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("real clients take long")
	}
	dir := os.Getenv("SEKIMORI_CLIENTS")
	if dir == "" {
		t.Skip("SEKIMORI_CLIENTS does not name a folder that testdata/clients/install.sh has filled")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s was not installed: %v", name, err)
	}
	return path
}

// sender is one client that sends a file.
type sender struct {
	name string
	// run sends one file of the installation's folder and returns what the
	// client's user sees.
	run func(t *testing.T, in *site, file string) string
	// arrived is what the user sees of success, refused of a refusal: patterns.
	arrived, refused string
	proto            string // as the proxy's log has it; "" for any
}

// told is what every client shows whose users see the answer's text.
const told = `SK-[0-9A-Z]+`

// tried sends what is harmless and what is not with each client.
func tried(t *testing.T, in *site, all []sender) {
	in.write("products.csv", products(120).csv())
	in.write("people.csv", customers(120).csv())
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			before := in.origin.seen()
			out := c.run(t, in, "products.csv")
			if in.origin.seen() == before || !regexp.MustCompile(c.arrived).MatchString(out) {
				t.Fatalf("what is harmless: %d bytes at the origin, and the client says %.600s", in.origin.seen()-before, out)
			}
			sent := in.origin.seen()
			out = c.run(t, in, "people.csv")
			if !regexp.MustCompile(c.refused).MatchString(out) {
				t.Errorf("a list of people: the client does not say %q: %.900s", c.refused, out)
			}
			for _, r := range in.origin.all() {
				if strings.Contains(string(r.body), "顧客番号") {
					t.Fatalf("the list reached the origin with %s %s", r.method, r.path)
				}
			}
			if n := in.origin.seen() - sent; n > 8<<10 { // what goes before an upload may go
				t.Errorf("a list of people: %d bytes reached the origin", n)
			}
			if c.proto != "" {
				if r := in.lastAccess(); r["protocol"] != c.proto {
					t.Errorf("it came over %v, want %s", r["protocol"], c.proto)
				}
			}
		})
	}
}

// lastAccess is the last line of the access log.
func (in *site) lastAccess() map[string]any {
	in.t.Helper()
	b, err := os.ReadFile(filepath.Join(in.dir, "access.log"))
	check(in.t, err)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	var m map[string]any
	check(in.t, json.Unmarshal([]byte(lines[len(lines)-1]), &m))
	return m
}

// all are the requests that reached the origin.
func (o *origin) all() []received {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]received(nil), o.requests...)
}

func running(name string, args ...string) func(*testing.T, *site, string) string {
	return func(t *testing.T, in *site, file string) string {
		all := make([]string, len(args))
		for i, a := range args {
			all[i] = strings.ReplaceAll(strings.ReplaceAll(a, "FILE", file), "CA", in.ca)
		}
		if filepath.Base(name) == name {
			return in.client(nil, name, all...)
		}
		return in.client(nil, kit(t, name[1:]), all...)
	}
}

// TestClientLibraries posts a file with each library.
func TestClientLibraries(t *testing.T) {
	if testing.Short() {
		t.Skip("real clients take long")
	}
	in := install(t, "[log]\naccess = \"access.log\"\n").start()
	const url, plain = "https://upload.example.com/files", "http://upload.example.com/files"
	python := func(how, url string) func(*testing.T, *site, string) string {
		return func(t *testing.T, in *site, file string) string {
			script, err := filepath.Abs("testdata/clients/python/send.py")
			check(t, err)
			return in.client(nil, kit(t, "py/bin/python"), script, how, url, file)
		}
	}
	node := func(how, url string) func(*testing.T, *site, string) string {
		return func(t *testing.T, in *site, file string) string {
			return in.client(nil, "node", kit(t, "js/send.mjs"), how, url, file)
		}
	}
	const got = ` 200 .*origin got \d+ bytes`
	tried(t, in, []sender{
		{"wget", running("wget", "-nv", "-O", "-", "--ca-certificate=CA", "--post-file=FILE", url), `origin got`, `403`, "HTTP/1.1"},
		{"wget, plain", running("wget", "-nv", "-O", "-", "--post-file=FILE", plain), `origin got`, `403`, "HTTP/1.1"},
		{"wget --content-on-error", running("wget", "-nv", "-O", "-", "--content-on-error", "--ca-certificate=CA", "--post-file=FILE", url), `origin got`, told, "HTTP/1.1"},
		{"requests", python("requests", url), got, "403 .*" + told, "HTTP/1.1"},
		{"requests, plain", python("requests", plain), got, "403 .*" + told, "HTTP/1.1"},
		{"urllib", python("urllib", url), got, "403 .*" + told, "HTTP/1.1"},
		{"httpx", python("httpx", url), got, "403 .*" + told, "HTTP/1.1"},
		{"httpx over HTTP/2", python("httpx-h2", url), got, "403 .*" + told, "HTTP/2.0"},
		{"Node fetch", node("fetch", url), got, "403 .*" + told, "HTTP/1.1"},
		{"Node fetch, streamed", node("fetch-stream", url), got, "403 .*" + told, "HTTP/1.1"},
		{"axios", node("axios", url), got, "403 .*" + told, "HTTP/1.1"},
		{"axios, plain", node("axios", plain), got, "403 .*" + told, "HTTP/1.1"},
		{"Java HttpClient", java(url), "HTTP_2" + got, "HTTP_2 403 .*" + told, "HTTP/2.0"},
		{"Java HttpClient, plain", java(plain), got, "403 .*" + told, "HTTP/1.1"},
		{"Go net/http", running("/client-go", "http", url, "FILE"), "HTTP/2.0" + got, "HTTP/2.0 403 .*" + told, "HTTP/2.0"},
		{"Go net/http, plain", running("/client-go", "http", plain, "FILE"), got, "403 .*" + told, "HTTP/1.1"},
		{"Rust reqwest", running("/client-rust", "reqwest", url, "FILE"), "HTTP/2.0" + got, "HTTP/2.0 403 .*" + told, "HTTP/2.0"},
		{"Rust ureq", running("/client-rust", "ureq", url, "FILE"), got, "403 .*" + told, "HTTP/1.1"},
	})
}

// java runs the JDK's client, with the CA in a store as administrators have it, and
// further options.
func java(url string, options ...string) func(*testing.T, *site, string) string {
	return func(t *testing.T, in *site, file string) string {
		classes := kit(t, "java")
		store := filepath.Join(in.dir, "trust.p12")
		if _, err := os.Stat(store); err != nil {
			if out := in.client(nil, "keytool", "-importcert", "-noprompt", "-alias", "sekimori", "-file", in.ca, "-keystore", store, "-storetype", "PKCS12", "-storepass", "changeit"); strings.Contains(out, "error") {
				t.Fatal(out)
			}
		}
		host, port, err := net.SplitHostPort(in.proxy)
		check(t, err)
		args := append([]string{"-XX:TieredStopAtLevel=1", "-Djavax.net.ssl.trustStore=" + store, "-Djavax.net.ssl.trustStorePassword=changeit",
			"-Dhttps.proxyHost=" + host, "-Dhttps.proxyPort=" + port, "-Dhttp.proxyHost=" + host, "-Dhttp.proxyPort=" + port}, options...)
		return in.client(nil, "java", append(args, "-cp", classes, "Send", url, file)...)
	}
}

// TestClientsThatCheckForRevokedCertificates: Java, told to check, takes no certificate
// of which nobody says whether it is revoked.
func TestClientsThatCheckForRevokedCertificates(t *testing.T) {
	kit(t, "java")
	address := freeAddress(t)
	in := install(t, fmt.Sprintf("[intercept]\ncrl = \"http://%s\"\n[log]\naccess = \"access.log\"\n", address))
	in.replace(`proxy = "127.0.0.1:0"`, fmt.Sprintf("proxy = %q", address))
	in.start()
	checks := java("https://upload.example.com/files", "-Dcom.sun.net.ssl.checkRevocation=true", "-Dcom.sun.security.enableCRLDP=true")
	tried(t, in, []sender{{"Java HttpClient", checks, `HTTP_2 200 `, "HTTP_2 403 .*" + told, "HTTP/2.0"}})
	if in.stop(); in.origin.seen() == 0 {
		t.Fatal("nothing arrived")
	}
	in.replace("crl = ", "# crl = ")
	in.start()
	if out := checks(t, in, "products.csv"); !strings.Contains(out, "revocation") {
		t.Errorf("without the list Java says %.500s", out)
	}
}

// TestHTTP3IsNotOffered: a client that insists on HTTP/3 gets an error and no
// way around; one that would take it goes on over what there is.
func TestHTTP3IsNotOffered(t *testing.T) {
	in := install(t, "")
	in.origin.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Alt-Svc", `h3=":443"; ma=86400`)
		fmt.Fprint(w, "hello")
	}))
	in.start()
	if out := in.client(nil, "curl", "-sS", "-D-", "https://upload.example.com/"); !strings.Contains(out, "hello") || strings.Contains(strings.ToLower(out), "alt-svc") {
		t.Errorf("the origin's offer of HTTP/3 reached the client: %s", out)
	}
	if !strings.Contains(in.client(nil, "curl", "--version"), "HTTP3") {
		t.Skip("this curl does not speak HTTP/3")
	}
	out := in.client(nil, "curl", "-sS", "-m", "20", "--http3-only", "https://upload.example.com/")
	if !strings.HasPrefix(out, "curl: (") {
		t.Errorf("a client that insists on HTTP/3 gets no clear error: %s", out)
	}
}

// TestClientTools uploads with the tools of developers.
func TestClientTools(t *testing.T) {
	if testing.Short() {
		t.Skip("real clients take long")
	}
	in := install(t, "[log]\naccess = \"access.log\"\n")
	repository := http.NewServeMux()
	drain := func(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
	repository.HandleFunc("PUT /sekimori-sample", func(w http.ResponseWriter, r *http.Request) { // npm
		drain(r)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"ok":true}`)
	})
	repository.HandleFunc("POST /legacy/", func(w http.ResponseWriter, r *http.Request) { drain(r) }) // Python packages
	repository.HandleFunc("GET /v2/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	repository.HandleFunc("POST /v2/team/app/blobs/uploads/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/v2/team/app/blobs/uploads/1")
		w.WriteHeader(http.StatusAccepted)
	})
	repository.HandleFunc("PATCH /v2/team/app/blobs/uploads/1", func(w http.ResponseWriter, r *http.Request) {
		drain(r)
		w.Header().Set("Location", "/v2/team/app/blobs/uploads/1")
		w.WriteHeader(http.StatusAccepted)
	})
	repository.HandleFunc("PUT /v2/team/app/", func(w http.ResponseWriter, r *http.Request) {
		drain(r)
		w.WriteHeader(http.StatusCreated)
	})
	repository.HandleFunc("POST /team/repo.git/info/lfs/objects/batch", func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Objects []struct {
				OID  string
				Size int
			}
		}
		check(t, json.NewDecoder(r.Body).Decode(&q))
		w.Header().Set("Content-Type", "application/vnd.git-lfs+json")
		fmt.Fprintf(w, `{"transfer":"basic","objects":[{"oid":%q,"size":%d,"actions":{"upload":{"href":"https://packages.example.com/lfs/%s"}}}]}`, q.Objects[0].OID, q.Objects[0].Size, q.Objects[0].OID)
	})
	repository.HandleFunc("PUT /lfs/", func(w http.ResponseWriter, r *http.Request) { drain(r) })
	dav := &webdav.Handler{Prefix: "/dav", FileSystem: webdav.NewMemFS(), LockSystem: webdav.NewMemLS()}
	repository.Handle("/dav/", dav)
	in.origin.serve(repository)
	in.start()
	tried(t, in, []sender{
		{"npm publish", npmPublish, `\+ sekimori-sample@1.0.0`, told, "HTTP/1.1"},
		{"twine upload", twine, `100%`, told, "HTTP/1.1"},
		{"git lfs push", gitLFS, `^$|100%`, told, ""},
		{"OCI push", running("/client-go", "oci", "packages.example.com/team/app:latest", "FILE"), "pushed", "DENIED: .*" + told, ""},
		{"curl to WebDAV", running("curl", "-sS", "-w", "%{http_code}", "-T", "FILE", "https://packages.example.com/dav/"), "20[14]", told, ""},
		{"rclone to WebDAV", running("rclone", "--retries", "1", "--low-level-retries", "1", "copy", "-v", "--webdav-url", "https://packages.example.com/dav/", "FILE", ":webdav:up"), "Copied", told, ""},
	})
}

func npmPublish(t *testing.T, in *site, file string) string {
	b, err := os.ReadFile(filepath.Join(in.dir, file))
	check(t, err)
	in.write("npm/package.json", `{"name":"sekimori-sample","version":"1.0.0"}`)
	in.write("npm/list.csv", string(b))
	in.write("npm/.npmrc", "registry=https://packages.example.com/\n//packages.example.com/:_authToken=example\nfetch-retries=0\nupdate-notifier=false\n")
	return in.client(nil, "npm", "--prefix", "npm", "publish", "./npm", "--userconfig", "npm/.npmrc", "--provenance=false", "--logs-max=0")
}

func twine(t *testing.T, in *site, file string) string {
	python := kit(t, "py/bin/python")
	b, err := os.ReadFile(filepath.Join(in.dir, file))
	check(t, err)
	in.write("dist/sample-1.0/PKG-INFO", "Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n")
	in.write("dist/sample-1.0/list.csv", string(b))
	archive := filepath.Join(in.dir, "dist", "sample-1.0.tar.gz")
	if out, err := exec.Command("tar", "-czf", archive, "-C", filepath.Join(in.dir, "dist"), "sample-1.0").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return in.client(nil, python, "-m", "twine", "upload", "--non-interactive", "--verbose", "--repository-url", "https://packages.example.com/legacy/", "-u", "dev", "-p", "example", archive)
}

func gitLFS(t *testing.T, in *site, file string) string {
	if _, err := exec.LookPath("git-lfs"); err != nil {
		t.Skip("git-lfs is not installed")
	}
	b, err := os.ReadFile(filepath.Join(in.dir, file))
	check(t, err)
	dir := "lfs-" + file
	git := func(args ...string) string {
		return in.client(nil, "git", append([]string{"-C", dir, "-c", "user.name=Dev", "-c", "user.email=dev@example.jp"}, args...)...)
	}
	in.client(nil, "git", "init", "-q", dir)
	git("remote", "add", "origin", "https://packages.example.com/team/repo.git")
	git("config", "lfs.locksverify", "false")
	git("config", "lfs.transfer.maxretries", "1") // or it tries for half a minute
	git("lfs", "install", "--local")
	git("lfs", "track", "*.csv")
	in.write(dir+"/list.csv", string(b))
	git("add", ".")
	git("commit", "-qm", "list")
	return git("lfs", "push", "--all", "origin")
}

// TestObjectStores uploads with the SDKs of object stores, whose default
// checksums and codings are peculiar to each.
func TestObjectStores(t *testing.T) {
	if testing.Short() {
		t.Skip("real clients take long")
	}
	in := install(t, "")
	var s3 storage
	in.origin.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.Host, "account.blob."):
			b, _ := io.ReadAll(r.Body)
			sum := md5.Sum(b)
			w.Header().Set("ETag", `"0x1"`)
			w.Header().Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
			w.Header().Set("x-ms-version", r.Header.Get("x-ms-version"))
			w.WriteHeader(http.StatusCreated)
		case strings.HasPrefix(r.Host, "storage."):
			sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
			_, _ = io.Copy(sum, r.Body)
			w.Header().Set("Content-Type", "application/json")
			if r.Method == http.MethodPost && r.URL.Query().Get("uploadType") == "resumable" {
				w.Header().Set("Location", "https://storage.googleapis.com/upload/storage/v1/b/bucket/o?uploadType=resumable&upload_id=1")
			}
			fmt.Fprintf(w, `{"kind":"storage#object","name":"list","bucket":"bucket","crc32c":%q}`, base64.StdEncoding.EncodeToString(sum.Sum(nil)))
		default:
			s3.ServeHTTP(w, r)
		}
	}))
	in.start()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE00")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "example")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AWS_DEFAULT_REGION", "ap-northeast-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	python := func(how string) func(*testing.T, *site, string) string {
		return func(t *testing.T, in *site, file string) string {
			script, err := filepath.Abs("testdata/clients/python/store.py")
			check(t, err)
			return in.client(nil, kit(t, "py/bin/python"), script, how, file)
		}
	}
	aws := func(t *testing.T, in *site, file string) string {
		if _, err := exec.LookPath("aws"); err != nil {
			t.Skip("aws is not installed")
		}
		return running("aws", "s3", "cp", "--no-progress", "FILE", "s3://bucket/up")(t, in, file)
	}
	tried(t, in, []sender{
		{"boto3", python("s3"), "stored", "AccessDenied.*" + told, ""},
		{"boto3 with SHA-256 in a trailer", python("s3-sum"), "stored", told, ""},
		{"aws s3 cp", aws, "upload: ", told, ""},
		{"Azure SDK", python("azure"), "stored", told, ""},
		{"Google SDK", python("gcs"), "stored", told, ""},
		{"Google SDK, resumable", python("gcs-resumable"), "stored", told, ""},
	})
}
