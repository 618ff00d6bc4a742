package detect

import "testing"

func TestPostals(t *testing.T) {
	checkMarked(t, postals{}, 0.5, []string{
		"〒【100-0005】 東京都千代田区丸の内1-1-1",
		"〒【1000005】東京都千代田区",
		"〒 【060-0001】",
		"【100-0005】,東京都千代田区丸の内1-1-1",
		"【600-8001】\n京都府京都市下京区",
		// The code lies in another prefecture: not told from an order number.
		"100-0005,沖縄県那覇市1-1",
		"123-4567",
		"ISBN 978-4-00-000-0000",
		"03-1234-5678",
		"100-0005-1234 東京都",
	})
}

func TestPostalAgreement(t *testing.T) {
	confidence := func(text string) (c float32, valid bool) {
		b := &Block{Text: []byte(text)}
		placeSet().Scan(b.Text, &b.Evidence)
		postals{}.Find(b, func(f Finding) { c, valid = f.Confidence, f.Validated })
		return c, valid
	}
	right, valid := confidence("〒100-0005 東京都千代田区")
	wrong, invalid := confidence("〒100-0005 沖縄県那覇市")
	if right < 0.95 || !valid || wrong > 0.7 || invalid {
		t.Errorf("agreeing %.2f validated %v, contradicting %.2f validated %v", right, valid, wrong, invalid)
	}
}
