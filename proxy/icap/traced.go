package icap

import (
	"net/http"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
)

// endTrace tells what became of a request that the gate was asked about.
func endTrace(e *trace.Exchange, req *http.Request, t *gate.Transaction, o *gate.Outcome) {
	if e == nil {
		return
	}
	_, method := trace.Method(req.Method)
	attrs := append(o.Attrs(t), method, trace.Text("network.protocol.name", "icap"), trace.Text("url.scheme", t.Destination.Scheme),
		trace.Text("server.address", t.Destination.Host), trace.Number("server.port", int64(t.Destination.Port)))
	if o.Body != nil {
		attrs = append(attrs, trace.Number("http.request.body.size", o.Body.Size()))
	}
	e.End("REQMOD", o.Failure != gate.None, attrs...)
}
