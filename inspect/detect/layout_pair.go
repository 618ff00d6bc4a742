package detect

import (
	"bytes"
	"maps"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// Forms are sent as lists of objects that hold a key and its value each:
// [{"key":"氏名","value":"…"},{"label":"電話","answer":"…"}]. The label then is not
// the value's key but the value of a key beside it.

// pairValues are the keys of such values, pairKeys those of their keys.
var (
	pairValues = nameSet("value val text content answer data values 値 回答 内容")
	pairKeys   = [...]string{`"key"`, `"name"`, `"label"`, `"field"`, `"title"`, `"question"`, `"code"`, `"header"`, `"property"`, `"項目"`, `"質問"`, `"項目名"`}
)

// pairReach is how far apart key and value may stand, in bytes.
const pairReach = 160

// paired reports whether the value that offset i of b is in stands under the key of
// a pair with one beside it.
func paired(b []byte, i int) bool {
	start := valueStart(b, i)
	key, at, _ := keyBefore(b, start)
	return isPairValue(key) && pairLabel(b, at) != 0
}

// isPairValue reports whether a value under key may have its key beside it.
func isPairValue(key []byte) bool {
	return len(key) >= 3 && pairEnds.MayEnd(key[len(key)-3:]) && pairValues[string(key)]
}

var pairEnds = normal.NewKeyEnds(slices.Collect(maps.Keys(pairValues)))

// pairLabel returns the label that stands before the key at offset at, in the same
// object, as the value of a key of its own.
func pairLabel(b []byte, at int) Label {
	lo := max(0, at-pairReach)
	if k := bytes.LastIndexAny(b[lo:at], "{}"); k >= 0 {
		lo += k + 1
	}
	for _, key := range pairKeys {
		k := bytes.LastIndex(b[lo:at], []byte(key))
		if k < 0 {
			continue
		}
		t := bytes.TrimLeft(b[lo+k+len(key):at], " \t\r\n:")
		if len(t) < 3 || t[0] != '"' {
			continue
		}
		if end := bytes.IndexByte(t[1:], '"'); end > 0 {
			if l := classify(t[1 : 1+end]); l != 0 {
				return l
			}
		}
	}
	return 0
}
