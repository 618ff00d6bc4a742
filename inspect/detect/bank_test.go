package detect

import "testing"

func TestBank(t *testing.T) {
	checkSightings(t, bank{}, []sighting{
		{text: "みなと銀行 本町支店 普通 1234567", value: "1234567", kind: Bank, lo: .9},
		{text: "普通預金:1234567", value: "1234567", kind: Bank, lo: .9},
		{text: "1234567", own: LBank, value: "1234567", kind: Bank, lo: .9},
		{text: "0001-002-1234567", near: LBank, value: "0001-002-1234567", kind: Bank, lo: .85},
		{text: "記号 12340 番号", own: LBank, hi: .01},
		{text: "記号 12340 番号 12345671", near: LBank, value: "12340 番号 12345671", kind: Bank, lo: .8},
		{text: "12340-12345671", own: LBank, value: "12340-12345671", kind: Bank, lo: .95},
		{text: "12340 - 1 - 12345671", near: LBank, value: "12340 - 1 - 12345671", kind: Bank, lo: .85},
	})
	checkSightings(t, bank{}, []sighting{
		{text: "1234567", hi: .01},
		{text: "1234567", own: LOrder, near: LBank, hi: .01},
		{text: "第1234567号", near: LBank | LCustomer, hi: .5},
		{text: "1234567", own: LCustomer, near: LBank, hi: .01},
		{text: "v1234567", own: LBank, hi: .01},
	})
}
