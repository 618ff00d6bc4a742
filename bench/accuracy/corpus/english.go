package corpus

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

//go:embed data/english.txt
var englishList string

//go:embed data/us_places.txt
var usPlaceList string

var (
	englishNames  = rows(englishList, " ")
	englishGiven  = englishNames[0][1:]
	englishFamily = englishNames[1][1:]
	usPlaces      = rows(usPlaceList, ",")
)

// human is somebody in the United States or Britain who does not exist.
type human struct {
	given, surname string
	birth          time.Time
	street         string
	city, state    string
	zip            string
	phone          [3]string
	email          string
}

func (g *gen) human() *human {
	for {
		h := &human{given: g.pick(englishGiven...), surname: g.pick(englishFamily...)}
		if g.used[h.given] || g.used[h.surname] {
			continue
		}
		g.used[h.given], g.used[h.surname] = true, true
		h.birth = time.Date(g.n(1935, 2012), time.Month(g.n(1, 12)), g.n(1, 28), 0, 0, 0, 0, time.UTC)
		p := usPlaces[g.r.IntN(len(usPlaces))]
		h.city, h.state, h.zip = p[0], p[1], p[2]
		h.street = fmt.Sprintf("%d %s %s", g.n(10, 9900), g.pick("Maple", "N 5th", "Old Mill", "Washington", "Lakeview", "W. Elm", "Martin Luther King", "Cherry Hill", "42nd", "Sunset"), g.pick("St", "Street", "Ave", "Avenue", "Rd", "Drive", "Blvd", "Ln", "Court", "Way"))
		if g.chance(.3) {
			h.street += g.pick(", Apt ", " Apt. ", ", Suite ", " #", ", Unit ") + fmt.Sprint(g.n(1, 40)) + g.pick("", "B")
		}
		h.phone = [3]string{g.pick("212", "312", "415", "503", "512", "617", "646", "702", "808", "919"), fmt.Sprint(g.n(2, 9)) + fmt.Sprint(g.n(2, 9)) + g.digits(1), g.digits(4)}
		h.email = g.email(h.given, h.surname)
		return h
	}
}

func (g *gen) humans(n int) []*human {
	all := make([]*human, n)
	for i := range all {
		all[i] = g.human()
	}
	return all
}

func (h *human) name() string { return mark(detect.Name, h.given+" "+h.surname) }
func (h *human) home() string {
	return mark(detect.Address, h.street+", "+h.city+", "+h.state+" "+h.zip)
}

// english is how one English author writes.
type english struct{ phone, date int }

func (g *gen) english() english { return english{g.n(0, 5), g.n(0, 5)} }

func (e english) tel(h *human) string {
	a, b, c := h.phone[0], h.phone[1], h.phone[2]
	return mark(detect.Phone, []string{
		a + "-" + b + "-" + c, "(" + a + ") " + b + "-" + c, a + "." + b + "." + c, "+1 " + a + " " + b + " " + c, "1-" + a + "-" + b + "-" + c, "+1" + a + b + c,
	}[e.phone])
}

func (e english) birth(h *human) string {
	return mark(detect.Birthdate, h.birth.Format([]string{"01/02/2006", "2006-01-02", "January 2, 2006", "2 Jan 2006", "1/2/2006", "Jan 2, 2006"}[e.date]))
}

func (e english) email(h *human) string { return mark(detect.Email, h.email) }

var englishKinds = []kind{
	{"en-csv", "en_tables", "en", 40, englishSheet(csv, true)},
	{"en-csv-bare", "en_tables", "en", 30, englishSheet(csv, false)},
	{"en-tsv", "en_tables", "en", 16, englishSheet(tsv, true)},
	{"en-fixed", "en_tables", "en", 12, englishSheet(fixed, true)},
	{"en-split", "en_tables", "en", 20, englishSplit},
	{"en-sql", "en_tables", "en", 12, englishSheet(sqlInsert, true)},
	{"en-json", "en_objects", "en", 24, englishJSON},
	{"en-vcard", "en_objects", "en", 12, englishVCard},
	{"en-log", "en_objects", "en", 16, englishLog},
	{"en-form", "en_letters", "en", 30, englishForm},
	{"en-mail", "en_letters", "en", 30, englishMail},
	{"en-chat", "en_letters", "en", 20, englishChat},
	{"en-minutes", "en_letters", "en", 20, englishMinutes},
	{"en-ticket", "en_letters", "en", 24, englishTicket},
	{"en-prose", "en_letters", "en", 50, englishProse},
	clean("en-prose", "en", 16, lines(50, (*gen).englishTrap)),
}

