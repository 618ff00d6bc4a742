// Package object reads the objects that a PDF file is made of (ISO 32000-2,
// section 7): tokens, cross-reference tables and streams, object streams,
// filters, and the encryption of documents that open without a password.
//
// It is made for files that break the rules: wrong offsets and lengths, missing
// tables, damaged streams. Nothing in a file is an error to it; what cannot be
// had is null, and File.Faults tells that it could not be. Work is bounded by
// the part.Budget. A File is not safe for concurrent use.
package object

// Name is a name object without its slash.
type Name string

// String is a string object, decrypted.
type String []byte

// Ref is an indirect reference.
type Ref struct{ Num, Gen int }

// Array is an array object.
type Array []any

// Dict is a dictionary object.
type Dict map[Name]any

// Keyword is a token that is none of the other objects: an operator in a
// content stream, "obj", "endobj".
type Keyword string

// End is what a Lexer returns where its bytes end.
type End struct{}

// Stream is a stream object. Its bytes stay in the file until they are read.
type Stream struct {
	Dict Dict
	Ref  Ref // of the stream itself

	at, size int64
	plain    bool   // not encrypted, though the file is
	inline   []byte // where they are not in the file
}

// Inline returns a stream of bytes that stand amid the content of a page.
func Inline(d Dict, data []byte) *Stream {
	return &Stream{Dict: d, at: -1, size: int64(len(data)), plain: true, inline: data}
}

// Number returns a number as float64.
func Number(o any) (float64, bool) {
	switch v := o.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
