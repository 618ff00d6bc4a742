package part

import (
	"context"
	"errors"
	"io"
)

// Fault is the error with which a Part's Body ends when its bytes cannot be
// had whole: a reader that decodes wraps what went wrong, so that whoever reads
// the decoded bytes can tell the reason.
type Fault struct {
	Reason Reason
	Detail string // for people, without any of the content
	Err    error  // may be nil
}

func (f *Fault) Error() string {
	s := string(f.Reason)
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// ReasonOf returns the Reason for an error met while reading a Body or
// spending from a Budget, and a detail for people.
func ReasonOf(err error) (Reason, string) {
	var f *Fault
	var x *Exhausted
	switch {
	case errors.As(err, &x):
		return x.Reason, ""
	case errors.As(err, &f):
		return f.Reason, f.Detail
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return TimedOut, ""
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Truncated, ""
	}
	return ReadError, ""
}
