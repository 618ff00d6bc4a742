package proxy

import "time"

// before is the last of what a conversation has sent. It is inspected once more
// with what comes next: a list, a record or a file may lie over several messages,
// none of which tells it alone.
type before struct {
	sent   []byte
	pieces []pieceSent // that it consists of, each of whole messages
}

type pieceSent struct {
	size  int
	began int64 // by elapsed
}

// Bounds of what is kept of a conversation.
const (
	beforeSize = 32 << 10
	beforeFor  = 5 * time.Minute
	// Small messages are kept as one piece.
	pieceSize = 1 << 10
	pieceFor  = 10 * time.Second
)

// add keeps what has been sent, whole messages. Of more than there is room for
// nothing is kept: it is enough to have been judged by itself.
func (b *before) add(messages []byte) {
	if len(messages) > beforeSize {
		*b = before{}
		return
	}
	now := elapsed()
	if n := len(b.pieces); n > 0 && b.pieces[n-1].size+len(messages) <= pieceSize && now-b.pieces[n-1].began < int64(pieceFor) {
		b.pieces[n-1].size += len(messages)
	} else {
		b.pieces = append(b.pieces, pieceSent{len(messages), now})
	}
	b.sent = append(b.sent, messages...)
	for len(b.sent) > beforeSize {
		b.drop()
	}
}

// recent is what is not too old. It is valid until the next add.
func (b *before) recent() []byte {
	for len(b.pieces) > 0 && elapsed()-b.pieces[0].began > int64(beforeFor) {
		b.drop()
	}
	return b.sent
}

// drop lets go of the oldest piece.
func (b *before) drop() {
	b.sent = b.sent[b.pieces[0].size:]
	b.pieces = b.pieces[1:]
}
