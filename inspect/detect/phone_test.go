package detect

import "testing"

func TestPhoneJapan(t *testing.T) {
	checkSightings(t, phone{}, []sighting{
		{text: "電話は03-3456-7890です", value: "03-3456-7890", kind: Phone, lo: .95},
		{text: "(03)3456-7890", value: "(03)3456-7890", kind: Phone, lo: .95},
		{text: "03(3456)7890", value: "03(3456)7890", kind: Phone, lo: .95},
		{text: "０３－３４５６－７８９０", value: "03-3456-7890", kind: Phone, lo: .95},
		{text: "0426ー78ー2345", value: "0426ー78ー2345", kind: Phone, lo: .5},
		{text: "042-678-2345", value: "042-678-2345", kind: Phone, lo: .95},
		{text: "01267-2-3456", value: "01267-2-3456", kind: Phone, lo: .95},
		{text: "090-3456-7890", value: "090-3456-7890", kind: Phone, lo: .95},
		{text: "060-3456-7890", value: "060-3456-7890", kind: Phone, lo: .95},
		{text: "090 3456 7890", value: "090 3456 7890", kind: Phone, lo: .8},
		{text: "09034567890", value: "09034567890", kind: Phone, lo: .5, hi: .8},
		{text: "09034567890", own: LPhone, value: "09034567890", kind: Phone, lo: .95},
		{text: "0334567891", value: "0334567891", kind: Phone, lo: .3, hi: .6},
		{text: "0334567890", own: LPhone, value: "0334567890", kind: Phone, lo: .95},
		{text: "050-3456-7890", value: "050-3456-7890", kind: Phone, lo: .9},
		{text: "0120-345-678", value: "0120-345-678", kind: Service, lo: .9},
		{text: "0800-345-6789", value: "0800-345-6789", kind: Service, lo: .9},
		{text: "0570-034-567", value: "0570-034-567", kind: Service, lo: .9},
		{text: "+81-3-3456-7890", value: "+81-3-3456-7890", kind: Phone, lo: .9},
		{text: "+81 (0)90-3456-7890", value: "+81 (0)90-3456-7890", kind: Phone, lo: .9},
		{text: "+819034567890", value: "+819034567890", kind: Phone, lo: .9},
		{text: "0081-90-3456-7890", value: "0081-90-3456-7890", kind: Phone, lo: .6},
		{text: "TEL03-3456-7890", value: "03-3456-7890", kind: Phone, lo: .9},
		{text: "03-3456-7890(内線123)", value: "03-3456-7890(内線123", kind: Phone, lo: .9},
		{text: "090-3456-\n7890", own: LPhone, value: "090-3456-\n7890", kind: Phone, lo: .9},
		{text: "折り返しは090-\n3456-7890まで", value: "090-\n3456-7890", kind: Phone, lo: .8},
		{text: "msisdn=819034567890", own: LPhone, value: "819034567890", kind: Phone, lo: .9},
		{text: "9034567890", own: LPhone, value: "9034567890", kind: Phone, lo: .9}, // the 0 lost in a spreadsheet
		{text: "0 9 0 - 3 4 5 6 - 7 8 9 0", own: LPhone, value: "0 9 0 - 3 4 5 6 - 7 8 9 0", kind: Phone, lo: .9},
		{text: "3456-7890", own: LPhone, value: "3456-7890", kind: Phone, lo: .7},
		{text: "03-3456-7890〜92", own: LPhone, value: "03-3456-7890", kind: Phone, lo: .95},
		{text: "内線1234\n090-3456-7890", near: LPhone, value: "090-3456-7890", kind: Phone, lo: .9},
		{text: "0467-181713", hi: .3, value: "0467-181713", kind: Phone}, // the middle group is missing
		{text: "03-34567890", value: "03-34567890", kind: Phone, lo: .8},
		{text: "0312345678", own: LOrder, value: "0312345678", kind: Phone, lo: .01, hi: .3},
	})
}

