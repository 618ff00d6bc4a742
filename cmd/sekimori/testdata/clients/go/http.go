package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// sendHTTP posts each file with net/http's default client. args: URL FILE...
func sendHTTP(args []string) error {
	for _, name := range args[1:] {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		resp, err := http.Post(args[0], "text/csv", f)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		fmt.Println(resp.Proto, resp.Status, strings.ReplaceAll(string(b), "\n", " "))
	}
	return nil
}

// listen reads events as they come: it asks for the next only when it has the
// last. args: URL
func listen(args []string) error {
	resp, err := http.Get(args[0] + "/events")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for n := 0; lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "data: ") {
			continue
		}
		fmt.Println(lines.Text())
		n++
		next, err := http.Post(args[0]+"/next", "text/plain", strings.NewReader(fmt.Sprint(n)))
		if err != nil {
			return err
		}
		next.Body.Close()
	}
	return lines.Err()
}
