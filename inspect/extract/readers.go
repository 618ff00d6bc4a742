// Package extract reads containers and documents: archives and office files. A
// format is one Reader in one or two files, known by its content.
//
// Members of archives are nested parts of their own. Office files give their
// sheets as tables and their texts as prose; whatever else is in them (images,
// embedded files, properties) is a nested part like the members of an archive.
// Formats that have no reader here end as unknown in package decode, with their
// name.
package extract

import (
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/extract/archive"
	"github.com/sekimori-dlp/sekimori/inspect/extract/data"
	"github.com/sekimori-dlp/sekimori/inspect/extract/git"
	"github.com/sekimori-dlp/sekimori/inspect/extract/image"
	"github.com/sekimori-dlp/sekimori/inspect/extract/mail"
	"github.com/sekimori-dlp/sekimori/inspect/extract/office"
	"github.com/sekimori-dlp/sekimori/inspect/extract/ole"
	"github.com/sekimori-dlp/sekimori/inspect/extract/pdf"
	"github.com/sekimori-dlp/sekimori/inspect/extract/rtf"
	"github.com/sekimori-dlp/sekimori/inspect/extract/table"
	"github.com/sekimori-dlp/sekimori/inspect/extract/tnef"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the readers in order of trial. They are tried before those
// of package decode, whose last one takes anything; a part with content
// encodings is none of theirs.
func Readers() []part.Reader {
	return slices.Concat(
		[]part.Reader{table.Reader{}},
		office.Readers(archive.Zip{}),
		archive.Readers(),
		mail.Readers(),
		ole.Readers(),
		rtf.Readers(),
		tnef.Readers(),
		image.Readers(),
		pdf.Readers(), // its header may stand behind other bytes, such as those of the others
		git.Readers(),
		data.Readers(), // of which some are known by their structure alone: last
	)
}
