package ole

import (
	"bytes"
	"compress/zlib"
	"strings"
	"testing"
)

func ppt(kind, version, instance int, body string) string {
	return le2(version|instance<<4) + le2(kind) + le4(len(body)) + body
}

// presentation puts slides and notes behind a document that lists them, with the
// directory that leads to them, and returns the stream and Current User.
func presentation(slides, notes []string, rest string) (stream, user string) {
	offsets := map[int]int{}
	var lists string
	for instance, all := range map[int][]string{0: slides, 2: notes} {
		var list string
		for i := range all {
			list += ppt(pptSlidePersist, 0, 0, le4(2+instance*10+i)+strings.Repeat("\x00", 16))
		}
		lists += ppt(pptSlideList, 15, instance, list)
	}
	stream = ppt(pptDocument, 15, 0, lists)
	offsets[1] = 0
	for i := len(slides) - 1; i >= 0; i-- { // not in the order they are shown in
		offsets[2+i] = len(stream)
		stream += ppt(pptSlide, 15, 0, slides[i])
	}
	for i, s := range notes {
		offsets[22+i] = len(stream)
		stream += ppt(pptNotes, 15, 0, s)
	}
	stream += rest
	var dir string
	for id, at := range offsets {
		dir += le4(id|1<<20) + le4(at)
	}
	persists := len(stream)
	stream += ppt(pptPersists, 0, 0, dir)
	edit := len(stream)
	stream += ppt(pptUserEdit, 0, 0, le4(0)+le4(0)+le4(0)+le4(persists)+le4(1)+strings.Repeat("\x00", 8))
	return stream, ppt(4086, 0, 0, le4(20)+le4(0xe391c05f)+le4(edit)+strings.Repeat("\x00", 12))
}

// box is text in a drawing on a slide.
func box(records string) string {
	return ppt(1036, 15, 0, ppt(0xf002, 15, 0, ppt(0xf00d, 15, 0, records)))
}

func TestSlides(t *testing.T) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	inner := compoundFile(files{"Workbook": workbook8("", []string{"中"}, rec(recLabel, at(0, 0, 0)+u16(2, "embedded cell")))})
	w.Write(inner)
	w.Close()
	stream, user := presentation(
		[]string{box(ppt(pptTextChars, 0, 0, wide("一枚目 "+person+"\r二行目"))), box(ppt(pptTextBytes, 0, 0, "second caf\xe9"))},
		[]string{box(ppt(pptTextChars, 0, 0, wide("発表者のノート")))},
		ppt(pptSlide, 15, 0, box(ppt(pptTextBytes, 0, 0, "older state")))+ppt(pptObject, 0, 1, le4(len(inner))+z.String())+ppt(pptObject, 0, 0, string(inner)))
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 40)
	var drawing bytes.Buffer
	w = zlib.NewWriter(&drawing)
	w.Write([]byte("drawn 090-0000-0009, a metafile as far as it goes"))
	w.Close()
	f := files{"PowerPoint Document": stream, "Current User": user,
		"Pictures": ppt(0xf01e, 0, 0x6e0, strings.Repeat("i", 16)+"\xff"+png) +
			ppt(0xf01a, 0, 0x3d4, strings.Repeat("i", 16)+strings.Repeat("\x00", 33)+"\xfe"+drawing.String())}
	x := inspect(t, compoundFile(f))
	expect(t, x, "unknown-format", map[string]string{person + "\n二行目": "» slide 1", "second café": "» slide 2",
		"発表者のノート": "» slide 1 notes", "older state": "earlier slide 1", "embedded cell": "object 1 » 中",
		"drawn 090-0000-0009": "Pictures » picture 2"})
	if x.Parts[0].Format != "ppt" {
		t.Errorf("told as %s", x.Parts[0].Format)
	}
	picture := false
	for _, p := range x.Parts {
		picture = picture || p.Format == "png" && strings.HasSuffix(p.Path, "Pictures » picture 1")
	}
	if !picture {
		t.Errorf("no picture:\n%s", x)
	}
}

func TestSlidesEncrypted(t *testing.T) {
	stream, user := presentation([]string{box("")}, nil, "")
	token := user[:12] + "\xdf\xc4\xd1\xf3" + user[16:]
	session := strings.Replace(stream, le2(pptUserEdit)+le4(28), le2(pptUserEdit)+le4(32), 1) + le4(7)
	for name, f := range map[string]files{
		"token":   {"PowerPoint Document": stream, "Current User": token},
		"session": {"PowerPoint Document": session, "Current User": user},
		"summary": {"PowerPoint Document": stream, "Current User": user, "EncryptedSummary": "x"},
	} {
		if got := strings.Join(inspect(t, compoundFile(f)).Skips(), " "); !strings.HasPrefix(got, "encrypted") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
