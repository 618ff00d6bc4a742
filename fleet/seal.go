package fleet

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/crypto/chacha20poly1305"
)

// sealer compresses and encrypts what goes to the engine: XChaCha20-Poly1305
// with a random nonce, bound to the subject. Safe for concurrent use.
type sealer struct {
	aead cipher.AEAD
	enc  *zstd.Encoder
	dec  *zstd.Decoder
}

// maxPlain bounds a message when it is unpacked.
const maxPlain = 64 << 20

const sealVersion = 1

func newSealer(key [32]byte) (*sealer, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxPlain), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &sealer{aead, enc, dec}, nil
}

func (s *sealer) seal(subject string, plain []byte) []byte {
	var nonce [chacha20poly1305.NonceSizeX]byte
	rand.Read(nonce[:])
	out := append([]byte{sealVersion}, nonce[:]...)
	return s.aead.Seal(out, nonce[:], s.enc.EncodeAll(plain, nil), []byte(subject))
}

var errSeal = errors.New("the message is not of this fleet's key, or was changed")

func (s *sealer) open(subject string, msg []byte) ([]byte, error) {
	const head = 1 + chacha20poly1305.NonceSizeX
	if len(msg) < head || msg[0] != sealVersion {
		return nil, errSeal
	}
	packed, err := s.aead.Open(nil, msg[1:head], msg[head:], []byte(subject))
	if err != nil {
		return nil, errSeal
	}
	plain, err := s.dec.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack message: %w", err)
	}
	return plain, nil
}
