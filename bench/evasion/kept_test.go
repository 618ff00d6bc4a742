package evasion

import (
	"os"
	"path/filepath"
	"strings"
)

// kept are the cases that Go cannot make: files in testdata/evasion/made, whose
// README says how they were made. The twin stands beside each as twin-….
func kept(names ...string) []evasion {
	told := map[string]evasion{
		"7z":                 {name: "7z"},
		"7z-encrypted":       {name: "7z, encrypted", opaque: true},
		"7z-encrypted-names": {name: "7z, encrypted with its names", opaque: true},
		"zip-zipcrypto":      {name: "zip, encrypted the old way", opaque: true},
		"zip-aes":            {name: "zip, encrypted with AES", opaque: true},
		"lzh":                {name: "lzh"},
		"xz":                 {name: "xz"},
		"bzip2":              {name: "bzip2"},
		"zip-split":          {name: "the first piece of a split zip"},
		"xls":                {name: "an Excel 97 workbook"},
		"xlsx-password":      {name: "a workbook with a password", opaque: true},
		"docx-password":      {name: "a document with a password", opaque: true},
		"pdf-password":       {name: "a PDF file with a password", opaque: true},
		"pdf-owner-password": {name: "a PDF file that only may not be printed"},
		"sqlite":             {name: "a database of SQLite"},
		"parquet":            {name: "Parquet", opaque: true},
		"parquet-snappy":     {name: "Parquet with Snappy", opaque: true},
	}
	var cases []evasion
	for _, n := range names {
		c, ok := told[n]
		if !ok {
			panic("evasion: no word on " + n)
		}
		c.make = func(l list) upload {
			pre := ""
			if l.title == goods().title {
				pre = "twin-"
			}
			m := must(filepath.Glob(filepath.Join("../../testdata/evasion/made", pre+n+".*")))
			if len(m) != 1 || strings.HasSuffix(m[0], "~") {
				panic("evasion: no file of " + pre + n)
			}
			return binaryFile(must(os.ReadFile(m[0])))
		}
		cases = append(cases, c)
	}
	return cases
}
