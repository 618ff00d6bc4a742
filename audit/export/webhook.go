package export

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

// webhook posts batches, a line a record, signed:
//
//	X-Sekimori-Timestamp: seconds since 1970
//	X-Sekimori-Signature: sha256=HEX of HMAC-SHA-256(secret, timestamp "." body)
//	Idempotency-Key:      FIRST-LAST, the numbers of the records; checkpoint-N
//
// Any answer of 2xx means that they have arrived.
type webhook struct {
	url    string
	secret []byte
	client *http.Client
}

func newWebhook(c *Config) (*webhook, error) {
	secret, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	if secret = bytes.TrimSpace(secret); len(secret) < 16 {
		return nil, errors.New("secret_file: the key is shorter than 16 bytes")
	}
	t, err := c.tls()
	if err != nil {
		return nil, err
	}
	return &webhook{c.To, secret, &http.Client{
		Transport:     &http.Transport{TLSClientConfig: t, MaxIdleConns: 1, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: sendTime},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Sign is the signature of a webhook's body, for whoever checks it.
func Sign(secret []byte, timestamp string, body []byte) string {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(timestamp + "."))
	m.Write(body)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

func (w *webhook) send(ctx context.Context, items []Item) error {
	var body []byte
	for i := range items {
		body = append(append(body, items[i].Line...), '\n')
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("send to webhook: its address cannot be used")
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("X-Sekimori-Timestamp", now)
	req.Header.Set("X-Sekimori-Signature", Sign(w.secret, now, body))
	key := fmt.Sprintf("%d-%d", items[0].Seq, items[len(items)-1].Seq)
	if n := items[0].Note; n > 0 {
		key = fmt.Sprintf("checkpoint-%d", n)
	}
	req.Header.Set("Idempotency-Key", key)
	res, err := w.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address, which may have a password in it
		}
		return fmt.Errorf("send to webhook: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("send to webhook: it answered %s", res.Status)
	}
	return nil
}

func (w *webhook) close() error { w.client.CloseIdleConnections(); return nil }

// fileSink appends lines to a file and syncs them. The file may be moved away
// at any time; a new one is begun then.
type fileSink struct{ path string }

func (s *fileSink) send(_ context.Context, items []Item) error {
	var b []byte
	for i := range items {
		b = append(append(b, items[i].Line...), '\n')
	}
	f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("export to file: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("export to file: %w", err)
	}
	return nil
}

func (s *fileSink) close() error { return nil }
