package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// sendGRPC calls one method of an echoing service with the content of each file.
// args: HOST:PORT KIND FILE..., of which KIND is unary, server, client or both.
func sendGRPC(args []string) error {
	conn, err := grpc.NewClient(args[0], grpc.WithTransportCredentials(credentials.NewTLS(nil)))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	kind := args[1]
	method := "/test.Echo/" + kind
	var all []*wrapperspb.StringValue
	for _, name := range args[2:] {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		all = append(all, wrapperspb.String(string(b)))
	}
	if kind == "unary" {
		for _, m := range all {
			got := new(wrapperspb.StringValue)
			if err := conn.Invoke(ctx, method, m, got); err != nil {
				return err
			}
			fmt.Println("got", len(got.Value))
		}
		return nil
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: kind != "server", ServerStreams: kind != "client"}, method)
	if err != nil {
		return err
	}
	receive := func() error {
		got := new(wrapperspb.StringValue)
		if err := stream.RecvMsg(got); err != nil {
			return err
		}
		fmt.Println("got", len(got.Value))
		return nil
	}
	for _, m := range all {
		if err := stream.SendMsg(m); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if kind == "both" { // nothing more is sent before it is answered
			if err := receive(); err != nil {
				return err
			}
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		if err := receive(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if kind == "client" {
			return nil
		}
	}
}
