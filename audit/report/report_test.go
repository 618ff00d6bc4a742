package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// week makes a log over three days, 100 decisions a day and a few others.
func week(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	key, err := checkpoint.OpenLogKey(filepath.Join(top, "key"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "audit")
	l, err := audit.Open(dir, audit.Options{Key: key, SegmentBytes: 20_000, Pack: true})
	if err != nil {
		t.Fatal(err)
	}
	add := func(ev audit.Event) {
		if _, err := l.Append(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	actions := []string{"allow", "log", "warn", "hold", "block"}
	for day := range 3 {
		at := time.Date(2026, 11, 20+day, 0, 0, 0, 0, time.UTC)
		add(audit.Event{Kind: "start", Time: at, Reason: "<script>alert(1)</script>"})
		for i := range 100 {
			ev := audit.Event{Kind: "decision", Time: at.Add(time.Duration(i) * 14 * time.Minute), User: fmt.Sprintf("u%02d", i%23), Host: fmt.Sprintf("h%d.example", i%7),
				Action: actions[i%5], Bytes: 1000, Counts: map[string]int{"NAME": i % 3}, Records: 2, Coverage: map[string]int{"inspected": 1, "not": i % 2}}
			if i%5 > 1 {
				ev.Rule, ev.Severity = fmt.Sprintf("=rule-%d", i%4), "high"
			}
			add(ev)
		}
		add(audit.Event{Kind: "alarm", Time: at.Add(time.Hour), Details: map[string]string{"about": "witness-late"}})
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFiguresReconcile(t *testing.T) {
	dir := week(t)
	day, err := Day("2026-11-21", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Make(dir, day, 10)
	if err != nil {
		t.Fatal(err)
	}
	if r.Records != 102 || r.Decisions != 100 || r.Stopped != 60 || r.Bytes != 100_000 || r.People != 120 || r.Unread != 50 || !r.Reconciles() {
		t.Errorf("%+v", r)
	}
	if r.First != 103 || r.Last != 204 || len(r.Grave) != 1 || len(r.Privileged) != 1 || len(r.Users) != top+1 {
		t.Errorf("records %d to %d, %d grave, %d privileged, %d users", r.First, r.Last, len(r.Grave), len(r.Privileged), len(r.Users))
	}
	month, err := Month("2026-11", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Make(dir, month, 10)
	if err != nil || m.Records != 306 || m.Decisions != 300 || !m.Reconciles() {
		t.Errorf("month: %+v %v", m, err)
	}
	empty, err := Make(dir, Period{"2020-01", time.Unix(0, 0), time.Unix(1, 0)}, 10)
	if err != nil || empty.Records != 0 || !empty.Reconciles() || empty.Sample != nil {
		t.Errorf("empty: %+v %v", empty, err)
	}
	if err := empty.HTML(new(bytes.Buffer), Japanese); err != nil {
		t.Error(err)
	}
}

func TestReleasesAreCounted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l, err := audit.Open(dir, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for _, what := range []string{"asked", "asked", "expired", "asked", "approved", "passed", "expired"} {
		if _, err := l.Append(t.Context(), audit.Event{Kind: "release", Action: what, Time: at}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	day, _ := Day("2026-11-21", time.UTC)
	r, err := Make(dir, day, 5)
	if err != nil || !r.Reconciles() || len(r.Releases) != 4 || r.Releases[0] != (Count{"asked", 3, 7}) || r.Releases[1] != (Count{"expired", 2, 7}) {
		t.Fatalf("%+v %v", r.Releases, err)
	}
	for lang, want := range map[string]string{Japanese: "期限切れ", English: "expired"} {
		var page, table bytes.Buffer
		if err := errors.Join(r.HTML(&page, lang), r.CSV(&table, lang)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page.String(), "<td>"+want+"</td>") || !strings.Contains(table.String(), ","+want+",2") {
			t.Errorf("%s: the report does not tell what expired", lang)
		}
	}
}

func TestSampleIsDrawnByTheCheckpoint(t *testing.T) {
	dir := week(t)
	day, _ := Day("2026-11-21", time.UTC)
	r, err := Make(dir, day, 10)
	if err != nil || len(r.Sample) != 10 {
		t.Fatalf("%d drawn, %v", len(r.Sample), err)
	}
	again, err := Make(dir, day, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range r.Sample {
		if again.Sample[i].Seq != l.Seq || l.Record.Kind != "decision" {
			t.Errorf("sample %d: %d and %d", i, l.Seq, again.Sample[i].Seq)
		}
	}
	// By the words of Draw, from the report alone. The day's decisions are
	// records 104 to 203.
	for i, at := range Draw(r.Checkpoint.Root.String(), "2026-11-21", r.Decisions, 10) {
		if r.Sample[i].Seq != uint64(104+at) {
			t.Errorf("sample %d is record %d, not %d", i, r.Sample[i].Seq, 104+at)
		}
	}
	if all := Draw("x", "y", 7, 100); len(all) != 7 || all[0] != 0 || all[6] != 6 {
		t.Errorf("all of few: %v", all)
	}
	// Over many seeds each is drawn about as often.
	hits := make([]int, 20)
	for i := range 4000 {
		for _, at := range Draw(strconv.Itoa(i), "", 20, 5) {
			hits[at]++
		}
	}
	for at, n := range hits {
		if n < 850 || n > 1150 {
			t.Errorf("%d was drawn %d times of 1000 expected", at, n)
		}
	}
}

func TestWritten(t *testing.T) {
	dir := week(t)
	day, _ := Day("2026-11-21", time.UTC)
	r, err := Make(dir, day, 5)
	if err != nil {
		t.Fatal(err)
	}
	// Kept as JSON, it is the same again.
	kept, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	back := new(Report)
	if err := json.Unmarshal(kept, back); err != nil {
		t.Fatal(err)
	}
	var one, two bytes.Buffer
	if err := errors.Join(r.HTML(&one, English), back.HTML(&two, English), r.CSV(&one, Japanese), back.CSV(&two, Japanese)); err != nil || one.String() != two.String() || !back.Reconciles() {
		t.Errorf("kept and read again it is another report: %v", err)
	}
	for lang, want := range map[string][]string{
		Japanese: {`<html lang="ja">`, "遮断", "抜き取り", "チェックポイント"},
		English:  {`<html lang="en">`, "blocked", "Spot check", "sums up to"},
	} {
		var b bytes.Buffer
		if err := r.HTML(&b, lang); err != nil {
			t.Fatal(err)
		}
		for _, w := range append(want[:3:3], r.Checkpoint.Root.String()[:20], r.LastHash) {
			if !strings.Contains(strings.ReplaceAll(b.String(), "&#43;", "+"), w) {
				t.Errorf("%s: the page does not say %q", lang, w)
			}
		}
		if strings.Contains(b.String(), "<script>") {
			t.Errorf("%s: an event's text is markup", lang)
		}
		b.Reset()
		if err := r.CSV(&b, lang); err != nil {
			t.Fatal(err)
		}
		rd := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff")))
		rd.FieldsPerRecord = -1
		rows, err := rd.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		sums := map[string]int64{}
		for _, row := range rows {
			for _, cell := range row {
				if strings.HasPrefix(cell, "=") {
					t.Errorf("%s: a formula in %q", lang, row)
				}
			}
			if len(row) == 3 {
				n, _ := strconv.ParseInt(row[2], 10, 64)
				sums[row[0]] += n
			}
		}
		say := speak(lang)
		if sums[say("kinds")] != r.Records || sums[say("actions")] != r.Decisions || sums[say("users")] != r.Stopped {
			t.Errorf("%s: sums %v", lang, sums)
		}
	}
	for key, w := range words {
		if w[0] == "" || w[1] == "" {
			t.Errorf("%q is not said in both languages", key)
		}
	}
}

func TestPeriods(t *testing.T) {
	if _, err := Day("2026-13-01", time.UTC); err == nil {
		t.Error("no such day")
	}
	m, err := Month("2026-02", time.UTC)
	if err != nil || m.To.Sub(m.From) != 28*24*time.Hour {
		t.Errorf("%+v %v", m, err)
	}
}

// TestOfficersRead: types of data and what was done on the console stand in the
// report in the reader's language.
func TestOfficersRead(t *testing.T) {
	day, err := Day("2026-11-21", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Make(week(t), day, 10)
	if err != nil {
		t.Fatal(err)
	}
	r.Privileged = append(r.Privileged, Line{Record: audit.Event{Kind: "console", Action: "log-in", User: "anna"}})
	for lang, want := range map[string][]string{"ja": {"氏名", "ログイン · anna"}, "en": {"Name", "Log-in · anna"}} {
		var page strings.Builder
		if err := r.HTML(&page, lang); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(page.String(), w) || strings.Contains(page.String(), "NAME") {
				t.Errorf("%s: no %q, or a name of the program's", lang, w)
			}
		}
	}
}