const (
	englishCompanies = `Johnson Controls|Wells Fargo|J.P. Morgan|Morgan Stanley|Baker Hughes|Taylor Guitars|Campbell Soup|Ford Motor|Lloyd George Museum|Martin Marietta|Hill & Knowlton|Marks & Spencer|Kelly Services|Walker Tools Ltd|Grant Thornton|Cooper Industries|Scott Paper|Ryan Air Parts GmbH|St. Mary's Hospital|King's College|Acme Corp|Northwind Traders|Globex|Initech LLC|Umbrella Logistics|Contoso Ltd|Blue Sky Foods|First National Bank`
	englishTraps     = `Washington State|Jackson Hole|Austin Energy|Parkinson's disease|Morgan Street|Florence|Madison Avenue|Lake Charles|Victoria Station|Halley's comet|Murphy's law|Victoria sponge|Jefferson County|Houston|Brooklyn|May 2025|Rose Garden|Mark IV|Grant application|Will call|Summer sale|Chelsea coat|Chelsea boots|Adams County|Wright Field|Quarterly review|Release notes|North Region|Data migration|Winter campaign|Warehouse 7|Main lobby|Pilot phase`
	englishProducts  = `Taylor acoustic guitar|Grace desk lamp|Olivia dinner set|Windsor chair|Henry vacuum|Daisy mug|Jack Russell collar|Rose water|Amber ale|Jasmine tea|Ruby slippers|Violet ink|Bishop chair|Carter's baby wipes|Dean & Sons jam|Oak desk|Steel bottle|USB charger 65W|Printer paper|Desk organizer|Wool blanket|Garden hose|LED strip|Cordless drill|Coffee filter|Running socks`
)

func (g *gen) of(list string) string { return g.pick(strings.Split(list, "|")...) }

type englishColumn struct {
	header string
	cell   func(*human) string
}

// sheet writes a table of people in English.
func sheet(g *gen, write layout, header bool, cols []englishColumn, who []*human) string {
	var head []string
	if header {
		for _, c := range cols {
			head = append(head, c.header)
		}
	}
	body := make([][]string, len(who))
	for i, h := range who {
		for _, c := range cols {
			body[i] = append(body[i], c.cell(h))
		}
	}
	return write(g, head, body)
}

func (g *gen) goods() []englishColumn {
	f := func(s func() string) func(*human) string { return func(*human) string { return s() } }
	all := []englishColumn{
		{g.pick("product", "Item", "title"), f(func() string { return g.of(englishProducts) })},
		{g.pick("sku", "Part No", "model"), f(g.sku)},
		{g.pick("order_id", "Tracking Number", "invoice"), f(g.order)},
		{g.pick("updated", "Ship Date"), f(func() string { return g.recent("%d-%02d-%02d") })},
		{"ean", f(g.jan)},
		{g.pick("supplier", "Manufacturer"), f(func() string { return g.of(englishCompanies) })},
		{"price", f(func() string { return fmt.Sprintf("%d.%02d", g.n(1, 900), g.n(0, 99)) })},
		{"serial", f(func() string { return g.digits(g.pickInt(9, 10, 11, 16)) })},
	}
	g.shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:g.n(4, 7)]
}

