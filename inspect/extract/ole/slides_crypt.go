package ole

// Encrypted presentations ([MS-PPT] 2.3.7 and part 4 of 2.1.2): RC4 by Windows'
// cryptographic interface. Each object that a directory leads to is encrypted from
// its header on, with the key for the block of its identifier; of pictures, each
// field by itself, with that for block 0.

// slidesBlock is larger than any object: each is one block.
const slidesBlock = 1 << 62

// unlock makes the presentation plain with the first of the passwords that fits.
func (w *show) unlock() bool {
	at, ok := w.places[w.session]
	if !ok || int64(at) >= int64(len(w.data)) {
		return false
	}
	session, _ := recordOf(w.data[at:])
	if session.kind != pptCryptSession {
		return false
	}
	for password := range w.b.Tries(w.ctx, w.passwords(), 1) {
		key, ok := streamKey(session.body, slidesBlock, password)
		if !ok || key.block == nil {
			continue
		}
		w.decrypt(key)
		if n := w.dir.find("Pictures"); n != nil {
			b, _ := w.bytes(n) // what is missing is told when it is read
			decryptPictures(key, b)
			n.plain, n.taken = b, false
		}
		w.key = key
		return true
	}
	return false
}

// decrypt makes the objects of all directories plain. Objects lie one behind the
// other, so that there is no more to do than the stream is long.
func (w *show) decrypt(key *fileKey) {
	done := map[uint32]bool{}
	left := int64(len(w.data))
	for _, o := range w.objects {
		if done[o.at] || int64(o.at)+8 > int64(len(w.data)) {
			continue
		}
		done[o.at] = true
		b := w.data[o.at:]
		switch r, _ := recordOf(b); r.kind {
		case pptCryptSession, pptUserEdit, pptPersists:
			continue
		}
		c := key.block(o.id)
		c.XORKeyStream(b[:8], b[:8])
		size := min(int64(word(b, 4)), int64(len(b)-8))
		if left -= 8 + size; left < 0 {
			return
		}
		c.XORKeyStream(b[8:8+size], b[8:8+size])
	}
}

// decryptPictures makes the records of a stream of pictures plain ([MS-ODRAW]
// 2.2.23).
func decryptPictures(key *fileKey, b []byte) {
	field := func(n int) {
		n = min(n, len(b))
		key.block(0).XORKeyStream(b[:n], b[:n])
		b = b[n:]
	}
	for n := 0; len(b) >= 8 && n < maxPictures; n++ {
		head := b
		field(8)
		size := min(int64(word(head, 4)), int64(len(b)))
		behind := b[size:]
		b = b[:size]
		identifiers, rest := 1, 1
		switch short(head, 0) >> 4 { // those with two
		case 0x217, 0x3d5, 0x46b, 0x543, 0x6e1, 0x6e3, 0x6e5, 0x7a9:
			identifiers = 2
		}
		switch short(head, 2) { // metafiles
		case 0xf01a, 0xf01b, 0xf01c:
			rest = 34
		}
		for range identifiers {
			field(16)
		}
		field(rest)
		field(len(b))
		b = behind
	}
}
