package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
)

// lastPort is the port given last by freeAddress.
var lastPort atomic.Int64

func init() { lastPort.Store(rand.Int64N(10000)) }

// freeAddress is one of this machine for a server that is started later, or
// killed and started again. No other test is given it, and no connection takes it
// meanwhile: it lies below what systems choose from by themselves.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+lastPort.Add(1)%10000))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no address is free")
	return ""
}