func englishSheet(write layout, header bool) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		e, n := g.english(), g.n(4, 20)
		id := g.n(1, 9000)
		last := g.chance(.3)
		all := []englishColumn{
			{g.pick("id", "Customer ID"), func(*human) string { id++; return fmt.Sprint(id) }},
			{g.pick("name", "Full Name", "customer_name", "Contact"), func(h *human) string {
				if last {
					return mark(detect.Name, h.given+" "+h.given[:1]+". "+h.surname)
				}
				return h.name()
			}},
			{g.pick("email", "E-mail"), e.email},
			{g.pick("phone", "Phone Number", "Mobile"), e.tel},
			{g.pick("dob", "Date of Birth", "birth_date"), func(h *human) string { return strings.ReplaceAll(e.birth(h), ",", "") }},
			{g.pick("address", "Street Address"), func(h *human) string { return mark(detect.Address, strings.ReplaceAll(h.street, ",", "")) }},
			{g.pick("city", "City"), func(h *human) string { return optional(detect.Address, h.city) }},
			{"state", func(h *human) string { return optional(detect.Address, h.state) }},
			{g.pick("zip", "ZIP Code"), func(h *human) string { return optional(detect.Postal, h.zip) }},
			{g.pick("ssn", "SSN"), func(*human) string { return mark(detect.SSN, g.ssn()) }},
			{g.pick("card_number", "Credit Card"), func(*human) string { return mark(detect.Card, g.card(g.pick("", "-"))) }},
			{g.pick("signup_date", "created_at"), func(*human) string { return g.recent("%d-%02d-%02d") }},
		}
		keep := all[:2:2]
		for _, c := range all[2:] {
			if g.chance(.5) {
				keep = append(keep, c)
			}
		}
		who := g.humans(n)
		return draft{text: sheet(g, write, header, keep, who), people: n}, draft{text: sheet(g, write, header, g.goods(), who)}
	}
}

func englishSplit(g *gen) (draft, draft) {
	e, n := g.english(), g.n(4, 20)
	h := [][2]string{{"first_name", "last_name"}, {"First Name", "Surname"}, {"given", "family"}}[g.n(0, 2)]
	cols := []englishColumn{
		{h[0], func(h *human) string { return mark(detect.Name, h.given) }},
		{h[1], func(h *human) string { return mark(detect.Name, h.surname) }},
		{"company", func(*human) string { return g.of(englishCompanies) }},
		{"phone", e.tel},
		{"email", e.email},
	}
	who := g.humans(n)
	return draft{text: sheet(g, csv, true, cols, who), people: n}, draft{text: sheet(g, csv, true, g.goods(), who)}
}

func englishJSON(g *gen) (draft, draft) {
	e, n := g.english(), g.n(1, 10)
	var out, things []string
	for _, h := range g.humans(n) {
		out = append(out, fmt.Sprintf(`{"id":%d,"firstName":"%s","lastName":"%s","email":"%s","phone":"%s","dob":"%s","address":{"line1":"%s","city":"%s","state":"%s","zip":"%s"},"createdAt":%q}`,
			g.n(1, 90000), mark(detect.Name, h.given), mark(detect.Name, h.surname), e.email(h), e.tel(h), e.birth(h), mark(detect.Address, h.street), optional(detect.Address, h.city), optional(detect.Address, h.state), optional(detect.Postal, h.zip), g.stamp()))
		things = append(things, fmt.Sprintf(`{"id":%d,"displayName":%q,"title":%q,"sku":%q,"tracking":%q,"build":%q,"host":%q,"vendor":{"name":%q,"region":%q},"createdAt":%q,"digest":%q}`,
			g.n(1, 90000), g.of(englishProducts), g.of(englishTraps), g.sku(), g.order(), g.version(), g.ip(), g.of(englishCompanies), g.of(englishTraps), g.stamp(), g.hex(40)))
	}
	return draft{text: "[" + strings.Join(out, ",\n ") + "]\n", people: n}, draft{text: "[" + strings.Join(things, ",\n ") + "]\n"}
}

func englishVCard(g *gen) (draft, draft) {
	e, n := g.english(), g.n(1, 8)
	var b, twin strings.Builder
	for _, h := range g.humans(n) {
		fmt.Fprintf(&b, "BEGIN:VCARD\r\nVERSION:4.0\r\nN:%s;%s;;;\r\nFN:%s\r\nORG:%s\r\nTEL;TYPE=work:%s\r\nEMAIL:%s\r\nADR:;;%s;%s;%s;%s;USA\r\nEND:VCARD\r\n",
			mark(detect.Name, h.surname), mark(detect.Name, h.given), h.name(), g.of(englishCompanies), e.tel(h), e.email(h), mark(detect.Address, strings.ReplaceAll(h.street, ",", "")), optional(detect.Address, h.city), optional(detect.Address, h.state), optional(detect.Postal, h.zip))
		fmt.Fprintf(&twin, "BEGIN:VEVENT\r\nUID:%s\r\nSUMMARY:%s\r\nLOCATION:%s\r\nDTSTART:%s\r\nEND:VEVENT\r\n", g.uuid(), g.of(englishTraps)+" tour", g.of(englishCompanies), g.recent("%d%02d%02dT")+g.digits(6)+"Z")
	}
	return draft{text: b.String(), people: n}, draft{text: twin.String()}
}

