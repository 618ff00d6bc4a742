package detect

// Builtin returns all detectors that are built in.
func Builtin() []Detector {
	return append(NumberDetectors(), names{}, addresses{}, postals{}, newReread(postSpellings, false))
}
