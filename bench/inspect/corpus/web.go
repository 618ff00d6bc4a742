package corpus

import "strconv"

// web appends a block of a web page, of a script or of a change log.
func web(r *random, b []byte) []byte {
	switch r.IntN(10) {
	case 0, 1, 2:
		return r.html(b)
	case 3, 4, 5, 6:
		return r.script(b)
	case 7, 8:
		return r.changes(b)
	}
	return r.text(b)
}

// name appends an identifier in camel case.
func (r *random) name(b []byte) []byte {
	b = append(b, r.zipf(english)...)
	for range r.IntN(3) {
		b = r.capital(b)
	}
	return b
}

// capital appends a word with a capital.
func (r *random) capital(b []byte) []byte { return capital(b, r.zipf(english)) }

func capital(b []byte, w string) []byte { return append(append(b, w[0]-'a'+'A'), w[1:]...) }

// phrase appends n words with blanks between them.
func (r *random) phrase(b []byte, n int) []byte {
	for k := range n {
		if k > 0 {
			b = append(b, ' ')
		}
		b = append(b, r.zipf(english)...)
	}
	return b
}

func (r *random) text(b []byte) []byte {
	for range r.between(2, 5) {
		b = append(r.capital(b), ' ')
		b = append(r.phrase(b, r.between(5, 9)), ",\n"...)
		b = r.phrase(b, r.between(3, 9))
		if r.one(40) {
			b = append(append(b, ' '), r.any(keywordsInEnglish)...)
		}
		b = append(b, ".\n"...)
	}
	return append(b, '\n')
}

var keywordsInEnglish = []string{"password", "first name", "private key", "account number", "email address", "confidential"}

func (r *random) html(b []byte) []byte {
	for range r.between(2, 6) {
		id := r.zipf(english)
		switch r.IntN(3) {
		case 0:
			b = append(append(b, `<li><a href="#`...), id...)
			b = append(append(append(b, '_'), r.zipf(english)...), `" class="`...)
			b = append(append(b, r.zipf(english)...), `"><code>`...)
			b = append(append(append(b, id...), '.'), r.zipf(english)...)
			b = append(r.phrase(append(b, `()</code> `...), r.between(1, 4)), "</a></li>\n"...)
		case 1:
			b = append(r.name(append(b, `<div class="`...)), `"><span style="width:`...)
			b = append(r.number(b, 960), `px;color:#`...)
			b = append(r.hex(b, 6), `">`...)
			b = append(r.phrase(b, r.between(2, 6)), "</span></div>\n"...)
		default:
			b = append(r.phrase(append(b, "<p>"...), r.between(6, 14)), "\n<code>"...)
			b = append(append(b, id...), "</code> "...)
			b = append(r.phrase(b, r.between(3, 8)), ".</p>\n"...)
		}
	}
	return b
}

func (r *random) script(b []byte) []byte {
	b = append(r.name(append(b, "\tfunction "...)), "( "...)
	b = r.name(b)
	b = append(b, ", v ) {\n\n"...)
	for range r.between(3, 8) {
		b = append(b, "\t\t"...)
		switch r.IntN(6) {
		case 0, 4, 5:
			b = append(r.name(append(b, "const "...)), " = this."...)
			b = append(r.name(b), '.')
			b = append(r.name(b), "();\n"...)
		case 1:
			b = r.name(append(b, "if ( "...))
			b = append(r.number(append(b, " < "...), 99), " ) return null;\n"...)
		case 2:
			b = append(r.name(append(b, "this."...)), "[ "...)
			b = append(r.name(b), " + "...)
			b = append(r.number(b, 4), " ] = "...)
			b = append(r.digits(append(b, "0."...), r.between(1, 4)), ";\n"...)
		default:
			b = r.capital(append(b, "// "...))
			b = append(r.phrase(append(b, ' '), r.between(2, 7)), '\n')
		}
	}
	return append(b, "\n\t}\n\n"...)
}

func (r *random) changes(b []byte) []byte {
	b = strconv.AppendInt(b, int64(r.between(1998, 2026)), 10)
	b = append(append(b, '-', '0'), byte('1'+r.IntN(9)))
	b = append(b, '-', byte('0'+r.IntN(3)), byte('1'+r.IntN(8)))
	b = append(r.author(append(b, "  "...)), "\n\n\t* "...)
	b = append(append(append(b, r.zipf(english)...), '/'), r.zipf(english)...)
	b = append(r.name(append(b, ".c ("...)), "): "...)
	b = r.capital(b)
	b = append(r.phrase(append(b, ' '), 2), ' ')
	b = append(r.phrase(b, r.between(4, 9)), ".\n"...)
	if r.one(2) {
		b = append(append(b, "\tcommit "...), r.hexWord()...)
		b = append(append(b, "\n\tBug "...), strconv.Itoa(r.between(1000, 999999))...)
		b = append(b, ".\n"...)
	}
	return append(b, '\n')
}

func (r *random) hexWord() []byte { return r.hex(nil, 40) }

// author appends somebody who does not exist, with an address that cannot, or
// a team.
func (r *random) author(b []byte) []byte {
	if r.one(2) {
		return append(append(b, "The "...), r.any(teams)...)
	}
	given, surname := r.zipf(englishGiven), r.zipf(englishSurnames)
	b = append(capital(b, given), ' ')
	b = append(capital(b, surname), "  <"...)
	b = append(append(append(b, given...), '@'), surname...)
	return append(b, ".example.org>"...)
}

var teams = []string{"Release Team", "maintainers <team@dev.example.org>", "build robot"}
