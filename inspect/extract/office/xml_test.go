package office

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// tokens writes out what a scanner makes of XML.
func tokens(r io.Reader) string {
	var b strings.Builder
	x := newScanner(r)
	for {
		kind, name := x.next()
		switch kind {
		case tokenEnd:
			if err := x.fault(); err != nil {
				b.WriteString("!")
			}
			return b.String()
		case tokenText, tokenRemark:
			fmt.Fprintf(&b, "%d[%s]", kind, x.text)
		default:
			fmt.Fprintf(&b, "%d<%s>", kind, name)
		}
	}
}

func TestScanner(t *testing.T) {
	for xml, want := range map[string]string{
		`<?xml version="1.0"?><a:b c="d"/>`:                 "4<b>",
		`<a>x&amp;&#65;&#x42;&lt;&nbsp;&#xFFFFFFFF;y</a>`:   "2<a>1[x&AB<&nbsp;&#xFFFFFFFF;y]3<a>",
		`<a b='">' c="'>">x</a>`:                            "2<a>1[x]3<a>",
		`<a b=">x</a>`:                                      "2<a>1[x]3<a>",
		`<a><!-- <b> --><![CDATA[<c>]]]]><![CDATA[>]]></a>`: "2<a>5[ <b> ]1[<c>]]]1[>]3<a>",
		`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`:          "5[DOCTYPE a ]5[ENTITY b \"c\"]1[]>]2<a>1[&b;]3<a>",
		`<a>1 < 2</a>`:                                      "2<a>1[1 ]1[< 2]3<a>",
		"<a\n\tb = \"c\"\n>x":                               "2<a>1[x]!",
		"\ufeff<a/>":                                        "4<a>",
		`<a><b`:                                             "2<a>1[<b]!",
		``:                                                  "",
	} {
		if got := tokens(strings.NewReader(xml)); got != want {
			t.Errorf("%s: %s, not %s", xml, got, want)
		}
		if got := tokens(iotest.OneByteReader(strings.NewReader(xml))); strings.ReplaceAll(got, "]1[", "") != strings.ReplaceAll(want, "]1[", "") {
			t.Errorf("%s, byte by byte: %s, not %s", xml, got, want)
		}
	}
	long := strings.Repeat("門", 100000)
	if got := tokens(strings.NewReader("<a>" + long + "</a>")); strings.ReplaceAll(got, "]1[", "") != "2<a>1["+long+"]3<a>" {
		t.Errorf("long text: %d bytes", len(got))
	}
	if got := tokens(strings.NewReader(`<a b="` + strings.Repeat("x", 3*maxToken) + `">y</a>`)); !strings.Contains(got, "y]3<a>") {
		t.Errorf("an endless tag: %d bytes", len(got))
	}
}

func TestAttributes(t *testing.T) {
	x := newScanner(strings.NewReader(`<a r:id = "1" id='2' x="&lt;3"   y=4 z="/>"/>`))
	x.next()
	for name, want := range map[string]string{"id": "1", "x": "<3", "y": "4", "z": "/>", "r": ""} {
		if got := x.said(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if got := string(x.last("id")); got != "2" {
		t.Errorf("last: %s", got)
	}
}
