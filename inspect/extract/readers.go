// Package extract reads containers and documents: archives and office files. A
// format is one Reader in one or two files, known by its content.
//
// Members of archives are nested parts of their own. Office files give their
// sheets as tables and their texts as prose; whatever else is in them (images,
// embedded files, properties) is a nested part like the members of an archive.
// Formats that have no reader here end as unknown in package decode, with their
// name.
package extract

import "github.com/sekimori-dlp/sekimori/inspect/part"

// Readers returns the readers in order of trial. They are tried before those
// of package decode, whose last one takes anything; a part with content
// encodings is none of theirs.
func Readers() []part.Reader {
	return []part.Reader{table{}, office{}, zipArchive{}, tarArchive{}}
}
