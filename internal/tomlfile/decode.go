package tomlfile

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"
)

// Unmarshaler is implemented by types that read themselves from what the
// decoder made of a value: string, int64, float64, bool, time.Time, []any,
// []map[string]any or map[string]any. The error says what is wrong and, after
// a semicolon, what to write instead. It is BurntSushi/toml's own interface.
type Unmarshaler interface{ UnmarshalTOML(value any) error }

// Decode fills the struct, slice, map or scalar that v points to from n and
// reports every fault, each at its place. Struct fields are found by their
// `toml:"key"` tag; fields without one are left alone. Two things differ from
// BurntSushi/toml: a single value is taken for a list of one, so that
// hosts = "a" does for hosts = ["a"]; and a field of type Node takes the value
// as it stands, with the tag `toml:",self"` the value that the struct itself
// was filled from. A struct with a field tagged `toml:"key,short"` (or only
// ",short") also takes a value that is no table, into that field; the field
// comes after any ",self" one. Whole numbers that do not fit are faults. A time.Duration is
// written as a text, as in "30s".
func (n Node) Decode(v any, report Report) {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		panic("tomlfile: Decode into " + p.Type().String())
	}
	if n.found {
		n.decode(p.Elem(), "", report)
	}
}

// Keys lists the keys that a struct takes, sorted.
func Keys(v any) []string {
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var keys []string
	for i := range t.NumField() {
		if k, _ := Tag(t.Field(i)); k != "" {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	return keys
}

// Tag reads a struct field's tag: the key it is filled from, "" if from none,
// and the option "self" or "short", "" for neither.
func Tag(f reflect.StructField) (key, option string) {
	key, option, _ = strings.Cut(f.Tag.Get("toml"), ",")
	if key == "-" {
		key = ""
	}
	return key, option
}

var (
	nodeType     = reflect.TypeFor[Node]()
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

func (n Node) decode(to reflect.Value, name string, report Report) {
	if to.Kind() == reflect.Pointer {
		if to.IsNil() {
			to.Set(reflect.New(to.Type().Elem()))
		}
		n.decode(to.Elem(), name, report)
		return
	}
	if to.Type() == nodeType {
		to.Set(reflect.ValueOf(n))
		return
	}
	if to.Type() == timeType {
		n.decodeTime(to, name, report)
		return
	}
	switch u := to.Addr().Interface().(type) {
	case Unmarshaler:
		if err := u.UnmarshalTOML(n.value); err != nil {
			report(n.Pos(), "%s: %v", name, err)
		}
		return
	case encoding.TextUnmarshaler:
		s, ok := n.value.(string)
		if !ok {
			n.mismatch(name, "a text in quotes", report)
		} else if err := u.UnmarshalText([]byte(s)); err != nil {
			report(n.Pos(), "%s: %v", name, err)
		}
		return
	}
	switch to.Kind() {
	case reflect.Struct:
		n.decodeStruct(to, name, report)
	case reflect.Slice:
		l := n.Len()
		s := reflect.MakeSlice(to.Type(), l, l)
		for i := range l {
			n.Elem(i).decode(s.Index(i), name, report)
		}
		to.Set(s)
	case reflect.Map:
		n.decodeMap(to, name, report)
	case reflect.Interface:
		to.Set(reflect.ValueOf(n.value))
	default:
		n.scalar(to, name, report)
	}
}

func (n Node) decodeTime(to reflect.Value, name string, report Report) {
	t, ok := n.value.(time.Time)
	if !ok {
		n.mismatch(name, "a date such as 2026-04-01, without quotes", report)
		return
	}
	to.Set(reflect.ValueOf(t))
}

func (n Node) decodeStruct(to reflect.Value, name string, report Report) {
	table, ok := n.value.(map[string]any)
	known := map[string]bool{}
	for i := range to.NumField() {
		k, option := Tag(to.Type().Field(i))
		switch {
		case option == "self":
			to.Field(i).Set(reflect.ValueOf(n))
		case option == "short" && !ok:
			n.decode(to.Field(i), name, report)
			return
		}
		if k == "" {
			continue
		}
		known[k] = true
		if c := n.Key(k); c.found {
			c.decode(to.Field(i), k, report)
		}
	}
	if !ok {
		n.mismatch(name, "a table { … } with the keys "+strings.Join(Keys(to.Interface()), ", "), report)
	}
	for k := range table {
		if !known[k] {
			hint := Instead(k, Keys(to.Interface()))
			if under := keysUnder(to.Type(), k); len(under) > 0 {
				hint = "; write it under " + strings.Join(under, " or ")
			}
			report(n.Key(k).KeyPos(), "unknown key %q%s", k, hint)
		}
	}
}

// keysUnder lists the keys of a struct whose own tables take the key k.
func keysUnder(t reflect.Type, k string) []string {
	var under []string
	for i := range t.NumField() {
		in := t.Field(i).Type
		for in.Kind() == reflect.Pointer || in.Kind() == reflect.Slice {
			in = in.Elem()
		}
		if key, _ := Tag(t.Field(i)); key != "" && in.Kind() == reflect.Struct && in != nodeType && in != timeType && slices.Contains(Keys(reflect.Zero(in).Interface()), k) {
			under = append(under, key)
		}
	}
	return under
}

func (n Node) decodeMap(to reflect.Value, name string, report Report) {
	table, ok := n.value.(map[string]any)
	if !ok {
		n.mismatch(name, "a table { … }", report)
		return
	}
	m := reflect.MakeMapWithSize(to.Type(), len(table))
	keys := make([]string, 0, len(table))
	for k := range table {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		v := reflect.New(to.Type().Elem()).Elem()
		n.Key(k).decode(v, k, report)
		m.SetMapIndex(reflect.ValueOf(k).Convert(to.Type().Key()), v)
	}
	to.Set(m)
}

func (n Node) scalar(to reflect.Value, name string, report Report) {
	if to.Type() == durationType {
		d, err := time.ParseDuration(n.Text())
		if err != nil {
			report(n.Pos(), "%s is no span of time; write a text such as \"500ms\", \"30s\" or \"1h30m\"", name)
			return
		}
		to.SetInt(int64(d))
		return
	}
	switch to.Kind() {
	case reflect.String:
		if s, ok := n.value.(string); ok {
			to.SetString(s)
			return
		}
		n.mismatch(name, "a text in quotes", report)
	case reflect.Bool:
		if b, ok := n.value.(bool); ok {
			to.SetBool(b)
			return
		}
		n.mismatch(name, "true or false, without quotes", report)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, ok := n.value.(int64)
		switch {
		case !ok:
			n.mismatch(name, "a whole number, without quotes", report)
		case to.OverflowInt(i):
			report(n.Pos(), "%s: the number does not fit; write a smaller one", name)
		default:
			to.SetInt(i)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		i, ok := n.value.(int64)
		switch {
		case !ok:
			n.mismatch(name, "a whole number, without quotes", report)
		case i < 0 || to.OverflowUint(uint64(i)):
			report(n.Pos(), "%s: the number does not fit; write one from 0 to %d", name, uint64(math.MaxUint64)>>(64-to.Type().Bits()))
		default:
			to.SetUint(uint64(i))
		}
	case reflect.Float32, reflect.Float64:
		switch f := n.value.(type) {
		case float64:
			to.SetFloat(f)
		case int64:
			to.SetFloat(float64(f))
		default:
			n.mismatch(name, "a number such as 0.8, without quotes", report)
		}
	default:
		panic(fmt.Sprintf("tomlfile: Decode into a field of type %s", to.Type()))
	}
}

// mismatch reports that the value is of another kind than it must be. The
// value itself is not told: it may be a secret.
func (n Node) mismatch(name, must string, report Report) {
	if name == "" {
		report(n.Pos(), "this is %s; write %s", kind(n.value), must)
		return
	}
	report(n.Pos(), "%s is %s; write %s", name, kind(n.value), must)
}

// kind names what the decoder made of a value, for people.
func kind(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case int64:
		return "a whole number"
	case float64:
		return "a number"
	case bool:
		return "true or false"
	case time.Time:
		return "a date or time"
	case map[string]any:
		return "a table"
	}
	return "a list"
}
