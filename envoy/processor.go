package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	mode "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	kind "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// processor answers Envoy.
type processor struct {
	extproc.UnimplementedExternalProcessorServer
	node node
	user string // header with the sender's name
}

// confirmation is the field by which senders confirm a warning; it is not for the
// origin.
const confirmation = "sekimori-confirm"

// maxPage is the most of a page that is handed on, in bytes.
const maxPage = 1 << 20

// Process serves one HTTP request of Envoy's. What cannot be judged ends in an
// error, upon which Envoy refuses (failure_mode_allow: false).
func (p *processor) Process(st extproc.ExternalProcessor_ProcessServer) error {
	m, err := st.Recv()
	if err != nil {
		return err
	}
	h := m.GetRequestHeaders()
	if h == nil {
		return status.Error(codes.FailedPrecondition, "request_header_mode has to be SEND")
	}
	body := !h.EndOfStream
	if how := m.GetProtocolConfig().GetRequestBodyMode(); body && how != mode.ProcessingMode_FULL_DUPLEX_STREAMED {
		return status.Errorf(codes.FailedPrecondition, "request_body_mode is %s; write FULL_DUPLEX_STREAMED", how)
	}
	head, fields, err := requestHead(h.GetHeaders())
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	q, err := p.node.ask()
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	defer q.conn.Close()
	q.begin(head, p.sender(m, fields), body)
	var trailer []field
	last := true // the body ends without a trailer
	if body {
		if trailer, last, err = hand(st, q); err != nil {
			return err
		}
	}
	q.end(trailer)
	v, err := q.verdict()
	switch {
	case err != nil:
		return status.Error(codes.Unavailable, err.Error())
	case v.refusal != nil:
		return refuse(st, v.refusal)
	case body && v.body == nil:
		return status.Error(codes.Unavailable, "the node gave leave without the body")
	}
	if err := st.Send(headersPass); err != nil || !body {
		return err
	}
	return give(st, v.body, last)
}

// headersPass and trailersPass let go on what they name, without a confirmation.
var (
	headersPass = &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestHeaders{RequestHeaders: &extproc.HeadersResponse{
		Response: &extproc.CommonResponse{HeaderMutation: &extproc.HeaderMutation{RemoveHeaders: []string{confirmation}}}}}}
	trailersPass = &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestTrailers{RequestTrailers: &extproc.TrailersResponse{}}}
)

// hand gives the node a body as it comes. last tells that no trailer came.
func hand(st extproc.ExternalProcessor_ProcessServer, q *question) (trailer []field, last bool, err error) {
	for {
		m, err := st.Recv()
		if err != nil {
			return nil, false, err
		}
		switch b, t := m.GetRequestBody(), m.GetRequestTrailers(); {
		case b != nil:
			if q.write(b.Body); b.EndOfStream {
				return nil, true, nil
			}
		case t != nil:
			if trailer, err = fieldsOf(t.GetTrailers()); err != nil {
				err = status.Error(codes.InvalidArgument, err.Error())
			}
			return trailer, false, err
		default:
			return nil, false, status.Error(codes.FailedPrecondition, "neither body nor trailers")
		}
	}
}

// give sends on what the node has held.
func give(st extproc.ExternalProcessor_ProcessServer, body io.Reader, last bool) error {
	piece := make([]byte, 64<<10)
	for whole := false; !whole; {
		n, err := io.ReadFull(body, piece)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return status.Error(codes.Unavailable, err.Error())
		}
		whole = err != nil
		if err := st.Send(bodyPiece(piece[:n], whole && last)); err != nil {
			return err
		}
	}
	if last {
		return nil
	}
	return st.Send(trailersPass)
}

func bodyPiece(b []byte, last bool) *extproc.ProcessingResponse {
	return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestBody{RequestBody: &extproc.BodyResponse{Response: &extproc.CommonResponse{
		BodyMutation: &extproc.BodyMutation{Mutation: &extproc.BodyMutation_StreamedResponse{
			StreamedResponse: &extproc.StreamedBodyResponse{Body: b, EndOfStream: last}}}}}}}
}

// refuse has Envoy answer with the node's page.
func refuse(st extproc.ExternalProcessor_ProcessServer, resp *http.Response) error {
	page, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	var set []*core.HeaderValueOption
	for name, values := range resp.Header {
		if name == "Content-Length" || name == "Connection" || name == "Transfer-Encoding" {
			continue
		}
		for _, value := range values {
			set = append(set, &core.HeaderValueOption{Header: &core.HeaderValue{Key: strings.ToLower(name), RawValue: []byte(value)},
				AppendAction: core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD})
		}
	}
	return st.Send(&extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_ImmediateResponse{ImmediateResponse: &extproc.ImmediateResponse{
		Status: &kind.HttpStatus{Code: kind.StatusCode(resp.StatusCode)}, Headers: &extproc.HeaderMutation{SetHeaders: set}, Body: page, Details: "sekimori"}}})
}

// field is a header field.
type field struct{ name, value string }

func fieldsOf(h *core.HeaderMap) (all []field, err error) {
	for _, f := range h.GetHeaders() {
		value := f.GetValue()
		if raw := f.GetRawValue(); len(raw) > 0 {
			value = string(raw)
		}
		if strings.ContainsAny(f.GetKey(), "\r\n\x00 ") || strings.ContainsAny(value, "\r\n\x00") {
			return nil, fmt.Errorf("a header field cannot be written")
		}
		all = append(all, field{f.GetKey(), value})
	}
	return all, nil
}

// requestHead writes the head of an HTTP/1.1 request to a proxy.
func requestHead(h *core.HeaderMap) (head []byte, all []field, err error) {
	if all, err = fieldsOf(h); err != nil {
		return nil, nil, err
	}
	host := first(all, ":authority")
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s://%s%s HTTP/1.1\r\nHost: %s\r\n", first(all, ":method"), first(all, ":scheme"), host, first(all, ":path"), host)
	for _, f := range all {
		switch {
		case strings.HasPrefix(f.name, ":"), strings.EqualFold(f.name, "host"), strings.EqualFold(f.name, "transfer-encoding"):
		default:
			fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
		}
	}
	b.WriteString("\r\n")
	return b.Bytes(), all, nil
}

func first(all []field, name string) string {
	for _, f := range all {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// sender is whom Envoy names: by the attribute source.address, where it is
// configured to send that, else as the last in X-Forwarded-For, which it has
// added itself.
func (p *processor) sender(m *extproc.ProcessingRequest, all []field) (s sender) {
	if p.user != "" {
		s.user = first(all, p.user)
	}
	for _, of := range m.GetAttributes() {
		if v := of.GetFields()["source.address"]; v != nil {
			if a, err := netip.ParseAddrPort(v.GetStringValue()); err == nil {
				s.address = a.Addr().String()
				return s
			}
		}
	}
	list := first(all, "x-forwarded-for")
	if a, err := netip.ParseAddr(strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])); err == nil {
		s.address = a.String()
	}
	return s
}
