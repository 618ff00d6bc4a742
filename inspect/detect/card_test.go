package detect

import "testing"

func TestCardForms(t *testing.T) {
	checkSightings(t, card{}, []sighting{
		{text: "カード番号 4532-8190-7264-5304", own: LCard, value: "4532-8190-7264-5304", kind: Card, lo: .98},
		{text: "４５３２ ８１９０ ７２６４ ５３０４", value: "4532 8190 7264 5304", kind: Card, lo: .9},
		{text: "4532‐8190―7264－5304", value: "4532-8190-7264-5304", kind: Card, lo: .9},
		{text: "4532ー8190ー7264ー5304", value: "4532ー8190ー7264ー5304", kind: Card, lo: .9},
		{text: "5456182739046179", value: "5456182739046179", kind: Card, lo: .5, hi: .79},
		{text: "5456182739046179,tanaka@example.com", value: "5456182739046179", kind: Card, lo: .8},
		{text: "2221983746501820 12/28", value: "2221983746501820", kind: Card, lo: .95},
		{text: "3749 826173 04651", value: "3749 826173 04651", kind: Card, lo: .9},
		{text: "3607 219384 6505", value: "3607 219384 6505", kind: Card, lo: .9},
		{text: "JCB 3534.9182.7364.5012", value: "3534.9182.7364.5012", kind: Card, lo: .9},
		{text: "6011938472615033", near: LCVV, value: "6011938472615033", kind: Card, lo: .95},
		{text: "6209-3847-1625-3046", value: "6209-3847-1625-3046", kind: Card, lo: .85},
		{text: "4 5 3 2 8 1 9 0 7 2 6 4 5 3 0 4", own: LCard, value: "4 5 3 2 8 1 9 0 7 2 6 4 5 3 0 4", kind: Card, lo: .9},
		{text: "4532-8190-\n7264-5304", own: LCard, value: "4532-8190-\n7264-5304", kind: Card, lo: .9},
		{text: "4532  8190  7264  5304", own: LCard, value: "4532  8190  7264  5304", kind: Card, lo: .98},
		{text: "4532  8190  7264  5304", value: "4532  8190  7264  5304", kind: Card, lo: .3, hi: .7}, // columns can look so
		{text: "4111 1111 1111 1111", value: "4111 1111 1111 1111", kind: TestCard, lo: .9},
		{text: "378282246310005", value: "378282246310005", kind: TestCard, lo: .9},
		{text: "5456182739046179", own: LOrder, value: "5456182739046179", kind: Card, lo: .05, hi: .4},
	})
}

func TestCardIsNone(t *testing.T) {
	checkSightings(t, card{}, []sighting{
		{text: "4532-8190-7264-5305", own: LCard, hi: .01},            // Luhn
		{text: "9532819072645304", own: LCard, hi: .01},               // no issuer
		{text: "0.4532819072645304", hi: .01},                         // a fraction
		{text: "a4532819072645304", hi: .01},                          // within a word
		{text: "45328190726453041", hi: .01},                          // longer
		{text: "4532-8190-7264-5304-1111-2222", hi: .01},              // goes on
		{text: "4444444444444448", hi: .01},                           // one digit
		{text: "JAN 4901234567894 4512345678906", hi: .3},             // JAN codes
		{text: "4 5 3 2 8 1 9 0 7 2 6 4 5 3 0 4", hi: .01},            // a column of digits
		{text: "2024 2025 2026 2027 4532 8190 7264", own: 0, hi: .01}, // years
	})
}

func TestIssuersAscend(t *testing.T) {
	for i := 1; i < len(issuers); i++ {
		if issuers[i].from <= issuers[i-1].to {
			t.Errorf("range from %d overlaps the one before", issuers[i].from)
		}
	}
}

func TestPublishedTestCardsAreCards(t *testing.T) {
	for _, c := range testCards {
		if !luhn([]byte(c)) || issuer([]byte(c)) == notCard {
			t.Errorf("%s: Luhn %v, issuer %v", c, luhn([]byte(c)), issuer([]byte(c)))
		}
	}
}
