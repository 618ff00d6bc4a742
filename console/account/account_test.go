package account

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestTOTPVectors are those of RFC 6238, appendix B, for SHA-1.
func TestTOTPVectors(t *testing.T) {
	key := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924",
		2000000000: "69279037", 20000000000: "65353130"} {
		if got := hotp(key, uint64(at/30), 8); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

// TestHOTPVectors are those of RFC 4226, appendix D.
func TestHOTPVectors(t *testing.T) {
	for i, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := hotp([]byte("12345678901234567890"), uint64(i), 6); got != want {
			t.Errorf("counter %d: %s, want %s", i, got, want)
		}
	}
}

func TestCodeIsGoodOnceAndNearNow(t *testing.T) {
	secret := NewSecret()
	key, _ := base32NoPad.DecodeString(secret)
	now := time.Unix(1_800_000_000, 0)
	step := uint64(now.Unix() / 30)
	for off, want := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		code := hotp(key, uint64(int(step)+off), 6)
		if _, ok := checkCode(secret, code, now, 0); ok != want {
			t.Errorf("step %+d: %v, want %v", off, ok, want)
		}
	}
	got, ok := checkCode(secret, hotp(key, step, 6), now, 0)
	if !ok {
		t.Fatal("not taken")
	}
	if _, again := checkCode(secret, hotp(key, step, 6), now, got); again {
		t.Error("taken twice")
	}
}

func none(Account) error { return nil }

const good = "correct horse battery"

// founded has two operators, anna and ben, who founded it.
func founded(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "accounts.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"anna", "ben"} {
		secret, _, err := s.Found()
		if err != nil || secret == "" {
			t.Fatal(secret, err)
		}
		if _, err := s.Redeem(secret, name, []Role{Operator}, good, none); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Redeem(secret, "again", []Role{Operator}, good, none); !errors.Is(err, ErrLink) {
			t.Errorf("a link was used twice: %v", err)
		}
	}
	if secret, _, err := s.Found(); secret != "" || err != nil {
		t.Errorf("a third founder: %q, %v", secret, err)
	}
	return s
}

