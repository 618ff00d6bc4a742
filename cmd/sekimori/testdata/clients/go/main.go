// Command client sends what the tests give it with Go libraries that people
// build programs on, each with its default settings. It is a module of its own,
// so that these libraries stay out of the product's.
//
// The proxy and the roots come from the environment, as these libraries take
// them: HTTPS_PROXY and SSL_CERT_FILE.
package main

import (
	"fmt"
	"os"
)

// ways are the clients by name. Each prints what a person would see.
var ways = map[string]func(args []string) error{
	"http":    sendHTTP,
	"grpc":    sendGRPC,
	"oci":     pushImage,
	"gorilla": talkGorilla,
	"coder":   talkCoder,
	"sse":     listen,
}

func main() {
	if len(os.Args) < 2 || ways[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: client http|grpc|oci|gorilla|coder|sse ARGS")
		os.Exit(2)
	}
	if err := ways[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}
