package isolate

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// message is one as it comes over a pipe.
func message(kind byte, data string) string {
	var b bytes.Buffer
	c := newConn(nil, &b)
	_ = c.send(kind, []byte(data)) // to memory
	return b.String()
}

// FuzzAnswers has a process that has lost its way answer anything: the parent ends
// the job with an error, or takes what it may take, and neither fails nor hangs.
func FuzzAnswers(f *testing.F) {
	asJSON := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		return string(b)
	}
	finished := message(kindDone, asJSON(done{}))
	text := message(kindText, strings.Repeat("\x00", textHead)+"text")
	f.Add([]byte(message(kindFormat, asJSON([2]string{"pdf", "utf-8"})) + text + finished))
	f.Add([]byte(message(kindChild, asJSON(child{Part: description{Path: "a", Size: 4}, Seekable: true})) + message(kindAnswer, "\x00name") + message(kindAnswer, "\x01") + finished))
	f.Add([]byte(message(kindBytes, "\x04\x00\x00\x00") + message(kindAt, "\x04\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00") + finished))
	f.Add([]byte(message(kindSkip, asJSON(skip{Why: "bomb", Partly: true})) + message(kindDone, asJSON(done{Reason: "encrypted", Exhausted: true}))))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, answers []byte) {
		w := &worker{conn: newConn(bytes.NewReader(answers), io.Discard)}
		b := part.NewBudget(part.Limits{}, 100)
		s := &sink{seek: len(answers)%2 == 0}
		j := &job{w: w, p: &part.Part{Body: strings.NewReader("the part's bytes"), Size: 16}, e: s, b: b}
		if err := j.run(0, b.Share()); err == nil && !bytes.Contains(answers, []byte{kindDone}) {
			t.Error("a job ends well without having been told so")
		}
	})
}
