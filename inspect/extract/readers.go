// Package extract reads containers and documents: archives, office files. Each
// format is one file and one Reader, known by its content.
package extract

import "github.com/sekimori-dlp/sekimori/inspect/part"

// Readers returns the readers in order of trial. They are tried before those
// of package decode, whose last one takes anything; a part with content
// encodings is none of theirs.
func Readers() []part.Reader { return nil }
