package answer

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

// dialect is how the services of one kind say that something failed. Their
// clients show their users nothing else, or try again and again.
type dialect struct {
	speaks func(r *http.Request) bool
	// write puts the answer into words, and into fields of h where they have
	// to be. It may choose another status.
	write func(a *Answer, langs []Lang, h http.Header) (status int, body []byte)
}

// dialects are tried in turn.
var dialects = []dialect{
	{isGRPC, (*Answer).grpc},
	{isGitPush, (*Answer).git},
	{isS3, (*Answer).s3},
	{isAzure, (*Answer).azure},
	{isLFS, (*Answer).lfs},
	{isImage, (*Answer).image},
	{isNPM, (*Answer).npm},
}

// dialectOf returns the request's, nil if it has none.
func dialectOf(r *http.Request) *dialect {
	for i := range dialects {
		if dialects[i].speaks(r) {
			return &dialects[i]
		}
	}
	return nil
}

// line says in one line what happened and why, with the incident.
func (a *Answer) line(langs []Lang) string {
	var all []string
	for _, l := range langs {
		w := a.words(l)
		s := w.Title
		if w.Incident != "" {
			s += " (" + w.Incident + ")"
		}
		if why := join(": ", w.RuleTitle, w.RuleSay); why != "" {
			s += ": " + why
		} else {
			s += ": " + w.What
		}
		all = append(all, strings.Join(strings.Fields(s), " "))
	}
	return strings.Join(all, " | ")
}

func isGRPC(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// Codes of gRPC (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
const (
	grpcInvalid     = 3
	grpcDeadline    = 4
	grpcDenied      = 7
	grpcExhausted   = 8
	grpcUnavailable = 14
)

// grpc is a response of trailers only: they stand in the head, and the status
// is always 200.
func (a *Answer) grpc(langs []Lang, h http.Header) (int, []byte) {
	code := grpcDenied
	switch a.status() {
	case http.StatusBadRequest:
		code = grpcInvalid
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		code = grpcDeadline
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		code = grpcExhausted
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		code = grpcUnavailable
	}
	h["Content-Type"] = []string{"application/grpc"}
	h["Grpc-Status"] = []string{fmt.Sprint(code)}
	h["Grpc-Message"] = []string{percent(a.line(langs))}
	return http.StatusOK, nil
}

// percent encodes a message as gRPC has it: printable ASCII but for "%".
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c <= '~' && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func isGitPush(r *http.Request) bool {
	return r.Header.Get("Content-Type") == "application/x-git-receive-pack-request"
}

// git is what git's own servers say of a push that failed: a message and a fatal
// error in their bands of the answer (gitprotocol-pack, "Packfile Data"). The
// body of any other status is not shown.
func (a *Answer) git(langs []Lang, h http.Header) (int, []byte) {
	const most = 65515 // of one packet of side-band-64k
	packet := func(band byte, text string) string {
		text = text[:min(len(text), most)]
		return fmt.Sprintf("%04x%c%s", len(text)+5, band, text)
	}
	h["Content-Type"] = []string{"application/x-git-receive-pack-result"}
	return http.StatusOK, []byte(packet(2, "\n"+string(a.text(langs))) + packet(3, a.words(langs[len(langs)-1]).Title+" "+a.Incident+"\n") + "0000")
}

// isS3 knows requests by their signature: by header or by query.
func isS3(r *http.Request) bool {
	if r.Header.Get("X-Amz-Target") != "" {
		return false // another service, of JSON
	}
	return strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-") || r.Header.Get("X-Amz-Content-Sha256") != "" || strings.Contains(r.URL.RawQuery, "X-Amz-Signature=")
}

// storeError is the error of S3 and of Azure's storage.
type storeError struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestId string `xml:",omitempty"` //nolint:staticcheck // as the service writes it
}

func (e storeError) body(h http.Header) []byte {
	h["Content-Type"] = []string{"application/xml"}
	b, err := xml.Marshal(e)
	if err != nil { // cannot be: texts only
		return nil
	}
	return append([]byte(xml.Header), b...)
}

func (a *Answer) s3(langs []Lang, h http.Header) (int, []byte) {
	e := storeError{Code: "AccessDenied", Message: a.line(langs), RequestId: a.Incident}
	switch status := a.status(); {
	case status == http.StatusRequestEntityTooLarge:
		e.Code = "EntityTooLarge"
	case status >= 500:
		e.Code = "ServiceUnavailable"
	}
	return a.status(), e.body(h)
}

func isAzure(r *http.Request) bool {
	return r.Header.Get("X-Ms-Version") != "" && strings.Contains(r.Host, ".core.")
}

func (a *Answer) azure(langs []Lang, h http.Header) (int, []byte) {
	h["X-Ms-Error-Code"] = []string{"RequestForbiddenByCompany"}
	return a.status(), storeError{Code: "RequestForbiddenByCompany", Message: a.line(langs)}.body(h)
}

func isLFS(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("User-Agent"), "git-lfs/")
}

// lfs is shown once git-lfs has tried often enough; on any other status it shows
// something else.
func (a *Answer) lfs(langs []Lang, h http.Header) (int, []byte) {
	h["Content-Type"] = []string{"application/vnd.git-lfs+json"}
	return a.status(), marshal(map[string]string{"message": a.line(langs), "request_id": a.Incident})
}

// isImage knows the distribution of container images by its paths.
func isImage(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/v2/") && (strings.Contains(r.URL.Path, "/blobs/") || strings.Contains(r.URL.Path, "/manifests/"))
}

func (a *Answer) image(langs []Lang, h http.Header) (int, []byte) {
	h["Content-Type"] = []string{"application/json"}
	return a.status(), marshal(map[string]any{"errors": []map[string]string{{"code": "DENIED", "message": a.line(langs)}}})
}

func isNPM(r *http.Request) bool {
	ua := r.Header.Get("User-Agent")
	return r.Header.Get("Npm-Command") != "" || strings.HasPrefix(ua, "npm/") || strings.HasPrefix(ua, "pnpm/") || strings.HasPrefix(ua, "yarn/")
}

func (a *Answer) npm(langs []Lang, h http.Header) (int, []byte) {
	h["Content-Type"] = []string{"application/json"}
	return a.status(), marshal(map[string]string{"error": a.line(langs), "incident": a.Incident})
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // cannot be: texts only
		return nil
	}
	return b
}
