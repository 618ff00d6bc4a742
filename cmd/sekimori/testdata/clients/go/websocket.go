package main

import (
	"context"
	"fmt"
	"os"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
)

// talkGorilla sends each file as a message and waits for it to come back.
// args: URL FILE...
func talkGorilla(args []string) error {
	c, _, err := gorilla.DefaultDialer.Dial(args[0], nil)
	if err != nil {
		return err
	}
	defer c.Close()
	return talk(args[1:], func(b []byte) ([]byte, error) {
		if err := c.WriteMessage(gorilla.TextMessage, b); err != nil {
			return nil, err
		}
		_, got, err := c.ReadMessage()
		return got, err
	})
}

// talkCoder is the same with another library.
func talkCoder(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, _, err := coder.Dial(ctx, args[0], nil)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	c.SetReadLimit(1 << 20)
	return talk(args[1:], func(b []byte) ([]byte, error) {
		if err := c.Write(ctx, coder.MessageText, b); err != nil {
			return nil, err
		}
		_, got, err := c.Read(ctx)
		return got, err
	})
}

func talk(files []string, exchange func([]byte) ([]byte, error)) error {
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		got, err := exchange(b)
		if err != nil {
			return err
		}
		fmt.Println("got", len(got))
	}
	return nil
}