func TestAccountsLiveOnDisk(t *testing.T) {
	s := founded(t)
	if info, err := os.Stat(s.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := Open(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.LogIn("ANNA", good, ""); err != nil {
		t.Error(err)
	}
	for _, bad := range []struct{ name, password string }{{"anna", "wrong horse battery"}, {"nobody", good}, {"anna", ""}} {
		if _, err := again.LogIn(bad.name, bad.password, ""); !errors.Is(err, ErrRefused) {
			t.Errorf("%q with %q: %v", bad.name, bad.password, err)
		}
	}
	broken := errors.New("no disk")
	if _, err := again.Invite("anna", "carl", func() error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, ok := again.Get("carl"); ok {
		t.Error("what was not recorded was done")
	}
}

func TestEnrolledAccountsNeedACode(t *testing.T) {
	s := founded(t)
	now := time.Unix(1_800_000_000, 0)
	s.now = func() time.Time { return now }
	secret := NewSecret()
	key, _ := base32NoPad.DecodeString(secret)
	code := func() string { return hotp(key, uint64(now.Unix()/30), 6) }
	done := func() error { return nil }
	if err := s.Enrol("anna", good, secret, "000000", done); err == nil {
		t.Fatal("enrolled without the app")
	}
	if err := s.Enrol("anna", good, secret, code(), done); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LogIn("anna", good, ""); !errors.Is(err, ErrCode) {
		t.Errorf("without a code: %v", err)
	}
	if _, err := s.LogIn("anna", good, code()); !errors.Is(err, ErrRefused) || !errors.Is(err, ErrWrong) {
		t.Errorf("with the code used before: %v", err)
	}
	now = now.Add(time.Minute)
	if _, err := s.LogIn("anna", good, code()); err != nil {
		t.Errorf("with a code: %v", err)
	}
}

func TestPasswordsAreChosenWell(t *testing.T) {
	for _, bad := range []string{"", "short", "aaaaaaaaaaaaaaaa", "my name is Anna K"} {
		if checkPassword("anna", bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if err := checkPassword("anna", "ながいあいことばをつかいます"); err != nil {
		t.Error(err)
	}
}

// TestRolesTakeTwoPeople lets one operator do whatever they can, in any order:
// no account's roles change, and nobody gets a link for another's account but
// for new ones without roles.
func TestRolesTakeTwoPeople(t *testing.T) {
	s := founded(t)
	done := func(Wish) error { return nil }
	for _, name := range []string{"carl", "dora"} {
		if _, err := s.Invite("anna", name, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	before := s.List()
	r := rand.New(rand.NewPCG(3, 4))
	names := []string{"anna", "ben", "carl", "dora", "nobody"}
	for range 400 {
		name, what := names[r.IntN(len(names))], []string{WishRoles, WishReset, WishEnable}[r.IntN(3)]
		var roles []Role
		for _, x := range Roles {
			if r.IntN(2) == 0 {
				roles = append(roles, x)
			}
		}
		w, err := s.Ask("anna", what, name, roles, done)
		if err == nil && Apart(roles) != nil && what == WishRoles {
			t.Fatalf("asked for %v", roles)
		}
		for _, p := range append(s.Pending(), w) {
			if _, secret, err := s.Confirm("anna", p.ID, done); err == nil || secret != "" {
				t.Fatalf("one person confirmed %+v", p)
			}
			if _, _, err := s.Confirm("carl", p.ID, done); err == nil {
				t.Fatalf("somebody without a role confirmed %+v", p)
			}
		}
	}
	after := s.List()
	for i := range before {
		if !slices.Equal(before[i].Roles, after[i].Roles) || before[i].Hash != after[i].Hash {
			t.Errorf("%s: %v became %v", before[i].Name, before[i].Roles, after[i].Roles)
		}
	}
	w, err := s.Ask("anna", WishRoles, "ben", []Role{Auditor}, done)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Confirm("ben", w.ID, done); !errors.Is(err, ErrSelf) {
		t.Errorf("ben confirmed his own roles: %v", err)
	}
	w, err = s.Ask("anna", WishRoles, "carl", []Role{Auditor, Approver}, done)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Confirm("ben", w.ID, done); err != nil {
		t.Fatal(err)
	}
	if c, _ := s.Get("carl"); !c.Has(Auditor) || !c.Has(Approver) || c.Has(Author) {
		t.Errorf("carl has %v", c.Roles)
	}
}

func TestAuthorAndAuditorAreTwo(t *testing.T) {
	for _, roles := range [][]Role{{Author, Auditor}, {Operator, Auditor, Author}, {Operator, Operator}, {"root"}} {
		if Apart(roles) == nil {
			t.Errorf("%v may come together", roles)
		}
	}
	if err := Apart([]Role{Operator, Approver, Auditor}); err != nil {
		t.Error(err)
	}
	s, err := Open(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := s.Found()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Redeem(secret, "all", Roles, good, none); !errors.Is(err, ErrApart) {
		t.Errorf("a founder with all roles: %v", err)
	}
	path := filepath.Join(t.TempDir(), "b")
	if err := os.WriteFile(path, []byte(`{"accounts":[{"name":"x","roles":["author","auditor"]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, ErrApart) {
		t.Errorf("a file with both: %v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	s := NewSessions()
	now := time.Unix(1_800_000_000, 0)
	s.now = func() time.Time { return now }
	cookie, ses := s.Begin("anna", "127.0.0.1")
	if got, ok := s.Get(cookie); !ok || got.Name != "anna" || !got.Genuine(ses.CSRF) || got.Genuine("") || got.Genuine(cookie) {
		t.Fatal("no session")
	}
	for range int(AbsoluteFor / (IdleFor - time.Minute)) {
		now = now.Add(IdleFor - time.Minute)
		if _, ok := s.Get(cookie); !ok {
			t.Fatal("ended too early")
		}
	}
	now = now.Add(IdleFor - time.Minute)
	if _, ok := s.Get(cookie); ok {
		t.Error("longer than a session may last")
	}
	cookie, _ = s.Begin("anna", "127.0.0.1")
	now = now.Add(IdleFor + time.Second)
	if _, ok := s.Get(cookie); ok {
		t.Error("idle too long")
	}
	cookie, _ = s.Begin("anna", "127.0.0.1")
	now = now.Add(time.Second)
	for range maxSessions {
		s.Begin("anna", "127.0.0.1")
		now = now.Add(time.Second)
	}
	if _, ok := s.Get(cookie); ok || len(s.all) != maxSessions {
		t.Errorf("%d sessions of one account", len(s.all))
	}
	s.EndAll("Anna", nil)
	if len(s.all) != 0 {
		t.Error("sessions are left")
	}
}

// Whoever may not try any more cannot fill the table, so that nobody else may.
func TestOneAddressShutsNobodyOut(t *testing.T) {
	g := NewGuesses()
	for i := range 2 * maxGuessers {
		g.Take("name "+strconv.Itoa(i), "192.0.2.1")
		g.Take("name "+strconv.Itoa(i), "2001:db8::"+strconv.FormatInt(int64(i%0xffff), 16))
	}
	if ok, _ := g.Take("officer", "198.51.100.7"); !ok {
		t.Error("an officer at another address may not log in")
	}
	if n := len(g.all); n > 4*guessAddress {
		t.Errorf("%d counts are kept", n)
	}
}

func TestGuessesAreLimited(t *testing.T) {
	g := NewGuesses()
	now := time.Unix(1_800_000_000, 0)
	g.now = func() time.Time { return now }
	for i := range guessName {
		if ok, _ := g.Take("anna", "10.0.0.1"); !ok {
			t.Fatalf("try %d refused", i)
		}
	}
	if ok, first := g.Take("anna", "10.0.0.2"); ok || !first {
		t.Error("one too many for the name")
	}
	if ok, first := g.Take("anna", "10.0.0.3"); ok || first {
		t.Error("told twice")
	}
	if ok, _ := g.Take("ben", "10.0.0.1"); !ok {
		t.Error("another name is refused")
	}
	now = now.Add(guessWindow + time.Second)
	if ok, _ := g.Take("anna", "10.0.0.1"); !ok {
		t.Error("refused for ever")
	}
}
