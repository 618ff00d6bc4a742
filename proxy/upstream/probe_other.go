//go:build !unix

package upstream

const canProbe = false

func (c *plain) quiet() bool { return false }
