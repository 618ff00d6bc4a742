package service

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Span is a run of bytes of a body.
type Span struct {
	At   int64 // in the body
	Size int64
	From int64 // in what the spans make up
}

// Spans are runs that follow one another.
type Spans []Span

// Size is what they make up.
func (s Spans) Size() int64 {
	if len(s) == 0 {
		return 0
	}
	last := s[len(s)-1]
	return last.From + last.Size
}

// Of returns what the spans of body make up.
func (s Spans) Of(body io.ReaderAt) *io.SectionReader {
	return io.NewSectionReader(spansOf{s, body}, 0, s.Size())
}

type spansOf struct {
	spans Spans
	body  io.ReaderAt
}

func (s spansOf) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	i := sort.Search(len(s.spans), func(i int) bool { return s.spans[i].From+s.spans[i].Size > off })
	for ; i < len(s.spans) && n < len(p); i++ {
		in := off + int64(n) - s.spans[i].From
		k := int(min(int64(len(p)-n), s.spans[i].Size-in))
		m, err := s.body.ReadAt(p[n:n+k], s.spans[i].At+in)
		if n += m; m < k {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// streamed reports whether the body is declared to be in aws-chunked, which
// clients do in one of two fields, or in both.
func streamed(h http.Header) bool {
	return strings.HasPrefix(h.Get("X-Amz-Content-Sha256"), "STREAMING-") || strings.Contains(h.Get("Content-Encoding"), "aws-chunked")
}

var (
	// The signature is that of SigV4 (64 digits) or of SigV4A, which is padded.
	chunkHead = regexp.MustCompile(`^([0-9A-Fa-f]{1,16})(?:;chunk-signature=[0-9a-f]{64,144}\**)?$`)
	trailer   = regexp.MustCompile(`(?i)^(x-amz-checksum-[a-z0-9]{1,16}:[ ]?[A-Za-z0-9+/=]{4,100}|x-amz-trailer-signature:[0-9a-f]{64,144}\**)$`)

	errChunked = errors.New("not aws-chunked")
)

// maxTrailers bounds the lines behind the last chunk.
const maxTrailers = 5

// maxSpans bounds the chunks of a body: S3 takes none below 8 KiB but the last.
const maxSpans = 1 << 19

// awsChunked finds the content of a body in aws-chunked
// (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html, and
// sigv4-streaming-trailers.html). The grammar is taken at its strictest: what
// could carry anything beside the content is an error, and the body then
// counts as it stands.
func awsChunked(body io.ReaderAt, size int64) (Spans, error) {
	var spans Spans
	var total int64
	at := int64(0)
	if body == nil {
		return nil, errChunked
	}
	for {
		line, err := crlf(body, at, size)
		m := chunkHead.FindSubmatch(line)
		if err != nil || m == nil || len(spans) == maxSpans {
			return nil, errChunked
		}
		n, err := strconv.ParseInt(string(m[1]), 16, 63)
		at += int64(len(line)) + 2
		if err != nil || n > size-at {
			return nil, errChunked
		}
		if n == 0 {
			break
		}
		var end [2]byte
		if _, err := body.ReadAt(end[:], at+n); err != nil && err != io.EOF || string(end[:]) != "\r\n" {
			return nil, errChunked
		}
		spans = append(spans, Span{At: at, Size: n, From: total})
		total, at = total+n, at+n+2
	}
	for n := 0; at < size; n++ { // trailing fields, and empty lines at the end
		line, err := crlf(body, at, size)
		if err != nil || n == maxTrailers || len(line) > 0 && !trailer.Match(line) {
			return nil, errChunked
		}
		at += int64(len(line)) + 2
	}
	if spans == nil {
		spans = Spans{} // empty, but known
	}
	return spans, nil
}

// crlf reads the line at a place, without its end.
func crlf(body io.ReaderAt, at, size int64) ([]byte, error) {
	var b [256]byte
	n, err := body.ReadAt(b[:min(int64(len(b)), size-at)], at)
	if err != nil && err != io.EOF {
		return nil, err
	}
	line, _, ok := bytes.Cut(b[:n], []byte("\r\n"))
	if !ok {
		return nil, errChunked
	}
	return line, nil
}
