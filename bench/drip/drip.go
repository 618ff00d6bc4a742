// Package drip measures whether a slow leak is found: a simulated company works
// for a year, one of its people carries customers out a few at a time, and the
// rules over time look on. Every upload with customers is a text that is
// inspected, decided on and remembered as in production; only the clock, the
// network and the disk are left out.
package drip

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Options size the company. Zero fields take the defaults.
type Options struct {
	People int // default 1000
	Days   int // default 365
	From   int // records the insider carries out on a working day, at least; default 50
	To     int // and at most; default 300
	Seed   uint64
	// Progress is told of each day; nil: nobody is.
	Progress func(day, of int)
}

func (o Options) withDefaults() Options {
	set := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	set(&o.People, 1000)
	set(&o.Days, 365)
	set(&o.From, 50)
	set(&o.To, 300)
	return o
}

// Result is what a year came to.
type Result struct {
	Seed       uint64         `json:"seed"`
	PerDay     int            `json:"records_a_day"` // the insider's
	Started    int            `json:"started_on_day"`
	FoundAfter int            `json:"found_after_days"` // working or not, from the first record; -1: never
	By         string         `json:"found_by"`         // the rule
	Carried    int            `json:"records_out_when_found"`
	Uploads    int            `json:"uploads"`
	Inspected  int            `json:"uploads_inspected"`
	False      map[string]int `json:"false_alarms"` // by rule: days on which it applied to somebody else
	PerWeek    float64        `json:"false_alarms_a_week"`
}

// alarms are the built-in rules that are alarms of this kind. A warning that an
// employee confirms is no alarm.
var alarms = map[string]bool{"people-over-time-outside": true, "far-more-than-usual": true, "stopped-again-and-again": true}

// worker is one of the company's people.
type worker struct {
	name   string
	sends  float64 // uploads with customers a day, on average
	most   int     // customers in one of them
	own    int     // customers that he looks after; 0: anybody's
	first  int     // of them
	report bool    // sends a list of a hundred to a partner once a month, by release
}

// company is one simulated year.
type company struct {
	Options
	r       *rand.Rand
	set     *rules.Set
	past    *history.History
	out     Result
	insider int
	found   bool
	seen    map[string]bool // alarms of a day
	text    bytes.Buffer
	persons []uint64
}

// customers is how many customers the company has.
const customers = 200_000

// start is the first day, a Thursday.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Run lives through the year under a set of rules.
func Run(ctx context.Context, set *rules.Set, o Options) (Result, error) {
	o = o.withDefaults()
	c := &company{Options: o, r: rand.New(rand.NewPCG(o.Seed, 2718)), set: set, past: history.New(), seen: map[string]bool{}}
	c.out = Result{Seed: o.Seed, FoundAfter: -1, False: map[string]int{}}
	workers := c.hire()
	c.insider = c.r.IntN(len(workers))
	c.out.PerDay = o.From + c.r.IntN(o.To-o.From+1)
	c.out.Started = min(60, o.Days/3) + c.r.IntN(max(1, o.Days/3))
	next := 0
	for day := range o.Days {
		if err := ctx.Err(); err != nil {
			return c.out, err
		}
		if o.Progress != nil {
			o.Progress(day, o.Days)
		}
		clear(c.seen)
		date := start.AddDate(0, 0, day)
		if date.Weekday() == time.Saturday || date.Weekday() == time.Sunday {
			continue
		}
		for i := range workers {
			c.work(&workers[i], i, date)
		}
		if day >= c.out.Started && !c.found {
			next = c.carry(workers[c.insider].name, date, day, next)
		}
	}
	for _, n := range c.out.False {
		c.out.PerWeek += float64(n) / (float64(o.Days) / 7)
	}
	return c.out, nil
}

// hire makes the people: one in five sells and looks after sixty customers, one
// in ten answers anybody's questions, one in a hundred reports to partners; the
// others send no customers' data.
func (c *company) hire() []worker {
	w := make([]worker, c.People)
	for i := range w {
		w[i].name = fmt.Sprintf("user%04d", i)
		switch {
		case i%100 == 99:
			w[i].report = true
		case i%10 == 3:
			w[i].sends, w[i].most = 3, 1
		case i%5 == 1:
			w[i].sends, w[i].most, w[i].own, w[i].first = 2, 2, 60, c.r.IntN(customers-60)
		}
	}
	return w
}

// classes are where people send to, by how often.
var classes = []string{"web-mail", "web-mail", "web-mail", "cloud-storage", "file-transfer", "forms", "unknown", "unknown"}

