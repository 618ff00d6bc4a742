package charset

// eucJP is EUC-JP with Microsoft's extensions (WHATWG Encoding Standard, section
// 12.1). Half-width katakana are pairs that begin with 8E, characters of JIS X
// 0212 two bytes behind 8F.
var eucJP = pairing{
	plane: jis0208,
	leads: ranges{first: 0xa1, firstSize: 0x5e, second: 0x8e, secondSize: 1},
	other: func(b []byte) (packed, bool) {
		c := b[0]
		if c == 0x8f && len(b) > 2 && b[1] >= 0x80 {
			return jis0212()[b[1]&0x7f][b[2]], false
		}
		return 0, len(b) == 1 && (c == 0x8e || c >= 0xa1 && c < 0xff) || len(b) < 3 && c == 0x8f
	},
}
