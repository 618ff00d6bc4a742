package detect

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

var (
	trainFolder = flag.String("names", "", "train the model of names on the sets of this `folder` (ja_*.jsonl and clean_ja_*.jsonl, in the form of bench accuracy)")
	trainLeave  = flag.String("leave", "", "instead of writing the model, leave this `set` out and tell how its names are found")
)

// TestTrainNames makes data/name_model.bin:
//
//	go test ./inspect/detect -run TrainNames -names FOLDER
//
// The same sets give the same bytes. It maximises the likelihood of the marked
// names by gradient descent with steps by AdaGrad (Duchi, Hazan, Singer 2011) and
// takes the mean of the weights after each round. In three windows of ten it does not
// show what the rules say, so that the characters are learned from too.
func TestTrainNames(t *testing.T) {
	if *trainFolder == "" {
		t.Skip("no -names FOLDER")
	}
	files, err := filepath.Glob(filepath.Join(*trainFolder, "*ja_*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sets in %s: %v", *trainFolder, err)
	}
	learner := newNameLearner()
	var left []*annotated
	for _, f := range files {
		set := strings.TrimSuffix(filepath.Base(f), ".jsonl")
		texts := readAnnotated(t, f)
		switch {
		case set == *trainLeave:
			left = texts
		case strings.HasPrefix(set, "clean_") || slices.ContainsFunc(texts, (*annotated).prose):
			for _, a := range texts {
				learner.add(a)
			}
			t.Logf("%s: %d texts", set, len(texts))
		}
	}
	learner.learn(5)
	model := learner.model()
	if *trainLeave == "" {
		if err := os.WriteFile("data/name_model.bin", model, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	weights := readModelWeights(string(model))
	defer func(before func() *modelWeights) { theModelWeights = before }(theModelWeights)
	theModelWeights = func() *modelWeights { return weights }
	tellNames(t, left)
}

// annotated is a text, folded, with its names.
type annotated struct {
	text  []byte
	names []span16
}

// prose reports whether a has a name in prose.
func (a *annotated) prose() bool {
	hiragana := 0
	for _, r := range string(a.text) {
		if scriptOf(r) == scriptHira {
			hiragana++
		}
	}
	return len(a.names) > 0 && 5*hiragana > utf8.RuneCount(a.text)
}

func readAnnotated(t *testing.T, file string) (out []*annotated) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var d struct {
			Text  string
			Spans []struct {
				Start, End int
				Type       Type
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var way normal.Map
		a := &annotated{text: normal.Fold(nil, []byte(d.Text), nil, 0, &way)}
		var folded []int32 // by code point of the source
		at := 0
		for i := range d.Text {
			for at < len(a.text) && int(way.Origin(at)) < i {
				_, size := utf8.DecodeRune(a.text[at:])
				at += size
			}
			folded = append(folded, int32(at))
		}
		folded = append(folded, int32(len(a.text)))
		for _, s := range d.Spans {
			if s.Type == Name {
				a.names = append(a.names, span16{folded[s.Start], folded[s.End]})
			}
		}
		out = append(out, a)
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return out
}

// lesson is a window: the features of its characters and what they are.
type lesson struct{ chars []lessonChar }

type lessonChar struct {
	features []uint32
	plain    int
	tag      uint8
}

// nameLearner learns the weights.
type nameLearner struct {
	lessons []lesson
	weight  [][modelTags]float32
	square  [][modelTags]float32 // sums of squared gradients
	step    [modelTags][modelTags]float32
	stepSq  [modelTags][modelTags]float32
}

func newNameLearner() *nameLearner {
	l := &nameLearner{weight: make([][modelTags]float32, 1<<modelBits), square: make([][modelTags]float32, 1<<modelBits)}
	l.step[tagOther][tagIn] = -6 // no name begins with a further character
	return l
}

// add takes the windows of a text that Find would look at.
func (l *nameLearner) add(a *annotated) {
	b := &Block{Text: a.text}
	placeSet().Scan(b.Text, &b.Evidence)
	s := nameSearch{b: b, text: b.Text, emit: func(Finding) {}}
	s.japanese()
	m := s.tagger
	if m == nil {
		return
	}
	var list featureList
	m.windows(a.text, func(from, to int) {
		m.each(a.text, from, to, func([]nameHint) {
			var x lesson
			for i := range m.w.n {
				m.w.features(i, &list)
				c := lessonChar{features: slices.Clone(list.at[:list.n]), plain: list.plain}
				at := m.w.at[i]
				for _, n := range a.names {
					switch {
					case at == n.start:
						c.tag = tagBegin
					case at > n.start && at < n.end:
						c.tag = tagIn
					}
				}
				x.chars = append(x.chars, c)
			}
			l.lessons = append(l.lessons, x)
		})
	})
}

// learn goes over the lessons a number of rounds.
func (l *nameLearner) learn(rounds int) {
	const blind = 0.3
	r := rand.New(rand.NewPCG(1, 7))
	sum := make([][modelTags]float32, len(l.weight))
	var stepSum [modelTags][modelTags]float32
	for range rounds {
		r.Shuffle(len(l.lessons), func(i, j int) { l.lessons[i], l.lessons[j] = l.lessons[j], l.lessons[i] })
		for i := range l.lessons {
			l.take(&l.lessons[i], r.Float64() < blind, r)
		}
		for i := range sum {
			for k, v := range l.weight[i] {
				sum[i][k] += v / float32(rounds)
			}
		}
		for i := range stepSum {
			for k, v := range l.step[i] {
				stepSum[i][k] += v / float32(rounds)
			}
		}
	}
	l.weight, l.step = sum, stepSum
}

// take makes a step for one window; blind, without what the rules say. It leaves out
// half of the features by chance, so that none learns to count on a rare one beside it
// (Srivastava and others 2014).
func (l *nameLearner) take(x *lesson, blind bool, r *rand.Rand) {
	const dropped = 0.5
	n := len(x.chars)
	seen := make([][]uint32, n)
	score := make([][modelTags]float64, n)
	for i := range x.chars {
		features := x.chars[i].features
		if blind {
			features = features[:x.chars[i].plain]
		}
		for _, f := range features {
			if r.Float64() < dropped {
				continue
			}
			seen[i] = append(seen[i], f)
			for k, v := range l.weight[f] {
				score[i][k] += float64(v) / (1 - dropped)
			}
		}
	}
	// Forward and backward, in logarithms.
	ahead, back := make([][modelTags]float64, n), make([][modelTags]float64, n)
	for i := range n {
		for k := range modelTags {
			if i == 0 {
				ahead[i][k] = score[i][k] + float64(l.step[tagOther][k])
				continue
			}
			var v [modelTags]float64
			for j := range v {
				v[j] = ahead[i-1][j] + float64(l.step[j][k])
			}
			ahead[i][k] = score[i][k] + logSum(v)
		}
	}
	for i := n - 2; i >= 0; i-- {
		for k := range modelTags {
			var v [modelTags]float64
			for j := range v {
				v[j] = float64(l.step[k][j]) + score[i+1][j] + back[i+1][j]
			}
			back[i][k] = logSum(v)
		}
	}
	total := logSum(ahead[n-1])
	for i := range x.chars {
		c := &x.chars[i]
		var d [modelTags]float32
		for k := range d {
			d[k] = float32(math.Exp(ahead[i][k] + back[i][k] - total))
		}
		d[c.tag]--
		const settled = 1e-3
		if d[tagOther] < settled && d[tagOther] > -settled && d[tagBegin] < settled && d[tagBegin] > -settled {
			continue
		}
		for _, f := range seen[i] {
			for k := range d {
				descend(&l.weight[f][k], &l.square[f][k], d[k])
			}
		}
		from := uint8(tagOther)
		if i > 0 {
			from = x.chars[i-1].tag
		}
		for j := range modelTags {
			for k := range modelTags {
				var e float32
				switch {
				case i > 0:
					e = float32(math.Exp(ahead[i-1][j] + float64(l.step[j][k]) + score[i][k] + back[i][k] - total))
				case j == tagOther:
					e = float32(math.Exp(ahead[0][k] + back[0][k] - total))
				}
				if j == int(from) && k == int(c.tag) {
					e--
				}
				descend(&l.step[j][k], &l.stepSq[j][k], e)
			}
		}
	}
}

func descend(w, squares *float32, d float32) {
	const rate, shrink = 0.02, 3e-4
	d += shrink * *w
	*squares += d * d
	*w -= rate * d / float32(math.Sqrt(float64(*squares)+0.1))
}

func logSum(v [modelTags]float64) float64 {
	m := max(v[0], v[1], v[2])
	return m + math.Log(math.Exp(v[0]-m)+math.Exp(v[1]-m)+math.Exp(v[2]-m))
}

// model writes the weights as readModelWeights reads them: only differences to
// those of other characters count, and they are rounded to 255 steps.
func (l *nameLearner) model() []byte {
	var most float32
	for _, w := range l.weight {
		most = max(most, abs(w[tagBegin]-w[tagOther]), abs(w[tagIn]-w[tagOther]))
	}
	scale := most / 127
	out := binary.LittleEndian.AppendUint32(nil, math.Float32bits(scale))
	for _, row := range l.step {
		for _, v := range row {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	for _, w := range l.weight {
		for _, k := range [...]int{tagBegin, tagIn} {
			out = append(out, byte(int8(math.Round(float64((w[k]-w[tagOther])/scale)))))
		}
	}
	return out
}

func abs(v float32) float32 { return max(v, -v) }

// tellNames logs how the names of texts are found.
func tellNames(t *testing.T, texts []*annotated) {
	var bins [10][2]int
	for _, least := range []float32{0.3, 0.5, 0.7, 0.8} {
		var found, right, gold, recalled, kanji, kanjiRecalled, exact int
		for _, a := range texts {
			b := &Block{Text: a.text}
			placeSet().Scan(b.Text, &b.Evidence)
			var spans []Finding
			names{}.Find(b, func(f Finding) {
				if f.Confidence >= least {
					spans = append(spans, f)
				}
			})
			spans = new(resolver).resolve(spans)
			overlaps := func(s span16, f Finding) bool { return f.Start < int(s.end) && int(s.start) < f.End }
			for _, f := range spans {
				found++
				ok := slices.ContainsFunc(a.names, func(s span16) bool { return overlaps(s, f) })
				if ok {
					right++
				}
				if slices.Contains(a.names, span16{int32(f.Start), int32(f.End)}) {
					exact++
				}
				if least == 0.3 {
					bin := &bins[min(9, int(f.Confidence*10))]
					bin[0]++
					if ok {
						bin[1]++
					}
				}
			}
			for _, s := range a.names {
				gold++
				ok := slices.ContainsFunc(spans, func(f Finding) bool { return overlaps(s, f) })
				pure := true
				for _, r := range string(a.text[s.start:s.end]) {
					pure = pure && (scriptOf(r) == scriptKanji || r == ' ')
				}
				if ok {
					recalled++
				}
				if pure {
					kanji++
					if ok {
						kanjiRecalled++
					}
				}
			}
		}
		p, r := share(right, found), share(recalled, gold)
		t.Logf("confidence %.1f: %d names, %d found, precision %.3f, recall %.3f, F1 %.3f; of names in kanji %.3f; exact %.3f", least, gold, found, p, r, 2*p*r/(p+r), share(kanjiRecalled, kanji), share(2*exact, gold+found))
	}
	for i, b := range bins {
		if b[0] > 0 {
			t.Logf("confidence %.1f: %d found, %.2f right", float64(i)/10, b[0], share(b[1], b[0]))
		}
	}
}

func share(a, b int) float64 { return float64(a) / float64(max(b, 1)) }
