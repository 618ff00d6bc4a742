package hold

import (
	"sync"
	"time"
)

// tick is how often senders are looked after, and so how late at most one that
// stalled, or a context that ended, is noticed.
const tick = 50 * time.Millisecond

// watch looks after all bodies that are being read in: one timer for them all,
// which runs only while there are any, so that a body costs no goroutine,
// timer or clock reading of its own.
type watch struct {
	mu      sync.Mutex
	fillers []*filler
	timer   *time.Timer
	running bool
}

// add begins to look after f.
func (w *watch) add(f *filler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f.place = len(w.fillers)
	w.fillers = append(w.fillers, f)
	if w.running {
		return
	}
	w.running = true
	if w.timer == nil {
		w.timer = time.AfterFunc(tick, w.look)
	} else {
		w.timer.Reset(tick)
	}
}

// remove ends it. f is not interrupted any more when it returns; the error
// says why it was, nil if it was not.
func (w *watch) remove(f *filler) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.fillers) - 1
	last := w.fillers[n]
	w.fillers[f.place], last.place = last, f.place
	w.fillers[n] = nil
	w.fillers = w.fillers[:n]
	return f.why
}

// look interrupts those whose sender stalled or whose context ended.
func (w *watch) look() {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.fillers {
		f.look(now)
	}
	if w.running = len(w.fillers) > 0; w.running {
		w.timer.Reset(tick)
	}
}
