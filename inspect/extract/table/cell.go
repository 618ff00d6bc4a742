package table

import "strconv"

// Cell names a cell as spreadsheets do, by its row and column, both from 1: "C12".
// It is empty if there is no such cell.
func Cell(row, column int) string {
	if row < 1 || column < 1 {
		return ""
	}
	var letters [8]byte
	i := len(letters)
	for ; column > 0 && i > 0; column = (column - 1) / 26 {
		i--
		letters[i] = byte('A' + (column-1)%26)
	}
	return string(letters[i:]) + strconv.Itoa(row)
}
