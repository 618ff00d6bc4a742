package identity

// Groups returns the groups that the files and the configuration put a user
// in. Do not change what it returns.
func (i *Identifier) Groups(user string) []string { return i.directory().groupsOf(user, nil) }
