package inspect

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// TestCrowd counts the people of one record that holds several.
func TestCrowd(t *testing.T) {
	family := []string{"佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村"}
	form := func(people, phones int) string {
		var b strings.Builder
		for i, f := range family[:people] {
			fmt.Fprintf(&b, "name%d=%s 太郎&", i, f)
			if i < phones {
				fmt.Fprintf(&b, "tel%d=090-1234-%04d&", i, 5600+i)
			}
		}
		return b.String()
	}
	s, err := New(Spec{Queries: []Query{{People: true, With: [][]Type{{"NAME"}, {"PHONE", "EMAIL"}}, Confidence: 0.5, AtLeast: 1}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name           string
		people, phones int
		want           int
	}{
		{"eight with numbers", 8, 8, 8},
		{"six numbers for eight names", 8, 6, 6},
		{"too few to be a crowd", 3, 3, 1},
		{"one number for all", 8, 1, 1},
	} {
		body := form(c.people, c.phones)
		root := part.Part{Path: "body", MediaType: "application/x-www-form-urlencoded", Body: strings.NewReader(body), Size: int64(len(body))}
		r := s.Scan(context.Background(), []part.Part{root}, ScanOptions{})
		if r.Answers[0] != c.want {
			t.Errorf("%s: %d people, not %d; found %v", c.name, r.Answers[0], c.want, r.Total)
		}
	}
}
