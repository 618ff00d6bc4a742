package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// startSquid starts a squid that opens TLS, keeps no log and no cache, and is
// one process beside those that make its certificates. With ask it sends each
// request by ICAP to a c-icap that looks at nothing and lets all pass, whole
// bodies, since a filter needs them whole.
func startSquid(ctx context.Context, o *origin, ask bool) (*process, error) {
	program, err := find("squid")
	if err != nil {
		return nil, err
	}
	version, err := exec.CommandContext(ctx, program, "-v").Output()
	if err != nil {
		return nil, fmt.Errorf("ask squid for its version: %w", err)
	}
	if !strings.Contains(string(version), "--enable-ssl-crtd") {
		return nil, errors.New("this squid opens no TLS (Debian's squid-openssl does)")
	}
	p, err := begin()
	if err != nil {
		return nil, err
	}
	if err := p.squid(ctx, program, o, ask); err != nil {
		defer p.stop()
		return nil, fmt.Errorf("squid did not come up: %w: %s", err, lastWord(p.said(filepath.Join(p.dir, "cache.log"))))
	}
	return p, nil
}

// lastWord is the line in which a program says why it ends.
func lastWord(log string) string {
	lines := strings.Split(log, "\n")
	for _, line := range lines {
		if strings.Contains(line, "FATAL") {
			return line
		}
	}
	return lines[len(lines)-1]
}

func (p *process) squid(ctx context.Context, program string, o *origin, ask bool) error {
	maker, err := find("security_file_certgen", "/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid", "/usr/local/libexec")
	if err != nil {
		return err
	}
	ca, certPEM, err := newAuthority("bench squid CA")
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(ca.PrivateKey)
	if err != nil {
		return fmt.Errorf("write squid's key: %w", err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), certPEM...)
	if _, err := tls.X509KeyPair(both, both); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, maker, "-c", "-s", filepath.Join(p.dir, "certs"), "-M", "4MB").CombinedOutput()
	if err != nil {
		return fmt.Errorf("make room for certificates: %w: %s", err, lastWord(strings.TrimSpace(string(out))))
	}
	front, err := freeAddress()
	if err != nil {
		return err
	}
	_, frontPort, _ := net.SplitHostPort(front)
	_, port, err := net.SplitHostPort(o.addr)
	if err != nil {
		return err
	}
	conf := fmt.Sprintf(`
http_port %[1]s ssl-bump cert=%[2]s/both.pem generate-host-certificates=on dynamic_cert_mem_cache_size=4MB
sslcrtd_program %[3]s -s %[2]s/certs -M 4MB
sslcrtd_children 2 startup=1 idle=1
acl begin at_step SslBump1
ssl_bump peek begin
ssl_bump bump all
tls_outgoing_options cafile=%[2]s/origin.pem
hosts_file %[2]s/hosts
http_access allow all
cache deny all
cache_mem 8 MB
max_filedescriptors 32768
pid_filename %[2]s/squid.pid
cache_log %[2]s/cache.log
access_log none
cache_store_log none
coredump_dir %[2]s
shutdown_lifetime 0 seconds
pinger_enable off
digest_generation off
dns_nameservers 127.0.0.1
`, front, p.dir, maker)
	filter := ""
	if ask {
		if filter, err = freeAddress(); err != nil {
			return err
		}
		conf += fmt.Sprintf(`icap_enable on
icap_service filter reqmod_precache icap://%s/echo bypass=off
adaptation_access filter allow all
icap_preview_enable off
icap_persistent_connections on
`, filter)
	}
	for name, text := range map[string]string{"both.pem": string(both), "origin.pem": string(o.ca), "hosts": "127.0.0.1 " + originHost + "\n"} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	other, err := hand(p.dir)
	if err != nil {
		return fmt.Errorf("hand its folder over: %w", err)
	}
	if other != "" {
		conf += "cache_effective_user " + other + "\n"
	}
	if err := os.WriteFile(filepath.Join(p.dir, "squid.conf"), []byte(conf), 0o644); err != nil { //nolint:gosec // in a folder that nobody else can enter
		return err
	}
	if ask {
		if err := p.filter(ctx, filter, other); err != nil {
			return err
		}
	}
	// Its shared memory goes by a name that no other squid of the machine has.
	name := "bench" + frontPort + "x" + strconv.Itoa(os.Getpid())
	if err := p.run(exec.CommandContext(ctx, program, "-N", "-n", name, "-f", filepath.Join(p.dir, "squid.conf"))); err != nil {
		return err
	}
	p.proxy, p.ca = &url.URL{Scheme: "http", Host: front}, certPEM
	p.url = "https://" + net.JoinHostPort(originHost, port) + "/upload"
	return p.await(ctx, front)
}

// filter starts a c-icap at an address, with nothing but its echo service.
func (p *process) filter(ctx context.Context, address, other string) error {
	program, err := find("c-icap")
	if err != nil {
		return err
	}
	var services string
	for _, pattern := range []string{"/usr/lib/*/c_icap", "/usr/lib/c_icap", "/usr/lib64/c_icap", "/usr/local/lib/c_icap"} {
		if found, _ := filepath.Glob(filepath.Join(pattern, "srv_echo.so")); len(found) > 0 {
			services = filepath.Dir(found[0])
		}
	}
	if services == "" {
		return errors.New("c-icap's echo service is not installed")
	}
	conf := fmt.Sprintf(`PidFile %[1]s/c-icap.pid
CommandsSocket %[1]s/c-icap.ctl
Port %[2]s
ServerLog %[1]s/c-icap.log
AccessLog /dev/null
TmpDir %[1]s
ModulesDir %[3]s
ServicesDir %[3]s
StartServers 1
MaxServers 4
ThreadsPerChild 64
MinSpareThreads 8
MaxSpareThreads 256
MaxKeepAliveRequests 1000000
InterProcessSharedMemScheme mmap
KeepAliveTimeout 600
DebugLevel 0
Service echo srv_echo.so
`, p.dir, address, services)
	if other != "" {
		conf += "User " + other + "\n"
	}
	path := filepath.Join(p.dir, "c-icap.conf")
	if err := os.WriteFile(path, []byte(conf), 0o644); err != nil { //nolint:gosec // as above
		return err
	}
	if err := p.run(exec.CommandContext(ctx, program, "-N", "-f", path)); err != nil {
		return err
	}
	return p.await(ctx, address)
}
