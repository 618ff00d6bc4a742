package hold

import "sync"

// chunk is the unit in which bodies are kept, in memory and on disk.
const chunk = 64 << 10

// firstMemory is what a body of unknown length gets to begin with.
const firstMemory = 16 << 10

// classes are the sizes in which memory is pooled. Only a body's only buffer
// is smaller than a chunk.
var classes = [...]int{4 << 10, 16 << 10, chunk}

var pools = [len(classes)]sync.Pool{
	{New: func() any { return new([4 << 10]byte) }},
	{New: func() any { return new([16 << 10]byte) }},
	{New: func() any { return new([chunk]byte) }},
}

// getMemory returns a zeroed buffer of the class that fits n bytes, at most a
// chunk.
func getMemory(n int) []byte {
	switch {
	case n <= classes[0]:
		return pools[0].Get().(*[4 << 10]byte)[:]
	case n <= classes[1]:
		return pools[1].Get().(*[16 << 10]byte)[:]
	}
	return pools[2].Get().(*[chunk]byte)[:]
}

// putMemory wipes a buffer of getMemory and keeps it for others. All of it: a
// Read may use more of its buffer than it fills.
func putMemory(b []byte) {
	clear(b)
	switch len(b) {
	case classes[0]:
		pools[0].Put((*[4 << 10]byte)(b))
	case classes[1]:
		pools[1].Put((*[16 << 10]byte)(b))
	case chunk:
		pools[2].Put((*[chunk]byte)(b))
	}
}

func classOf(n int) int {
	for _, c := range classes {
		if n <= c {
			return c
		}
	}
	return chunk
}

var sealBuffers = sync.Pool{New: func() any { return new([chunk + tag]byte) }}

func getSealBuffer() []byte { return sealBuffers.Get().(*[chunk + tag]byte)[:] }

func putSealBuffer(b []byte) {
	clear(b)
	sealBuffers.Put((*[chunk + tag]byte)(b))
}