func englishLog(g *gen) (draft, draft) {
	e, n := g.english(), g.n(5, 12)
	var b, twin strings.Builder
	for _, h := range g.humans(n) {
		fmt.Fprintf(&b, "%s INFO signup name=\"%s\" email=%s phone=\"%s\" ip=%s request=%s\n", g.stamp(), h.name(), e.email(h), e.tel(h), g.ip(), g.hex(16))
		fmt.Fprintf(&twin, "%s INFO deploy name=%q image=%s build=%q ip=%s request=%s\n", g.stamp(), g.of(englishTraps), "repo/"+g.hex(6)+":"+g.version(), g.digits(3)+"-"+g.digits(3)+"-"+g.digits(4), g.ip(), g.hex(16))
	}
	return draft{text: b.String(), people: n}, draft{text: twin.String()}
}

func englishForm(g *gen) (draft, draft) {
	e, h := g.english(), g.human()
	mid := g.pick(": ", ":\t", " - ", "\n  ")
	f := func(label, value string) string { return label + mid + value + "\n" }
	text := g.pick("Patient intake\n", "Application for employment\n", "Policy holder\n") + f(g.pick("Name", "Full name", "Applicant"), h.name()) + f(g.pick("DOB", "Date of birth"), e.birth(h)) + f("Address", h.home()) + f(g.pick("Phone", "Tel", "Mobile"), e.tel(h)) +
		f("Email", e.email(h)) + f(g.pick("SSN", "Social Security Number"), mark(detect.SSN, g.ssn())) + f("IBAN", mark(detect.IBAN, g.iban())) + f("Passport number", mark(detect.Passport, g.passport())) + f("Date", g.recent("%d-%02d-%02d"))
	twin := "Purchase order\n" + f("Item", g.of(englishProducts)) + f("Order number", g.order()) + f("Tracking", g.digits(12)) + f("Vendor", g.of(englishCompanies)) + f("Part no", g.sku()) + f("Ship date", g.recent("%d-%02d-%02d")) + f("Lot", g.digits(3)+"-"+g.digits(2)+"-"+g.digits(4)) + f("Serial", g.letters(2)+g.digits(8)) + f("Total", "$"+g.amount()+".00")
	return draft{text: text, people: 1}, draft{text: twin}
}

func englishMail(g *gen) (draft, draft) {
	e := g.english()
	to, from := g.human(), g.human()
	text := "From: " + from.name() + " <" + e.email(from) + ">\nTo: " + to.name() + " <" + e.email(to) + ">\nSubject: Your order " + g.order() + "\n\nDear " + g.pick("Mr. ", "Ms. ", "Dr ") + mark(detect.Name, to.surname) + ",\n\nThank you for ordering the " + g.of(englishProducts) + ". We will ship to " + to.home() + " and call you at " + e.tel(to) + ".\n\n" +
		g.pick("Best regards,\n", "Kind regards\n", "Thanks,\n") + from.name() + "\n" + g.pick("Account Manager, ", "Sales | ") + g.of(englishCompanies) + "\nT: " + e.tel(from) + "\n"
	twin := "Subject: [build] " + g.of(englishTraps) + " " + g.version() + "\nMessage-ID: <" + g.hex(20) + "." + g.digits(9) + ">\n\nHello team,\n\nThe " + g.of(englishTraps) + " release moves to " + g.recent("%d-%02d-%02d") + ". Part " + g.sku() + " from " + g.of(englishCompanies) + " replaces " + g.sku() + ".\n\nBest regards,\nThe " + g.of(englishCompanies) + " Team\n"
	return draft{text: text, people: 2}, draft{text: twin}
}

