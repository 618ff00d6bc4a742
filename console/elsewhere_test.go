package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/index"
)

// osaka is the record of one other node.
type osaka struct {
	memory
	away error
}

func (o *osaka) Nodes() []string        { return []string{"osaka-1"} }
func (o *osaka) Of(string) index.Source { return o }
func (o *osaka) Get(_ string, seq uint64) (audit.Record, bool, error) {
	if o.away != nil {
		return audit.Record{}, false, o.away
	}
	return o.memory.Get(seq)
}

// What is in another node's record is listed, opened and followed up here, and
// what is not here yet is told.
func TestIncidentsOfAnotherNode(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"most": {account.Approver, account.Auditor, account.Operator}})
	other := &osaka{}
	if _, err := other.Append(context.Background(), audit.Event{Kind: "decision", Time: time.Now(), User: "kato", Host: "elsewhere.example", Action: "block", Rule: "card-outside", Incident: "SK-OSAKA"}); err != nil {
		t.Fatal(err)
	}
	h.cfg.Node, h.cfg.Elsewhere = "tokyo-1", other
	h.cfg.Nodes = func() []Node {
		return []Node{{Name: "tokyo-1", Own: true, Records: 1e6}, {Name: "osaka-1", Records: 13, Silent: true}}
	}
	if err := errors.Join(h.index.Beside("tokyo-1", other), h.index.FeedOthers(context.Background())); err != nil {
		t.Fatal(err)
	}
	b := h.as("most")
	_, list := b.get("/console/incidents?node=osaka-1")
	row := regexp.MustCompile(`href="(/console/incidents/(\d+))"`).FindStringSubmatch(list)
	if row == nil || len(row[2]) < 10 || strings.Contains(list, "SK-0000") {
		t.Fatalf("the other node's incident is not listed alone:\n%s", list)
	}
	for _, lang := range []string{"ja", "en"} {
		for path, want := range map[string][]string{
			"/console/incidents":                    {"SK-OSAKA", "SK-0055", "osaka-1", "tokyo-1", "osaka-1: 12", "tag block"},
			row[1]:                                  {"SK-OSAKA", "osaka-1", "#1<", "kato"},
			"/console/person?name=kato":             {"SK-OSAKA"},
			"/console/destinations":                 {"elsewhere.example", "upload.example"},
			"/console/incidents?incident=sk-osaka":  {"kato"},
			"/console/health":                       {"osaka-1", "console-nodes"},
			"/console/incidents/1":                  {"SK-0000", "tokyo-1", "evidence"},
			"/console/incidents?user=kato&days=30":  {"SK-OSAKA"},
			"/console/incidents?node=nowhere&days=": {"osaka-1"},
		} {
			status, text, _ := b.do("GET", path, nil, "Accept-Language", lang)
			for _, w := range want {
				if lang == "ja" && w == "evidence" {
					continue
				}
				if status != http.StatusOK || !strings.Contains(text, w) || strings.Contains(text, "⟨") {
					t.Errorf("%s in %s: %d, no %q", path, lang, status, w)
				}
			}
		}
	}
	if status, text, _ := b.post(row[1]+"/notes", url.Values{"text": {"by telephone"}, "state": {"closed"}}); status != http.StatusSeeOther {
		t.Fatalf("not noted: %d %s", status, text)
	}
	last := h.record.all[len(h.record.all)-1].Event
	if last.Action != "note" || last.Details["record"] != "1" || last.Details["node"] != "osaka-1" || last.Incident != "SK-OSAKA" {
		t.Errorf("recorded: %+v", last)
	}
	if _, page := b.get(row[1]); !strings.Contains(page, "by telephone") {
		t.Error("the note is not shown")
	}
	if _, page := b.get("/console/incidents/1"); strings.Contains(page, "by telephone") {
		t.Error("the note is shown with the own record of that number")
	}
	other.away = errors.New("the engine is away")
	if status, _ := b.get(row[1]); status != http.StatusInternalServerError {
		t.Errorf("while the stream cannot be read: %d", status)
	}
	other.away = nil
	other.memory.all = nil
	if status, _ := b.get(row[1]); status != http.StatusNotFound {
		t.Errorf("once the stream holds it no more: %d", status)
	}
}
