package detect

import "testing"

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, digits string
		want         bool
	}{
		{"none", "123", true},
		{"luhn", "4539578763621486", true},
		{"luhn", "4539578763621487", false},
		{"luhn", "45395787x3621486", false},
		{"ean", "4901234567894", true},
		{"ean", "4901234567895", false},
		{"isbn10", "4003101014", true},
		{"mod97", "3214282912345698765432161182", true}, // GB82 WEST 1234 5698 7654 32, letters as numbers, moved
		{"mod97", "WEST12345698765432GB82", true},
		{"mod97", "WEST12345698765432GB83", false},
		{"my-number", "123456789018", true},
		{"my-number", "123456789019", false},
		{"my-number", "12345678901", false},
		{"corporate-number", "7000012050002", true}, // 国税庁, as published
		{"corporate-number", "7000012050003", false},
		{"driver-licence", "301234567820", false},
		{"mod11:6,5,4,3,2,7,6,5,4,3,2", "123456789018", true},
		{"mod11:6,5,4", "123456789018", false},
		{"mod10:3,1,3", "1236", true}, // 3+2+9 = 14, and 6 makes 20
		{"mod10:3,1,3", "1235", false},
		{"mod10:3,1,3", "12a6", false},
	} {
		f, ok := Check(c.name)
		if !ok {
			t.Errorf("%s: unknown", c.name)
			continue
		}
		if got := f([]byte(c.digits)); got != c.want {
			t.Errorf("%s(%s) = %v", c.name, c.digits, got)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, name := range []string{"", "lun", "mod11", "mod11:", "mod11:1,x", "mod10:300", "mod12:1,2",
		"mod10:1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"} {
		if _, ok := Check(name); ok {
			t.Errorf("Check(%q) is known", name)
		}
	}
}

func TestChecksTakeAnything(t *testing.T) {
	for name, f := range checks {
		for _, s := range []string{"", "0", "x", "1234567890123456789012345678901234567890", "\xff\xfe"} {
			f([]byte(s)) // must not panic
		}
		if name != "none" && f([]byte("")) {
			t.Errorf("%s accepts nothing", name)
		}
	}
	f, _ := Check("mod11:1,2")
	if f(nil) {
		t.Error("mod11 accepts nothing")
	}
}
