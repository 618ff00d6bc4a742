package tomlfile

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written as a whole number or as a text with a
// unit: "64 MiB", "10MB", "1.5 GiB". KB, MB, GB, TB are powers of 1000; KiB,
// MiB, GiB, TiB of 1024.
type Size int64

// units, longer suffixes first.
var units = []struct {
	suffix string
	bytes  float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

var errSize = errors.New(`not a size; write a whole number of bytes or a text such as "10 MB" or "64 MiB"`)

// UnmarshalTOML reads a whole number or a text with a unit.
func (s *Size) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case int64:
		if v < 0 {
			return errSize
		}
		*s = Size(v)
		return nil
	case string:
		return s.UnmarshalText([]byte(v))
	}
	return errSize
}

// UnmarshalText reads a number with or without a unit.
func (s *Size) UnmarshalText(b []byte) error {
	t := strings.ToLower(strings.TrimSpace(string(b)))
	unit := 1.0
	for _, u := range units {
		if number, ok := strings.CutSuffix(t, strings.ToLower(u.suffix)); ok {
			t, unit = strings.TrimSpace(number), u.bytes
			break
		}
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil || f < 0 || math.IsNaN(f) || f*unit >= math.MaxInt64 {
		return errSize
	}
	*s = Size(f * unit)
	return nil
}

// String gives the size in the unit that leaves the smallest whole number.
func (s Size) String() string {
	best, name := int64(s), "B"
	for _, u := range units {
		if n := int64(s) / int64(u.bytes); n > 0 && n < best && int64(s)%int64(u.bytes) == 0 {
			best, name = n, u.suffix
		}
	}
	return fmt.Sprintf("%d %s", best, name)
}
