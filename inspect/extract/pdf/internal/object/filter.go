package object

import (
	"bufio"
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// MaxData is how much of one stream Data gives, at most.
const MaxData = 64 << 20

const maxFilters = 16

// Data returns what a stream holds, as far as it can be had, at most MaxData
// bytes. The error says why it is not all: a part.Fault or one of the budget.
// Data behind a picture filter is given as it is.
func (f *File) Data(s *Stream) ([]byte, error) {
	r, _ := f.Reader(s)
	data, err := io.ReadAll(io.LimitReader(r, MaxData+1))
	if err != nil {
		f.fail(err)
		return data, err
	}
	if len(data) > MaxData {
		return data[:MaxData], &part.Fault{Reason: part.TooLarge, Detail: "a stream over 64 MiB"}
	}
	return data, nil
}

// fail remembers an error if it is the budget's.
func (f *File) fail(err error) {
	if over := f.b.Spend(f.ctx, 0); over != nil && f.err == nil {
		f.err = over
	}
}

// Raw returns the bytes of a stream as they are in the file, decrypted.
func (f *File) Raw(s *Stream) io.Reader {
	if s.at < 0 {
		return bytes.NewReader(s.inline)
	}
	r := io.Reader(io.NewSectionReader(f.src.r, s.at, s.size))
	if f.crypt != nil && !s.plain {
		return f.crypt.stream(f, s, r)
	}
	return r
}

// Reader returns a reader of what a stream holds, and the name of the picture
// filter it is still behind, "" if none.
func (f *File) Reader(s *Stream) (io.Reader, Name) {
	r := io.Reader(part.NewMeter(f.ctx, f.b, "pdf", bufio.NewReaderSize(f.Raw(s), int(min(max(s.size, 16), 16<<10)))))
	f.read[s.at] = true
	names := f.Array(first(s.Dict, "Filter", "F"))
	params := f.Array(first(s.Dict, "DecodeParms", "DP"))
	if len(names) > maxFilters {
		return faulty{&part.Fault{Reason: part.DecodeError, Detail: "too many filters"}}, ""
	}
	for i, o := range names {
		var p Dict
		if i < len(params) {
			p = f.Dict(params[i])
		}
		name := f.Name(o)
		switch name {
		case "FlateDecode", "Fl":
			r = f.predict(inflate(r), p)
		case "LZWDecode", "LZW":
			r = f.predict(&lzwReader{src: byteReader(r), early: f.Int(p["EarlyChange"], 1) != 0}, p)
		case "ASCII85Decode", "A85":
			r = &ascii85Reader{src: byteReader(r)}
		case "ASCIIHexDecode", "AHx":
			r = &hexReader{src: byteReader(r)}
		case "RunLengthDecode", "RL":
			r = &runReader{src: byteReader(r)}
		case "Crypt":
			continue // see crypt.stream
		case "DCTDecode", "DCT", "JPXDecode", "CCITTFaxDecode", "CCF", "JBIG2Decode":
			return r, name
		default:
			return faulty{&part.Fault{Reason: part.DecodeError, Detail: "an unknown filter"}}, ""
		}
		r = part.NewMeter(f.ctx, f.b, "pdf", r)
	}
	return r, ""
}

// Parameters returns those of the last filter of a stream.
func (f *File) Parameters(s *Stream) Dict {
	params := f.Array(first(s.Dict, "DecodeParms", "DP"))
	if n := len(f.Array(first(s.Dict, "Filter", "F"))); n > 0 && n <= len(params) {
		return f.Dict(params[n-1])
	}
	return nil
}

// first returns the first of the keys that a dictionary has: those of inline
// pictures are short.
func first(d Dict, keys ...Name) any {
	for _, k := range keys {
		if v := d[k]; v != nil {
			if _, isFile := v.(String); isFile {
				continue // F of a stream may be a file's name
			}
			return v
		}
	}
	return nil
}

func byteReader(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, 4<<10) }

// faulty is a reader that has come to an error.
type faulty struct{ err error }

func (f faulty) Read([]byte) (int, error) { return 0, f.err }

// inflate reads zlib, or deflate if the zlib header is missing. Checksums are
// not checked: what is there is wanted.
func inflate(r io.Reader) io.Reader {
	b := byteReader(r)
	for range 2 { // ends of line that do not belong there
		if h, _ := b.Peek(1); len(h) == 1 && (h[0] == '\r' || h[0] == '\n') {
			b.Discard(1)
		}
	}
	if h, _ := b.Peek(2); len(h) == 2 && h[0]&0x0f == 8 && (int(h[0])<<8|int(h[1]))%31 == 0 {
		b.Discard(2)
	} else if len(h) == 0 {
		return bytes.NewReader(nil)
	} else if h[0] == 0x78 || h[0] == 0x48 || h[0] == 0x58 || h[0] == 0x68 {
		b.Discard(2) // a wrong check
	}
	z := inflaters.Get().(io.ReadCloser)
	if err := z.(flate.Resetter).Reset(b, nil); err != nil {
		return faulty{err}
	}
	return &inflater{z: z}
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflater lets go of its decoder at the end.
type inflater struct {
	z   io.ReadCloser
	err error
}

func (r *inflater) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.z.Read(p)
	if r.err = err; err != nil {
		inflaters.Put(r.z)
		r.z = nil
	}
	return n, err
}

// predict undoes the predictor that p names, if one.
func (f *File) predict(r io.Reader, p Dict) io.Reader {
	kind := f.Int(p["Predictor"], 1)
	if kind < 2 {
		return r
	}
	colors, bits, columns := f.Int(p["Colors"], 1), f.Int(p["BitsPerComponent"], 8), f.Int(p["Columns"], 1)
	if colors < 1 || colors > 32 || bits < 1 || bits > 16 || columns < 1 || columns > 1<<20 {
		return faulty{&part.Fault{Reason: part.DecodeError, Detail: "an impossible predictor"}}
	}
	return &predictor{
		src: bufio.NewReader(r), png: kind >= 10, bits: bits, colors: colors,
		pixel: max(1, colors*bits/8),
		row:   make([]byte, (colors*bits*columns+7)/8), before: make([]byte, (colors*bits*columns+7)/8),
	}
}
