package rules

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// object is a JSON object; encoding/json writes its keys in order.
type object = map[string]any

// Schema is a JSON Schema (draft 2020-12) of a rule file, for editors: taplo
// and Even Better TOML complete and check with it. It is made of the same
// declarations that files are decoded by.
func Schema() []byte {
	list := func(of any) object {
		return object{"type": "array", "items": schemaOf(reflect.TypeOf(of))}
	}
	schema := object{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                "Sekimori rules",
		"type":                 "object",
		"additionalProperties": false,
		"properties": object{
			"disable":  oneOrMany(object{"type": "string"}),
			"rule":     list(ruleTOML{}),
			"detector": list(detectorTOML{}),
			"keywords": list(keywordsTOML{}),
			"test":     list(testTOML{}),
			"stream":   list(streamTOML{}),
		},
	}
	data, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic("rules: " + err.Error()) // only plain values are in there
	}
	return append(data, '\n')
}

// required are the keys without which a block is a fault.
var required = map[reflect.Type][]string{
	reflect.TypeFor[ruleTOML]():     {"id", "action"},
	reflect.TypeFor[detectorTOML](): {"id"},
	reflect.TypeFor[keywordsTOML](): {"id"},
	reflect.TypeFor[testTOML]():     {"name", "expect"},
	reflect.TypeFor[peopleTOML]():   {"with"},
	reflect.TypeFor[findingsTOML](): {"types"},
	reflect.TypeFor[streamTOML]():   {"id", "where"},
}

// schemaOf gives the schema of a type of source.go.
func schemaOf(t reflect.Type) object {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[tomlfile.Size]():
		return object{"anyOf": []object{{"type": "integer", "minimum": 0}, {"type": "string"}}}
	case t.Kind() == reflect.Struct:
		return structSchema(t)
	case t.Kind() == reflect.Slice:
		return oneOrMany(schemaOf(t.Elem()))
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.Int:
		return object{"type": "integer"}
	case t.Kind() == reflect.Float64:
		return object{"type": "number", "minimum": 0}
	case t.Kind() == reflect.Float32:
		return object{"type": "number", "minimum": 0, "maximum": 1}
	}
	return object{"type": "string"}
}

func oneOrMany(item object) object {
	return object{"anyOf": []object{item, {"type": "array", "items": item}}}
}

func structSchema(t reflect.Type) object {
	properties := object{}
	var short object
	for i := range t.NumField() {
		f := t.Field(i)
		key, option := tomlfile.Tag(f)
		if key == "" && option != "short" {
			continue
		}
		s := fieldSchema(f)
		if option == "short" {
			short = s
		}
		if key != "" {
			properties[key] = s
		}
	}
	s := object{"type": "object", "additionalProperties": false, "properties": properties}
	if keys := required[t]; keys != nil {
		s["required"] = keys
	}
	if short != nil {
		return object{"anyOf": []object{s, short}}
	}
	return s
}

func fieldSchema(f reflect.StructField) object {
	s := schemaOf(f.Type)
	if f.Tag.Get("schema") == "date" {
		s = object{"type": "string"} // dates are of their own type in TOML
	}
	if words := enum(f.Tag.Get("enum")); words != nil {
		item := object{"enum": words}
		if open := f.Tag.Get("enum"); open == "types" || open == "class" || open == "check" {
			// Authors and catalogues add to these; "PHONE|EMAIL" is either.
			item = object{"anyOf": []object{{"enum": words}, {"type": "string"}}}
		}
		s = item
		if f.Type.Kind() == reflect.Slice {
			s = oneOrMany(item)
		}
	}
	if doc := f.Tag.Get("doc"); doc != "" {
		s["description"] = doc
	}
	return s
}

// enum is the vocabulary that a tag names.
func enum(name string) []string {
	switch name {
	case "severity":
		return Severities
	case "action":
		return actionWords()
	case "mode":
		return modes
	case "attachments":
		return attachmentWords
	case "evidence":
		return evidenceWords
	case "operation":
		return Operations
	case "by":
		return scopeWords
	case "reason":
		return reasonWords()
	case "class":
		return Classes
	case "types":
		return Types
	case "check":
		return detect.CheckNames
	case "expect":
		return append(slices.Clone(actionWords()), noMatch)
	}
	return nil
}
