package detect

import "strings"

//go:generate go run gen_phone_plan.go

// lineKind tells what a Japanese number reaches.
type lineKind uint8

const (
	noLine      lineKind = iota
	fixedLine            // 0AB–J
	mobileLine           // 060, 070, 080, 090
	ipLine               // 050
	machineLine          // 020: pagers and machines
	serviceLine          // 0120, 0800, 0570, 0990, 0180: known, not personal
	unknownLine          // ten digits from 0 on, but no area code in use
)

// areaLengths gives, for the four digits after the trunk 0, the length of the
// area code with its 0; 0 where no area code begins so. From areaPrefixes.
var areaLengths = func() (table [10000]uint8) {
	for _, a := range areaPrefixes {
		for prefix := range strings.FieldsSeq(a.prefixes) {
			from, step := number([]byte(prefix)), 1
			for range 4 - len(prefix) {
				from, step = from*10, step*10
			}
			for p := from; p < from+step; p++ {
				table[p] = a.length
			}
		}
	}
	return table
}()

// planJapan looks a national number, trunk 0 included, up in the numbering
// plan of the Ministry of Internal Affairs and Communications. head is the
// length of its area code or service prefix.
func planJapan(d []byte) (kind lineKind, head int) {
	if len(d) < 10 || len(d) > 11 || d[0] != '0' {
		return noLine, 0
	}
	three := int(d[1]-'0')*10 + int(d[2]-'0')
	if len(d) == 11 {
		switch {
		case three == 80 && d[3] == '0':
			return serviceLine, 4
		case d[3] == '0':
			return noLine, 0
		case three == 60 || three == 70 || three == 80 || three == 90:
			return mobileLine, 3
		case three == 50:
			return ipLine, 3
		case three == 20:
			return machineLine, 3
		}
		return noLine, 0
	}
	switch four := three*10 + int(d[3]-'0'); four {
	case 120, 570, 990, 180, 170:
		return serviceLine, 4
	}
	if l := int(areaLengths[number(d[1:5])]); l > 0 && d[l] != '0' {
		return fixedLine, l
	}
	return unknownLine, 0
}

// writtenJapan judges how the first k groups are cut: 2 as the plan has it,
// 1 in another usual way, 0 neither.
func writtenJapan(n *numeral, k int, kind lineKind, head int) int {
	size := n.size[:k]
	if k == 1 {
		return 0
	}
	switch kind {
	case fixedLine, unknownLine:
		switch {
		case k == 3 && int(size[0]) == head && size[2] == 4:
			return 2
		case k == 3 && size[2] == 4 && size[0] >= 2 && size[0] <= 5,
			k == 2 && int(size[0]) == head && head == 2, k == 2 && size[1] == 4: // 0467-191713 is a customer's number
			return 1
		}
	case mobileLine, ipLine, machineLine:
		switch {
		case k == 3 && size[0] == 3 && size[1] == 4:
			return 2
		case k == 2 && (size[0] == 3 || size[0] == 7), k == 3 && size[0] == 3 && size[1] == 3,
			k == 3 && size[0] == 5 && size[1] == 3, k == 3 && size[0] == 4 && size[1] == 3:
			return 1
		}
	case serviceLine:
		switch {
		case k == 3 && size[0] == 4 && (size[1] == 3 || size[1] == 2):
			return 2
		case size[0] == 4:
			return 1
		}
	}
	return 0
}
