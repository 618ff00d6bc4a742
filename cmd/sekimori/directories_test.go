package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serverProgram finds a server's program, which Debian keeps out of users' paths.
func serverProgram(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/lib/"} {
		if p, err := exec.LookPath(dir + name); err == nil {
			return p
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// background runs a server until the test ends.
func background(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(clientEnv(), env...)
	var out syncBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %.2000s", filepath.Base(name), out.String())
		}
	})
}

func reachable(t *testing.T, port string) {
	t.Helper()
	eventually(t, "the server listens", func() bool {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%s", port), time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// TestKerberosWithMIT logs in with a ticket of MIT's KDC, by curl.
func TestKerberosWithMIT(t *testing.T) {
	kdc, kdb, admin, kinit := serverProgram(t, "krb5kdc"), serverProgram(t, "kdb5_util"), serverProgram(t, "kadmin.local"), serverProgram(t, "kinit")
	dir := t.TempDir()
	_, port, _ := net.SplitHostPort(freeAddress(t))
	put := func(name, text string) { check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)) }
	put("krb5.conf", fmt.Sprintf(`[libdefaults]
default_realm = EXAMPLE.JP
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
EXAMPLE.JP = {
 kdc = 127.0.0.1:%s
}
[domain_realm]
localhost = EXAMPLE.JP
`, port))
	put("kdc.conf", fmt.Sprintf(`[kdcdefaults]
kdc_listen = 127.0.0.1:%s
kdc_tcp_listen = 127.0.0.1:%s
[realms]
EXAMPLE.JP = {
database_name = %s/db
key_stash_file = %s/stash
supported_enctypes = aes256-cts:normal aes128-cts:normal
}
`, port, port, dir, dir))
	env := []string{"KRB5_CONFIG=" + dir + "/krb5.conf", "KRB5_KDC_PROFILE=" + dir + "/kdc.conf", "KRB5CCNAME=FILE:" + dir + "/cache"}
	run := func(stdin, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Env, cmd.Stdin = append(clientEnv(), env...), strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v: %s", filepath.Base(name), args, err, out)
		}
	}
	run("", kdb, "create", "-s", "-r", "EXAMPLE.JP", "-P", "master")
	for _, q := range []string{"addprinc -pw correct sato", "addprinc -randkey HTTP/localhost", "ktadd -k " + dir + "/keytab HTTP/localhost"} {
		run("", admin, "-q", q)
	}
	background(t, env, kdc, "-n")
	reachable(t, port)
	run("correct\n", kinit, "sato@EXAMPLE.JP")

	in := install(t, fmt.Sprintf("[auth]\n[auth.kerberos]\nkeytab = %q\nrealms = [\"EXAMPLE.JP\"]\n", dir+"/keytab")).start()
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		t.Setenv(k, v)
	}
	_, p, err := net.SplitHostPort(in.proxy)
	check(t, err)
	send := func(args ...string) string {
		status, _ := in.curl([]byte("hello"), append(args, "-x", "http://localhost:"+p, "--data-binary", "@-", "https://upload.example.com/")...)
		return status
	}
	if !strings.Contains(in.client(nil, "curl", "--version"), "SPNEGO") {
		t.Skip("this curl knows no Kerberos")
	}
	if s := send("--proxy-negotiate", "-U", ":"); s != "200" {
		t.Errorf("with a ticket: %s; %s", s, in.log)
	}
	if s := send(); s == "200" {
		t.Error("without a ticket it was served")
	}
	t.Setenv("KRB5CCNAME", "FILE:"+dir+"/none")
	if s := send("--proxy-negotiate", "-U", ":"); s == "200" {
		t.Error("with an empty cache of tickets it was served")
	}
	var users []string
	for _, e := range in.events("--kind", "decision") {
		users = append(users, e.User+" by "+e.How)
	}
	if got := strings.Join(users, ", "); got != "sato by kerberos" {
		t.Errorf("on record: %s", got)
	}
}

// TestLDAPWithOpenLDAP logs in by OpenLDAP, whose groups rules then name.
func TestLDAPWithOpenLDAP(t *testing.T) {
	slapd, add := serverProgram(t, "slapd"), serverProgram(t, "slapadd")
	dir := t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, "db"), 0o700))
	_, port, _ := net.SplitHostPort(freeAddress(t))
	put := func(name, text string) { check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)) }
	put("slapd.conf", fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "dc=example,dc=jp"
rootdn "cn=admin,dc=example,dc=jp"
rootpw adminpw
directory %s/db
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
`, dir))
	put("tree.ldif", `dn: dc=example,dc=jp
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: cn=proxy,dc=example,dc=jp
objectClass: person
cn: proxy
sn: proxy
userPassword: proxypw

dn: uid=sato,dc=example,dc=jp
objectClass: inetOrgPerson
uid: sato
cn: Sato
sn: Sato
userPassword: correct

dn: uid=ito,dc=example,dc=jp
objectClass: inetOrgPerson
uid: ito
cn: Ito
sn: Ito
userPassword: alsocorrect

dn: cn=payroll,dc=example,dc=jp
objectClass: groupOfNames
cn: payroll
member: uid=sato,dc=example,dc=jp
`)
	put("password", "proxypw\n")
	if out, err := exec.Command(add, "-f", dir+"/slapd.conf", "-l", dir+"/tree.ldif").CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v: %s", err, out)
	}
	background(t, nil, slapd, "-d", "0", "-f", dir+"/slapd.conf", "-h", fmt.Sprintf("ldap://127.0.0.1:%s", port))
	reachable(t, port)

	in := install(t, fmt.Sprintf(`[auth]
[auth.ldap]
url = "ldap://127.0.0.1:%s"
clear = true
bind_dn = "cn=proxy,dc=example,dc=jp"
password_file = %q
base = "dc=example,dc=jp"
user_attribute = "uid"
filter = "(uid={user})"
group_base = "dc=example,dc=jp"
group_filter = "(member={dn})"
`, port, dir+"/password")).start()
	send := func(who string) string {
		args := []string{"--data-binary", "@-", "https://upload.example.com/"}
		if who != "" {
			args = append(args, "-U", who)
		}
		status, _ := in.curl([]byte("hello"), args...)
		return status
	}
	for who, want := range map[string]bool{"sato:correct": true, "ito:alsocorrect": true, "sato:wrong": false, "*:correct": false} {
		if s := send(who); (s == "200") != want {
			t.Errorf("%q: %s", who, s)
		}
	}
	groups := map[string]string{}
	for _, e := range in.events("--kind", "decision") {
		groups[e.User] = strings.Join(e.Groups, " ")
	}
	if len(groups) != 2 || groups["sato"] != "payroll" || groups["ito"] != "" {
		t.Errorf("on record: %v", groups)
	}
}