func englishChat(g *gen) (draft, draft) {
	e := g.english()
	a, b, c := g.human(), g.human(), g.human()
	return draft{text: fmt.Sprintf("%s: hey %s, did you hear back from %s?\n%s: yes, reach her at %s or %s\n%s: great, will tell %s too\n", mark(detect.Name, a.given), mark(detect.Name, b.given), c.name(), mark(detect.Name, b.given), e.tel(c), e.email(c), mark(detect.Name, a.given), "Mrs. "+mark(detect.Name, c.surname)), people: 3},
		draft{text: fmt.Sprintf("bot: build %s failed\nops: grant access to %s and mark %s as done\nbot: will restart at %s, may take %s ms\n", g.digits(10), g.ip(), g.sku(), g.clock(), g.digits(4))}
}

func englishMinutes(g *gen) (draft, draft) {
	n := g.n(4, 7)
	who := g.humans(n)
	var names []string
	for _, h := range who {
		names = append(names, h.name())
	}
	return draft{text: "Minutes, " + g.recent("%d-%02d-%02d") + "\nPresent: " + strings.Join(names, ", ") + "\n\n1. " + mark(detect.Name, who[0].surname) + " reported that the " + g.of(englishProducts) + " sold well in " + g.of(englishTraps) + ".\n2. " + who[1].name() + " will visit " + g.of(englishCompanies) + " next week.\n", people: n},
		draft{text: "Specification, " + g.recent("%d-%02d-%02d") + "\nApplies to: " + g.of(englishTraps) + ", " + g.of(englishTraps) + ", " + g.of(englishTraps) + "\n\n1. The " + g.of(englishProducts) + " measures 12.5-18.3 cm.\n2. " + g.of(englishCompanies) + " supplies part " + g.sku() + ".\n"}
}

func englishTicket(g *gen) (draft, draft) {
	e, h := g.english(), g.human()
	return draft{text: "Ticket #" + g.digits(6) + "\nRequester: " + h.name() + "\nContact: " + e.tel(h) + ", " + e.email(h) + "\n\nCustomer " + mark(detect.Name, h.surname) + " says the " + g.of(englishProducts) + " never arrived. Please resend to " + h.home() + ". Card used: " + mark(detect.Card, g.card(g.pick(" ", "-", ""))) + " exp 11/28.\n", people: 1},
		draft{text: "Ticket #" + g.digits(6) + "\nComponent: " + g.of(englishTraps) + "\nAddress: " + g.ip() + ":" + g.digits(4) + "\n\nRequest " + g.uuid() + " fails since build " + g.version() + ". Checksum " + g.hex(40) + ", counter " + g.digits(16) + ", offset 0x" + g.hex(8) + ".\n"}
}

func englishProse(g *gen) (draft, draft) {
	a, b := g.human(), g.human()
	people := g.pick(
		a.name()+", who grew up in "+a.city+", founded the firm with "+b.name()+". ",
		"\"It rained all day,\" said "+a.name()+", a neighbour of "+b.name()+". ",
		"Yesterday "+g.pick("Mr. ", "Dr. ", "Prof. ", "")+a.name()+" and his colleague "+b.name()+" met the press. ",
		"The jury heard "+b.name()+" ask whether "+a.name()+" ("+fmt.Sprint(g.n(19, 80))+") had paid. ",
	)
	return draft{text: g.englishTrap() + people + g.englishTrap() + "\n", people: 2}, draft{text: g.englishTrap() + g.englishTrap() + g.englishTrap() + "\n"}
}

// englishTrap is a sentence with words that are names elsewhere.
func (g *gen) englishTrap() string {
	return g.pick(
		"The train from "+g.of(englishTraps)+" was late, and "+g.of(englishCompanies)+" apologised. ",
		"In "+g.of(englishTraps)+" you can buy a "+g.of(englishProducts)+" for $"+g.amount()+". ",
		g.of(englishCompanies)+" reported sales of "+g.amount()+" units of the "+g.of(englishProducts)+". ",
		"The "+g.of(englishTraps)+" exhibition opens on "+g.recent("%d-%02d-%02d")+" near "+g.of(englishTraps)+". ",
		"Will the grant be paid in May, and may we mark the frank answer as final? ",
	)
}
