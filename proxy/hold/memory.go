package hold

import "sync"

// chunk is the unit in which bodies are kept, in memory and on disk.
const chunk = 64 << 10

// firstMemory is what a body of unknown length gets to begin with.
const firstMemory = 16 << 10

var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// getMemory returns a zeroed buffer of n bytes, at most a chunk. Chunks are
// pooled. What is smaller is a body's only buffer and made to measure: it may
// be handed over to whoever sends it (see Body.Take).
func getMemory(n int) []byte {
	if n < chunk {
		return make([]byte, n)
	}
	return chunks.Get().(*[chunk]byte)[:]
}

// putMemory wipes a buffer of getMemory and keeps chunks for others. All of
// it: a Read may use more of its buffer than it fills.
func putMemory(b []byte) {
	clear(b)
	if len(b) == chunk {
		chunks.Put((*[chunk]byte)(b))
	}
}

var sealBuffers = sync.Pool{New: func() any { return new([chunk + tag]byte) }}

func getSealBuffer() []byte { return sealBuffers.Get().(*[chunk + tag]byte)[:] }

func putSealBuffer(b []byte) {
	clear(b)
	sealBuffers.Put((*[chunk + tag]byte)(b))
}
