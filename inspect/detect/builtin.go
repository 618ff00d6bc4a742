package detect

// Builtin returns all detectors that are built in.
func Builtin() []Detector {
	return append(NumberDetectors(), names{}, addresses{}, postals{}, &reread{spellings: postalSpellings})
}
