package inspect

import (
	"strconv"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// at tells where in its part a finding stands, as people say it: the cell of a
// sheet, the path of a value of JSON, line and column of a list. It is empty
// where there is no more to say than the line.
func at(f *detect.Found, format string) string {
	switch {
	case f.Path != "":
		return f.Path
	case f.Column == 0:
		return ""
	case format == (table.Reader{}).Name():
		return table.Cell(f.Line, f.Column)
	}
	return strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column)
}

// Where joins a part's place with what a Finding's At tells: "顧客.xlsx »
// Sheet1!C12", "members.json » $.members[3].phone", "list.csv:12:3", and the line
// where that is all that is known: "notes.txt:7".
func Where(place string, f *Finding) string {
	switch {
	case f.At == "" && f.Line > 0:
		return place + ":" + strconv.Itoa(f.Line)
	case f.At == "":
		return place
	case f.At[0] == '$':
		if place == "" {
			return f.At
		}
		return place + part.Separator + f.At
	case f.At[0] >= 'A' && f.At[0] <= 'Z':
		if place == "" {
			return f.At
		}
		return place + "!" + f.At
	}
	return place + ":" + f.At
}
