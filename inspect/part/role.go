package part

// Content reports whether a part of this role may hold a document of any kind,
// rather than one short text: a body, or a form's field.
func (r Role) Content() bool { return r == Body || r == Field }
