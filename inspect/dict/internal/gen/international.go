package main

import (
	"archive/zip"
	"bytes"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

var (
	// Providers assign tuples, lists and ordered dictionaries of names to
	// class variables, closed by a bracket at the variable's indentation.
	nameList   = regexp.MustCompile(`(?ms)^    (first_name|last_name|prefixed_last_name)\w*[^=\n]*=\s*(?:OrderedDict\()?[(\[{](.*?)^    [)\]}]`)
	quotedName = regexp.MustCompile(`["']([^"'{}\n]+)["']|"([^"{}\n]+)"`)
)

// internationalWeight is given to names whose frequency no source tells.
const internationalWeight = 5

// readInternational adds the names in Latin letters that the package Faker
// lists for the countries of the world.
func readInternational(whl []byte, given, last table) error {
	z, err := zip.NewReader(bytes.NewReader(whl), int64(len(whl)))
	if err != nil {
		return err
	}
	for _, f := range z.File {
		if ok, _ := path.Match("faker/providers/person/*/__init__.py", f.Name); !ok || strings.Contains(f.Name, "/ja_JP/") {
			continue
		}
		b, err := readAll(f.Open)
		if err != nil {
			return err
		}
		for _, m := range nameList.FindAllSubmatch(b, -1) {
			into := given
			if strings.Contains(string(m[1]), "last") {
				into = last
			}
			for _, q := range quotedName.FindAllSubmatch(m[2], -1) {
				for _, w := range strings.Fields(string(q[1]) + string(q[2])) {
					name := dict.FoldLatin(w)
					if utf8.RuneCountInString(name) >= 2 && isLatin(name) && into[name]&15 < internationalWeight {
						into[name] = internationalWeight
					}
				}
			}
		}
	}
	return nil
}
