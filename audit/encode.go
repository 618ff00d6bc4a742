package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// appender is what a value of Event.Matches, Coverage or Findings may
// implement: it appends its JSON, which has to be what encoding/json accepts.
// Values that do not go through encoding/json, which takes longer than all
// the rest of an Append.
type appender interface {
	AppendJSON(dst []byte) []byte
}

// appendEvent appends ev as encoding/json would write it, without its escapes
// for HTML. The fields come in the order of the struct.
func appendEvent(dst []byte, ev *Event) ([]byte, error) {
	dst = append(dst, `{"kind":`...)
	dst = appendString(dst, ev.Kind)
	dst = append(dst, `,"time":"`...)
	dst, err := ev.Time.AppendText(dst)
	if err != nil {
		return nil, fmt.Errorf("encode time: %w", err)
	}
	dst = append(dst, '"')
	dst = text(dst, `,"incident":`, ev.Incident)
	dst = text(dst, `,"user":`, ev.User)
	dst = texts(dst, `,"groups":`, ev.Groups)
	dst = text(dst, `,"address":`, ev.Address)
	dst = text(dst, `,"how":`, ev.How)
	dst = text(dst, `,"method":`, ev.Method)
	dst = text(dst, `,"scheme":`, ev.Scheme)
	dst = text(dst, `,"host":`, ev.Host)
	dst = number(dst, `,"port":`, int64(ev.Port))
	dst = text(dst, `,"path":`, ev.Path)
	dst = text(dst, `,"service":`, ev.Service)
	dst = texts(dst, `,"classes":`, ev.Classes)
	dst = text(dst, `,"protocol":`, ev.Protocol)
	dst = number(dst, `,"bytes":`, ev.Bytes)
	dst = text(dst, `,"content":`, ev.Content)
	dst = text(dst, `,"action":`, ev.Action)
	dst = text(dst, `,"rule":`, ev.Rule)
	dst = text(dst, `,"severity":`, ev.Severity)
	dst = text(dst, `,"clause":`, ev.Clause)
	if dst, err = value(dst, `,"matches":`, ev.Matches); err != nil {
		return nil, fmt.Errorf("encode matches: %w", err)
	}
	dst = counts(dst, `,"counts":`, ev.Counts)
	dst = number(dst, `,"records":`, int64(ev.Records))
	if dst, err = value(dst, `,"coverage":`, ev.Coverage); err != nil {
		return nil, fmt.Errorf("encode coverage: %w", err)
	}
	if dst, err = value(dst, `,"findings":`, ev.Findings); err != nil {
		return nil, fmt.Errorf("encode findings: %w", err)
	}
	dst = text(dst, `,"ruleset":`, ev.RuleSet)
	dst = text(dst, `,"reason":`, ev.Reason)
	if ms := ev.Milliseconds; ms != 0 {
		dst = append(dst, `,"ms":`...)
		if dst, err = appendFloat(dst, ms); err != nil {
			return nil, fmt.Errorf("encode ms: %w", err)
		}
	}
	dst = details(dst, ev.Details)
	if dst, err = value(dst, `,"data":`, ev.Data); err != nil {
		return nil, fmt.Errorf("encode data: %w", err)
	}
	return append(dst, '}'), nil
}

func details(dst []byte, m map[string]string) []byte {
	if len(m) == 0 {
		return dst
	}
	dst = append(dst, `,"details":`...)
	for i, k := range slices.Sorted(maps.Keys(m)) {
		dst = append(dst, "{,"[min(i, 1)])
		dst = appendString(append(appendString(dst, k), ':'), m[k])
	}
	return append(dst, '}')
}

func text(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return appendString(append(dst, name...), s)
}

func texts(dst []byte, name string, list []string) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(dst, name...)
	for i, s := range list {
		dst = append(dst, "[,"[min(i, 1)])
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}

func number(dst []byte, name string, n int64) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, name...), n, 10)
}

func counts(dst []byte, name string, m map[string]int) []byte {
	if len(m) == 0 {
		return dst
	}
	dst = append(dst, name...)
	for i, k := range slices.Sorted(maps.Keys(m)) {
		dst = append(dst, "{,"[min(i, 1)])
		dst = append(appendString(dst, k), ':')
		dst = strconv.AppendInt(dst, int64(m[k]), 10)
	}
	return append(dst, '}')
}

func value(dst []byte, name string, v any) ([]byte, error) {
	if v == nil {
		return dst, nil
	}
	dst = append(dst, name...)
	if a, ok := v.(appender); ok {
		return a.AppendJSON(dst), nil
	}
	return appendAny(dst, v)
}

// appendAny appends v by encoding/json.
func appendAny(dst []byte, v any) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

func appendFloat(dst []byte, f float64) ([]byte, error) {
	if a := math.Abs(f); a < 1e-6 || a >= 1e21 || math.IsNaN(f) {
		return appendAny(dst, f)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
}

// appendString leaves what needs escapes to encoding/json.
func appendString(dst []byte, s string) []byte {
	if plain(s) {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	dst, _ = appendAny(dst, s) // of a string there is no error
	return dst
}

func plain(s string) bool {
	wide := false
	for i := range len(s) {
		b := s[i]
		if b < ' ' || b == '"' || b == '\\' {
			return false
		}
		wide = wide || b >= utf8.RuneSelf
	}
	return !wide || utf8.ValidString(s) && !strings.ContainsAny(s, "\u2028\u2029")
}
