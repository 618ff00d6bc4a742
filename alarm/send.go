package alarm

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// sink takes messages. When send returns nil it has arrived, as far as the
// protocol can tell; else it is sent again.
type sink interface {
	// send sends m; to is an address where the sink is not itself of one
	// place, else "".
	send(ctx context.Context, m *Message, to string) error
}

// queue is what one destination is to be sent. Its tasks lie in the state.
type queue struct {
	sink  sink
	again chan struct{}

	mu     sync.Mutex
	sent   uint64
	failed uint64
	err    error // of the last try
}

func newQueue(s sink) *queue {
	return &queue{sink: s, again: make(chan struct{}, 1)}
}

// nudge tells the queue that there may be something to send.
func (q *queue) nudge() {
	select {
	case q.again <- struct{}{}:
	default:
	}
}

// The times of sending.
const (
	sendTime  = 30 * time.Second
	firstWait = time.Second
	lastWait  = time.Minute
)

// queue names the queue that a task is in.
func (t *task) queue() string {
	if strings.HasPrefix(t.To, mark) {
		return personal
	}
	return t.To
}

// address is where a message to a single person goes, "" for others.
func (t *task) address() string {
	address, single := strings.CutPrefix(t.To, mark)
	if !single {
		return ""
	}
	return address
}

// deliver sends what is in a queue, one message after another, until ctx is
// done. A message that fails is tried again, and then goes behind the others,
// so that one bad address does not hold up the rest.
func (a *Alarms) deliver(ctx context.Context, name string, q *queue) {
	wait := firstWait
	for ctx.Err() == nil {
		t, m, ok := a.next(name)
		if !ok {
			select {
			case <-q.again:
			case <-ctx.Done():
			}
			continue
		}
		try, cancel := context.WithTimeout(ctx, sendTime)
		err := q.sink.send(try, m, t.address())
		cancel()
		if ctx.Err() != nil && err != nil {
			return
		}
		a.done(t, m, err == nil)
		q.told(err)
		if err == nil {
			wait = firstWait
			continue
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		wait = min(2*wait, lastWait)
	}
}

func (q *queue) told(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err = err; err != nil {
		q.failed++
	} else {
		q.sent++
	}
}

// next makes the first message for a destination.
func (a *Alarms) next(name string) (t task, m *Message, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := 0; i < len(a.st.Tasks); i++ {
		t = a.st.Tasks[i]
		if t.queue() != name {
			continue
		}
		x := a.st.find(t.Alert)
		if x == nil { // nothing to tell any more
			a.st.Tasks = slices.Delete(a.st.Tasks, i, i+1)
			i--
			continue
		}
		msg := a.message(x.clone(), &t)
		return t, &msg, true
	}
	return t, nil, false
}

// done takes a task out once its message has arrived, or puts it last.
func (a *Alarms) done(t task, m *Message, arrived bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.Index(a.st.Tasks, t)
	if i < 0 {
		return // acknowledged meanwhile
	}
	a.st.Tasks = slices.Delete(a.st.Tasks, i, i+1)
	if !arrived {
		a.st.Tasks = append(a.st.Tasks, t)
		return
	}
	if x := a.st.find(t.Alert); x != nil && !t.Escalated {
		x.Told = max(x.Told, m.Alert.Count) // it was made with what came meanwhile
	}
	if err := a.save(); err != nil {
		a.err = err // it is sent again after a restart
	}
}

// open makes the sink of a destination.
func open(d *Destination, m *Mail) (sink, error) {
	if len(d.Mail) > 0 {
		s, err := newMailer(m)
		if err != nil {
			return nil, err
		}
		s.to = d.Mail
		return s, nil
	}
	return newHook(d)
}
