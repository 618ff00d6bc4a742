package mapi

// Properties that readers ask for ([MS-OXPROPS]).
const (
	Subject       = 0x0037
	Body          = 0x1000
	CompressedRTF = 0x1009
	HTML          = 0x1013
	AttachData    = 0x3701
	DisplayName   = 0x3001
	AttachShort   = 0x3704
	AttachMethod  = 0x3705
	AttachLong    = 0x3707
	AttachType    = 0x370e
	messagePage   = 0x3ffd
	internetPage  = 0x3fde
	attachIcon    = 0x3709
	locale        = 0x3ff1
	birthday      = 0x3a42
	anniversary   = 0x3a41
)

// label is what a property is called in the text, in the order that people read
// them in.
type label struct {
	id   uint16
	text string
}

var labels = []label{
	{Subject, "Subject"},
	{0x0c1a, "From"}, {0x0c1f, "From address"}, {0x5d01, "From address"},
	{0x0042, "Sent for"}, {0x0065, "Sent for address"}, {0x5d02, "Sent for address"},
	{0x0e04, "To"}, {0x0e03, "Cc"}, {0x0e02, "Bcc"}, {0x0050, "Reply-To"}, {0x0039, "Sent"}, {0x0e06, "Received"},

	{DisplayName, "Name"}, {0x3003, "E-mail"}, {0x39fe, "E-mail"},
	{0x3a45, "Title of name"}, {0x3a06, "Given name"}, {0x3a44, "Middle name"}, {0x3a11, "Surname"},
	{0x3a05, "Generation"}, {0x3a4f, "Nickname"}, {0x3a16, "Company"}, {0x3a18, "Department"}, {0x3a17, "Job title"},
	{0x3a46, "Profession"}, {birthday, "Birthday"}, {anniversary, "Anniversary"}, {0x3a48, "Spouse"}, {0x3a58, "Children"},
	{0x3a09, "Home phone"}, {0x3a2f, "Home phone"}, {0x3a08, "Business phone"}, {0x3a1b, "Business phone"},
	{0x3a1c, "Mobile phone"}, {0x3a1d, "Phone"}, {0x3a1a, "Primary phone"}, {0x3a1e, "Car phone"}, {0x3a1f, "Other phone"},
	{0x3a21, "Pager"}, {0x3a24, "Business fax"}, {0x3a25, "Home fax"}, {0x3a23, "Fax"}, {0x3a2e, "Assistant phone"},
	{0x3a02, "Callback phone"}, {0x3a57, "Company phone"}, {0x3a2d, "ISDN"}, {0x3a2c, "Telex"}, {0x3a4b, "TTY phone"},
	{0x3a15, "Address"}, {0x3a2a, "Postal code"}, {0x3a26, "Country"}, {0x3a28, "State"}, {0x3a27, "City"},
	{0x3a29, "Street"}, {0x3a2b, "Post office box"},
	{0x3a5b, "Home postal code"}, {0x3a5a, "Home country"}, {0x3a5c, "Home state"}, {0x3a59, "Home city"}, {0x3a5d, "Home street"},
	{0x3a61, "Other postal code"}, {0x3a60, "Other country"}, {0x3a62, "Other state"}, {0x3a5f, "Other city"}, {0x3a63, "Other street"},
	{0x3a07, "Government ID"}, {0x3a4a, "Customer ID"}, {0x3a10, "Organizational ID"}, {0x3a4d, "Gender"},
	{0x3a51, "Web page"}, {0x3a50, "Personal web page"},

	{AttachLong, "File name"}, {0x370d, "Path"}, {AttachShort, "Short file name"},
}

// labelOf tells where in labels a property stands.
var labelOf = func() map[uint16]int {
	t := make(map[uint16]int, len(labels))
	for i, l := range labels {
		t[l.id] = i
	}
	return t
}()

// named are the labels of properties that have numbers within a set, by the low
// bits of the set's identifier ([MS-OXPROPS] 1.3.2).
var named = map[uint32]string{
	setAddress | 0x8005: "Filed under", setAddress | 0x801a: "Home address", setAddress | 0x801b: "Work address",
	setAddress | 0x801c: "Other address", setAddress | 0x802b: "Web page", setAddress | 0x802c: "Given name reading",
	setAddress | 0x802d: "Surname reading", setAddress | 0x802e: "Company reading",
	setAddress | 0x8045: "Street", setAddress | 0x8046: "City", setAddress | 0x8047: "State",
	setAddress | 0x8048: "Postal code", setAddress | 0x8049: "Country", setAddress | 0x8062: "Instant message address",
	setAddress | 0x8080: "E-mail name", setAddress | 0x8083: "E-mail", setAddress | 0x8084: "E-mail",
	setAddress | 0x8090: "E-mail 2 name", setAddress | 0x8093: "E-mail 2", setAddress | 0x8094: "E-mail 2",
	setAddress | 0x80a0: "E-mail 3 name", setAddress | 0x80a3: "E-mail 3", setAddress | 0x80a4: "E-mail 3",
	setAddress | 0x80b2: "Business fax", setAddress | 0x80c2: "Home fax", setAddress | 0x80d2: "Primary fax",
	setAddress | 0x80de:     "Birthday",
	setAppointment | 0x8208: "Location", setAppointment | 0x820d: "Start", setAppointment | 0x820e: "End",
	setAppointment | 0x8238: "Attendees", setAppointment | 0x823b: "To", setAppointment | 0x823c: "Cc",
	setTask | 0x811f: "Task owner", setTask | 0x8121: "Task delegator",
}

// The first four bytes of the sets' identifiers, moved up.
const (
	setAddress     = 0x00062004 << 16 & 0xffff0000
	setAppointment = 0x00062002 << 16 & 0xffff0000
	setTask        = 0x00062003 << 16 & 0xffff0000
)

// Named returns the label of a property known by its number in a set, whose
// identifier begins with the given four bytes as a little-endian number; "" if it
// has none.
func Named(set uint32, number uint32) string {
	if set>>16 != 0x0006 || number > 0xffff {
		return ""
	}
	return named[set<<16|number]
}
