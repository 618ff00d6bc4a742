package service

import (
	"net/http"
	"strconv"
	"strings"
)

// contentRange reads a Content-Range field (RFC 9110, 14.4). from is -1 where
// the field tells no range, total where it tells no size.
func contentRange(h http.Header) (from, to, total int64, ok bool) {
	unit, rest, _ := strings.Cut(strings.TrimSpace(h.Get("Content-Range")), " ")
	span, size, cut := strings.Cut(strings.TrimSpace(rest), "/")
	if !strings.EqualFold(strings.TrimSuffix(unit, ":"), "bytes") || !cut {
		return 0, 0, 0, false
	}
	from, to, total = -1, -1, -1
	if size != "*" {
		n, err := strconv.ParseUint(size, 10, 62)
		if err != nil {
			return 0, 0, 0, false
		}
		total = int64(n)
	}
	if span == "*" {
		return from, to, total, true
	}
	first, last, cut := strings.Cut(span, "-")
	a, err := strconv.ParseUint(first, 10, 62)
	b, err2 := strconv.ParseUint(last, 10, 62)
	if !cut || err != nil || err2 != nil || b < a || total >= 0 && int64(b) >= total {
		return 0, 0, 0, false
	}
	return int64(a), int64(b), total, true
}

// ranged makes u a piece by its Content-Range. At a service that takes pieces
// in their order, the one that reaches the end is the last.
func (u *Use) ranged(r *Request, session string, inOrder bool) bool {
	from, to, total, ok := contentRange(r.Header)
	if !ok {
		return false
	}
	p := Piece{Session: session, Trusted: inOrder, Offset: from, Total: total}
	switch {
	case from < 0 && r.Size > 0:
		return false
	case from < 0: // asks how far it is, or ends an upload whose size was not known
		p.Offset, p.Empty, p.Last = 0, true, inOrder && total >= 0
	default:
		p.Last = inOrder && to+1 == total
	}
	u.Operation, u.Pieces = Part, []Piece{p}
	return true
}

// ranges knows uploads in pieces by their Content-Range alone, wherever they
// go. What such a server does with a piece is not known.
func ranges(r *Request) *Use {
	if r.Method != http.MethodPut && r.Method != http.MethodPost && r.Method != http.MethodPatch {
		return nil
	}
	u := &Use{}
	if !u.ranged(r, "range "+r.Host+r.Path+"?"+r.Query, false) {
		return nil
	}
	u.file(base(r.Path))
	return u
}
