package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// maxPayload is the largest message. Records are bounded to 4 MiB before they
// are compressed.
const maxPayload = 8 << 20

// startTime bounds how long the engine takes to come up in this process.
const startTime = 30 * time.Second

// embedded is the engine in this process. Other commands on this machine reach
// it through a socket file that only this account may open; there is no port.
type embedded struct {
	*server.Server
	door net.Listener // nil if there is none
	wg   sync.WaitGroup
}

// socketFile is where commands beside a running node find its engine.
func socketFile(dir string) string { return filepath.Join(dir, "engine.sock") }

func startEmbedded(c Config, log *slog.Logger) (*embedded, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: c.Node, DontListen: true, NoSigs: true, MaxPayload: maxPayload,
		JetStream: true, StoreDir: filepath.Join(c.Dir, "engine"), SyncAlways: true,
		JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: c.Store, DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, fmt.Errorf("make the engine: %w", err)
	}
	s.SetLoggerV2(engineLog{log}, false, false, false)
	go s.Start()
	if !s.ReadyForConnections(startTime) || !s.JetStreamEnabled() {
		s.Shutdown()
		return nil, errors.New("start the engine: it did not come up; the log tells why")
	}
	e := &embedded{Server: s}
	e.listen(socketFile(c.Dir), log)
	return e, nil
}

// listen lets commands on this machine in. Without it the node works, so a
// failure is only told.
func (e *embedded) listen(file string, log *slog.Logger) {
	_ = os.Remove(file) // of an earlier run; the audit log's lock keeps a second node out
	l, err := net.Listen("unix", file)
	if err == nil {
		err = os.Chmod(file, 0o600)
	}
	if err != nil {
		log.Warn("fleet: commands beside this node cannot reach its engine", "error", err)
		return
	}
	e.door = l
	e.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			inside, err := e.InProcessConn()
			if err != nil {
				c.Close()
				continue
			}
			go func() { _, _ = io.Copy(inside, c); inside.Close() }()
			go func() { _, _ = io.Copy(c, inside); c.Close() }()
		}
	})
}

func (e *embedded) close() {
	if e.door != nil {
		e.door.Close()
		e.wg.Wait()
	}
	e.Shutdown()
	e.WaitForShutdown()
}

// engineLog hands on what the engine says that somebody should know.
type engineLog struct{ log *slog.Logger }

func (l engineLog) Noticef(f string, v ...any) { l.log.Debug("engine: " + fmt.Sprintf(f, v...)) }
func (l engineLog) Warnf(f string, v ...any)   { l.log.Warn("engine: " + fmt.Sprintf(f, v...)) }
func (l engineLog) Errorf(f string, v ...any)  { l.log.Error("engine: " + fmt.Sprintf(f, v...)) }
func (l engineLog) Fatalf(f string, v ...any)  { l.log.Error("engine: " + fmt.Sprintf(f, v...)) }
func (l engineLog) Debugf(string, ...any)      {}
func (l engineLog) Tracef(string, ...any)      {}

// RunServer runs an engine from a configuration file of nats-server until ctx
// is done: for those who want no further program on the machines of the
// engine.
func RunServer(ctx context.Context, file string, log *slog.Logger) error {
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		return fmt.Errorf("read the engine's configuration: %w", err)
	}
	o.NoSigs = true
	s, err := server.NewServer(o)
	if err != nil {
		return fmt.Errorf("make the engine: %w", err)
	}
	s.SetLoggerV2(serverLog{engineLog{log}}, false, false, false)
	go s.Start()
	stopped := make(chan struct{})
	go func() { s.WaitForShutdown(); close(stopped) }()
	select {
	case <-ctx.Done():
		s.Shutdown()
		<-stopped
		return nil
	case <-stopped:
		return errors.New("the engine has stopped; the log tells why")
	}
}

// serverLog also tells what an engine of its own has to notice.
type serverLog struct{ engineLog }

func (l serverLog) Noticef(f string, v ...any) { l.log.Info("engine: " + fmt.Sprintf(f, v...)) }
