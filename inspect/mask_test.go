package inspect

import (
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

func TestMask(t *testing.T) {
	tests := []struct {
		typ         Type
		value, want string
	}{
		{detect.Card, "4111-1111-1111-1111", "4***-****-****-1111"},
		{detect.Card, "4111111111111111", "4***********1111"},
		{detect.Email, "taro.yamada@mail.example.co.jp", "t***@m***.jp"},
		{detect.Email, "a@b.jp", "***@***.jp"},
		{detect.Name, "山田太郎", "山＊＊＊"},
		{detect.Name, "山田 太郎", "山＊ ＊＊"},
		{detect.Name, "John Smith", "J*** S****"},
		{detect.Phone, "090-1234-5678", "090-****-**78"},
		{detect.Phone, "+81 90 1234 5678", "+81 9* **** **78"},
		{detect.MyNumber, "1234 5678 9018", "**** **** **18"},
		{detect.Birthdate, "1980年1月2日", "****年*月*日"},
		{detect.Address, "東京都千代田区永田町1-7-1", "東京都＊＊＊＊＊＊＊*-*-*"},
		{"CIRCUIT_ID", "CAF0123456789", "C************"},
		{detect.Postal, "100-0014", "100-****"},
	}
	for _, tt := range tests {
		if got := mask(tt.typ, []byte(tt.value)); got != tt.want {
			t.Errorf("a value of %s is masked as %q, want %q", tt.typ, got, tt.want)
		}
	}
}
