package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// readPersonal reads japanese-personal-name-dataset: surnames with their
// estimated bearers, given names by reading, and the popular ones of these.
func (l *lexicon) readPersonal(tgz []byte) error {
	files, err := tgzFiles(bytes.NewReader(tgz))
	if err != nil {
		return err
	}
	const dir = "japanese_personal_name_dataset-0.4.0/japanese_personal_name_dataset/dataset/"
	rows := func(name string, row func(c []string) error) error {
		b, ok := files[dir+name]
		if !ok {
			return fmt.Errorf("no %s", name)
		}
		for line := range strings.Lines(string(b)) {
			if err := row(strings.Split(strings.TrimSpace(line), ",")); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}
	err = rows("last_name_org.csv", func(c []string) error {
		n, err := strconv.Atoi(c[1])
		if err != nil {
			return err
		}
		e := note(l.surname, c[0])
		e.listed, e.population = true, n
		l.reading(l.surnameKana, c[2], c[0])
		return nil
	})
	for _, sex := range []string{"man", "woman"} {
		for _, kind := range []string{"org", "opti"} {
			if err == nil {
				err = rows("first_name_"+sex+"_"+kind+".csv", func(c []string) error {
					for _, form := range c[2:] {
						e := note(l.given, form)
						e.listed = true
						e.popular = e.popular || kind == "opti"
						l.reading(l.givenKana, c[0], form)
					}
					return nil
				})
			}
		}
	}
	return err
}