func TestPhoneAbroad(t *testing.T) {
	checkSightings(t, phone{}, []sighting{
		{text: "(415) 555-0132", value: "(415) 555-0132", kind: Phone, lo: .9},
		{text: "415-555-0132", value: "415-555-0132", kind: Phone, lo: .6, hi: .85},
		{text: "415.555.0132 x985", value: "415.555.0132 x985", kind: Phone, lo: .9},
		{text: "1-415-555-0132", value: "1-415-555-0132", kind: Phone, lo: .8},
		{text: "1(567)362-8910", value: "1(567)362-8910", kind: Phone, lo: .8},
		{text: "+1 415 555 2671", value: "+1 415 555 2671", kind: Phone, lo: .9},
		{text: "+44 20 7946 0958", value: "+44 20 7946 0958", kind: Phone, lo: .9},
		{text: "020 7946 0958", value: "020 7946 0958", kind: Phone, lo: .7},
		{text: "07700 900123", own: LPhone, value: "07700 900123", kind: Phone, lo: .75},
		{text: "+39 06 698 12345", value: "+39 06 698 12345", kind: Phone, lo: .9},
		{text: "88 165 40 96", own: LPhone, value: "88 165 40 96", kind: Phone, lo: .7},
	})
}

func TestPhoneIsNone(t *testing.T) {
	for _, s := range []string{
		"2024-05-17", "2024-05-17 10:20:30", "192.168.100.200", "v1.22.333", "01-02-2024", "01/02/2024",
		"978-4-00-310101-8", "ISBN 4-00-310101-4", "4901234567894", "1234-5678-9012", "0000012345",
		"550e8400-e29b-41d4-a716-446655440000", "0312-4567-89ab", "a0334567890", "0.0334567890", "3.141592653589",
		"〒100-0001", "1,234,567,890", "12:34:56", "0x0334567890", "SN-0120-3456-7890-1111", "100 200 300",
		"-122.419-0334567890.123", "column 090\ncolumn 3456\ncolumn 7890", "090\n3456\n7890", "1 2 3 4 5 6 7 8 9 10 11",
		"03-3456-7890-1234", "UTC+09:00", "+1000000", "E+1234567", "T1480192736450", "415 users 555 rows 0132",
	} {
		checkSightings(t, phone{}, []sighting{{text: s, hi: .3}})
	}
}

func TestAreaCodes(t *testing.T) {
	for _, c := range []struct {
		number string
		kind   lineKind
		head   int
	}{
		{"0302345678", unknownLine, 0},
		{"0322345678", fixedLine, 2},
		{"0622345678", fixedLine, 2},
		{"0452345678", fixedLine, 3},
		{"0112345678", fixedLine, 3},
		{"0426782345", fixedLine, 3},
		{"0422345678", fixedLine, 4},
		{"0126723456", fixedLine, 5},
		{"0996923456", fixedLine, 5},
		{"0120345678", serviceLine, 4},
		{"09012345678", mobileLine, 3},
		{"09002345678", noLine, 0},
		{"02012345678", machineLine, 3},
		{"0002345678", unknownLine, 0},
	} {
		kind, head := planJapan([]byte(c.number))
		if kind != c.kind || head != c.head {
			t.Errorf("%s: kind %d head %d, want %d %d", c.number, kind, head, c.kind, c.head)
		}
	}
}

func TestOnePhoneInManyWritingsHasOneCanon(t *testing.T) {
	canon := ""
	for _, s := range []string{"03-3456-7890", "(03) 3456-7890", "+81 3 3456 7890", "0334567890", "0081-3-3456-7890", "+81(0)3-3456-7890"} {
		b := numberBlock(t, phone{}, s, said{own: LPhone})
		phone{}.Find(b, func(f Finding) {
			if canon == "" {
				canon = f.Canon
			}
			if f.Canon != canon {
				t.Errorf("%q is %s, others %s", s, f.Canon, canon)
			}
		})
	}
	if canon != "+81334567890" {
		t.Errorf("canonical form %s", canon)
	}
}