// work is one person's day.
func (c *company) work(w *worker, i int, date time.Time) {
	at := func() time.Time { return date.Add(time.Duration(9*3600+c.r.IntN(9*3600)) * time.Second) }
	for range c.poisson(4) { // what holds nobody's data
		c.out.Uploads++
		c.past.Add(history.Entry{Time: at(), User: w.name, Host: "site.example", Classes: []string{classes[c.r.IntN(len(classes))]}, Bytes: int64(c.r.IntN(100_000))})
	}
	for range c.poisson(w.sends) {
		var list []int
		for range 1 + c.r.IntN(max(w.most, 1)) {
			if w.own > 0 {
				list = append(list, w.first+c.r.IntN(w.own))
			} else {
				list = append(list, c.r.IntN(customers))
			}
		}
		c.send(w.name, i, classes[c.r.IntN(len(classes))], at(), list)
	}
	if w.report && date.Day() <= 7 && date.Weekday() == time.Tuesday {
		list := make([]int, 100)
		for k := range list {
			list[k] = i*1000 + k // the same hundred each month
		}
		c.send(w.name, i, "file-transfer", at(), list)
	}
}

// carry is the insider's day: pieces too small for any rule on single uploads.
func (c *company) carry(name string, date time.Time, day, next int) int {
	for left := c.out.PerDay; left > 0 && !c.found; left -= 2 {
		list := []int{next % customers, (next + 1) % customers}
		next += 2
		rule := c.send(name, c.insider, "web-mail", date.Add(time.Duration(9*3600+c.r.IntN(9*3600))*time.Second), list)
		if rule != "" {
			c.found = true
			c.out.FoundAfter, c.out.By, c.out.Carried = day-c.out.Started, rule, next
		}
	}
	return next
}

// send inspects, decides and remembers one upload with customers. It returns the
// alarm that it raised, "" for none.
func (c *company) send(user string, i int, class string, at time.Time, list []int) string {
	c.out.Uploads++
	c.out.Inspected++
	c.text.Reset()
	for _, n := range list {
		customer(&c.text, n)
	}
	c.persons = c.persons[:0]
	report := c.set.Scanner().Scan(context.Background(), []part.Part{{Path: "body", Body: bytes.NewReader(c.text.Bytes()), Size: int64(c.text.Len())}},
		inspect.ScanOptions{OnPerson: func(d uint64) { c.persons = append(c.persons, d) }})
	v := c.set.Decide(rules.Transaction{
		Report: report, Principal: rules.Principal{User: user}, Time: at, Bytes: int64(c.text.Len()), History: c.past, Persons: c.persons,
		Destination: rules.Destination{Scheme: "https", Host: "site.example", Port: 443, Method: "POST", Path: "/", Classes: []string{class}},
		Confirmed:   func(string) bool { return true }, // people who have work to do confirm
	})
	alarm := ""
	for _, m := range v.Matches {
		if !alarms[m.Rule] {
			continue
		}
		alarm = m.Rule
		if k := m.Rule + user; i != c.insider && !c.seen[k] {
			c.seen[k] = true
			c.out.False[m.Rule]++
		}
	}
	// A list for a partner is released; it leaves all the same.
	stopped := v.Action >= rules.Hold && len(list) < 100
	c.past.Add(history.Entry{Time: at, User: user, Host: "site.example", Classes: []string{class}, Bytes: int64(c.text.Len()), Stopped: stopped, Persons: c.persons})
	return alarm
}

func (c *company) poisson(mean float64) int {
	// Knuth's way: the mean is small.
	n := 0
	for p := c.r.Float64(); mean > 0 && p > math.Exp(-mean); n++ {
		p *= c.r.Float64()
	}
	return n
}

var surnames = []string{"佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田", "佐々木", "山口", "松本", "井上", "木村", "斎藤", "清水", "林"}
var givens = []string{"太郎", "花子", "一郎", "美咲", "健太", "陽子", "翔太", "直樹", "由美", "大輔", "恵子", "拓也", "真由美", "和也", "智子", "健一", "裕子", "浩", "明美", "誠"}

// customer writes an invented customer: one number, one person.
func customer(b *bytes.Buffer, n int) {
	var h [8]byte
	binary.LittleEndian.PutUint64(h[:], uint64(n)*0x9E3779B97F4A7C15)
	fmt.Fprintf(b, "氏名: %s %s\n電話: 090-%04d-%04d\n\n", surnames[h[1]%20], givens[h[2]%20], 1000+n/10000, n%10000)
}
