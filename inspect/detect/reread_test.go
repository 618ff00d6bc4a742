package detect

import (
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// TestReread reads values that no detector reads as they are written: each text holds
// one, after ⟦ and before ⟧, or none that is to be found.
func TestReread(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Type
	}{
		{"電話 ⟦〇三(三四五六)七八九〇⟧", Phone},
		{"電話番号は別。電話:⟦〇九〇ー三四五六ー七八九〇⟧", Phone},
		{"TEL ⟦O277-5O-5827⟧", Phone},
		{"電話番号: ⟦零九零-四八弐七-五参壱六⟧ です", Phone},
		{"携帯: ⟦O9O-3456-7890⟧", Phone},
		{"携帯電話番号：⟦О9О-4827-5316⟧\n", Phone},
		{"マイナンバー ⟦四〇七一八二九三六四五九⟧", MyNumber},
		{"マイナンバー: ⟦4071  8293  6459⟧", MyNumber},
		{"カード番号 ⟦四五三二八一九〇七二六四五三〇四⟧", Card},
		{"生年月日: ⟦壱九八五年参月弐五日⟧", Birthdate},
		{"生年月日: ⟦千九百八十五年三月二十五日⟧", Birthdate},
		{"生年月日: ⟦昭和六拾年三月二十日⟧", Birthdate},
		{"生年月日: ⟦1 9 8 5 年 3 月 2 5 日⟧", Birthdate},
		{"生年月日: ⟦1985 03 25⟧", Birthdate},
		{"郵便番号: ⟦一五〇-〇〇〇二⟧", Postal},
		{"住所 〒⟦1 5 0 - 0 0 0 2⟧", Postal},
		{"郵便番号: ⟦150-\n0002⟧\n", Postal},
		{"運転免許証番号: ⟦3019\n82045750⟧\n", Driver},
		{"旅券番号: ⟦ТК48271９3⟧", Passport},
		{"在留カード番号: ⟦A B 4 8 2 7 1 9 3 5 C D⟧", Residence},
		{"基礎年金番号: ⟦4827・193506⟧", Pension},
		{"口座番号 普通 ⟦四八二七一九三⟧", Bank},
		{"車両番号: ⟦品川 三〇〇 あ 四八ー二七⟧", Plate},
		{"SSN: ⟦4 8 2 - 7 1 - 9 3 5 0⟧", SSN},
		{"IBAN: ⟦gb82 west 1234 5698 7654 32⟧\nKind regards", IBAN},
		{"⟦k e i k o @ e x a m p l e . j p⟧", Email},
		{"メール: ⟦keiko @ example.jp⟧", Email},
		{"メール: ⟦keiko@\nexample.jp⟧\n", Email},
		{"住所: ⟦東 京 都 渋 谷 区 神 南 1 - 2 - 3⟧", Address},
		{"番号,郵便番号\n1,⟦一五〇-〇〇〇二⟧\n2,160-0022\n", Postal},
		{"番号,運転免許証番号\n1,⟦３０１９・８２０４・５７５０⟧\n2,\n", Driver},
		{`{"基礎年金番号":"⟦４ ８ ２ ７ １ ９ ３ ５ ０ ６⟧"}`, Pension},

		{"電話一本で解決", ""},
		{"電話番号: 三四五六七八九〇一二", ""},
		{"〇三三四五六七八九〇", ""},
		{"電話番号: ○○○-○○○○-○○○○", ""},
		{"口座番号: ○○○○○○○", ""},
		{"郵便番号: 〇〇〇-〇〇〇〇", ""},
		{"マイナンバー: 四〇七一八二九三六四五八", ""},
		{"office: lOOl oil", ""},
		{"i @ j . k", ""},
		{"@ decorated . name", ""},
	} {
		before, rest, _ := strings.Cut(tt.text, "⟦")
		value, after, _ := strings.Cut(rest, "⟧")
		text := before + value + after
		found := ""
		for _, r := range whole(text, part.Auto) {
			found += r
		}
		switch want := string(tt.want) + "=" + normal.String(value) + "@"; {
		case tt.want == "" && found != "":
			t.Errorf("%q: found %s", text, found)
		case tt.want != "" && !strings.Contains(found, want):
			t.Errorf("%q: found %q, want %s", text, found, want)
		}
	}
}
