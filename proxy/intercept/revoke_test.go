package intercept

import (
	"bytes"
	"crypto/x509"
	"testing"
	"time"
)

// A list is kept for half a day, and is always that of the authority in use.
func TestListIsMadeAnew(t *testing.T) {
	ca, _ := open(t)
	other, _ := open(t)
	i := issuer(t, ca, 10)
	now := time.Now()
	i.now = func() time.Time { return now }
	if err := i.Publish("http://proxy.example:8080/"); err != nil {
		t.Fatal(err)
	}
	get := func() []byte {
		t.Helper()
		list, err := i.CRL()
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	first := get()
	if now = now.Add(11 * time.Hour); !bytes.Equal(get(), first) {
		t.Error("made anew too early")
	}
	if now = now.Add(2 * time.Hour); bytes.Equal(get(), first) {
		t.Error("not made anew")
	}
	second := get()
	if now = now.Add(-time.Hour); bytes.Equal(get(), second) {
		t.Error("not made anew after the clock was set back")
	}
	i.Use(other)
	if list := get(); bytes.Equal(list, second) {
		t.Error("still the former authority's")
	}
}

// An authority that may not sign lists cannot publish one, and certificates of one that
// comes later name none.
func TestAuthorityThatSignsNoLists(t *testing.T) {
	ca, _ := open(t)
	i := issuer(t, ca, 10)
	if err := i.Publish("http://proxy.example"); err != nil {
		t.Fatal(err)
	}
	mute := *ca
	cert := *ca.cert
	cert.KeyUsage &^= x509.KeyUsageCRLSign
	mute.cert = &cert
	if c, err := i.Certificate("a.example"); err != nil || len(c.Leaf.CRLDistributionPoints) != 1 {
		t.Errorf("%v: %v", c.Leaf.CRLDistributionPoints, err)
	}
	i.Use(&mute)
	if c, err := i.Certificate("a.example"); err != nil || len(c.Leaf.CRLDistributionPoints) != 0 {
		t.Errorf("%v: %v", c.Leaf.CRLDistributionPoints, err)
	}
	if err := issuer(t, &mute, 1).Publish("http://proxy.example"); err == nil {
		t.Error("published")
	}
}
