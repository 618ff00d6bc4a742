package detect

import (
	"slices"
	"strings"
	"testing"
)

// The sentences are invented; so are the names, some of which nothing lists.
func TestNameModel(t *testing.T) {
	if m := theModelWeights(); m.scale <= 0 || m.step[tagOther][tagIn] >= m.step[tagOther][tagOther] {
		t.Errorf("scale %v, steps %v", m.scale, m.step)
	}
	for _, sentence := range []string{
		"会議では【佐藤健一】が新しい計画を説明した。",
		"その後、【高橋】は会社を辞めて大阪に移った。",
		"【ジョン・スミス】の弟【マルゴネス】は後に医者となった。",
		"メニューから項目を選び、サーバーの設定を変更します。",
		"松本市の人口は増えており、福岡でも同様である。",
	} {
		text, want := marked(sentence)
		b := &Block{Text: []byte(text)}
		placeSet().Scan(b.Text, &b.Evidence)
		var got []string
		names{}.Find(b, func(f Finding) {
			if f.Confidence >= 0.5 {
				got = append(got, text[f.Start:f.End])
			}
		})
		if !slices.Equal(got, want) {
			t.Errorf("%q: found %q", sentence, got)
		}
	}
}

// A model that is cut short is noticed.
func TestNameModelDamaged(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a model cut short was read")
		}
	}()
	readModelWeights(strings.Repeat("x", modelBytes-1))
}
