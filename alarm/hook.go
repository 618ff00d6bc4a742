package alarm

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit/export"
)

// hook posts messages to a URL. Any answer of 2xx means that one has arrived.
type hook struct {
	form   string
	url    string
	secret string // of the signature, or the API's token
	client *http.Client
}

func newHook(d *Destination) (*hook, error) {
	h := &hook{form: d.Form, url: d.URL}
	var err error
	if d.URLFile != "" {
		if h.url, err = secret(d.URLFile); err == nil && !goodURL(h.url) {
			err = fmt.Errorf("%s: it holds no address", d.URLFile)
		}
		if err != nil {
			return nil, fmt.Errorf("url_file: %w", err)
		}
	}
	for key, file := range map[string]string{"secret_file": d.SecretFile, "token_file": d.TokenFile} {
		if file == "" {
			continue
		}
		if h.secret, err = secret(file); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if key == "secret_file" && len(h.secret) < 16 {
			return nil, errors.New("secret_file: the key is shorter than 16 bytes")
		}
	}
	pool, err := roots(d.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	h.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, MaxIdleConns: 1, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: sendTime},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return h, nil
}

// Posted is the JSON of form "json".
type Posted struct {
	ID        string            `json:"id"`
	Alarm     string            `json:"alarm"`
	Kind      string            `json:"kind"`
	What      string            `json:"what,omitempty"`
	Title     map[string]string `json:"title"`
	Severity  string            `json:"severity,omitempty"`
	User      string            `json:"user,omitempty"`
	Host      string            `json:"host,omitempty"`
	Rule      string            `json:"rule,omitempty"`
	Release   string            `json:"release,omitempty"`
	Incidents []string          `json:"incidents,omitempty"`
	Record    uint64            `json:"record"`
	Count     int               `json:"count"`
	Persons   int               `json:"persons,omitempty"`
	First     time.Time         `json:"first"`
	Last      time.Time         `json:"last"`
	Escalated bool              `json:"escalated,omitempty"`
	Link      string            `json:"link,omitempty"`
	Text      string            `json:"text"`
}

// body is what is posted, and of which type.
func (h *hook) body(m *Message) (body []byte, mediaType string, err error) {
	const asJSON = "application/json"
	switch h.form {
	case "slack":
		text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(m.Text)
		body, err = json.Marshal(map[string]string{"text": text})
	case "teams":
		block := func(text string, more ...string) map[string]any {
			b := map[string]any{"type": "TextBlock", "text": unmark.Replace(text), "wrap": true}
			for i := 0; i+1 < len(more); i += 2 {
				b[more[i]] = more[i+1]
			}
			return b
		}
		card := map[string]any{"type": "AdaptiveCard", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "version": "1.4",
			"body": []any{block(m.Subject, "weight", "bolder"), block(strings.ReplaceAll(m.Text, "\n", "\n\n"))}}
		if m.Link != "" {
			card["actions"] = []any{map[string]string{"type": "Action.OpenUrl", "title": "Sekimori", "url": m.Link}}
		}
		body, err = json.Marshal(map[string]any{"type": "message", "attachments": []any{
			map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}}})
	case "chatwork":
		tags := strings.NewReplacer("[", "［", "]", "］")
		text := "[info][title]" + tags.Replace(m.Subject) + "[/title]" + tags.Replace(m.Text) + "[/info]"
		return []byte(url.Values{"body": {text}}.Encode()), "application/x-www-form-urlencoded", nil
	default:
		a := &m.Alert
		body, err = json.Marshal(Posted{ID: a.ID, Alarm: a.Alarm, Kind: a.Kind, What: a.What, Title: map[string]string{"ja": a.Title("ja"), "en": a.Title("en")},
			Severity: a.Severity, User: a.User, Host: a.Host, Rule: a.Rule, Release: a.Release, Incidents: a.Incidents, Record: a.Seq, Count: a.Count,
			Persons: a.Records, First: a.First, Last: a.Last, Escalated: m.Again, Link: m.Link, Text: m.Text})
	}
	return body, asJSON, err
}

// unmark keeps names from being read as markup by Teams.
var unmark = strings.NewReplacer("[", "［", "]", "］", "*", "＊", "`", "'", "<", "‹", ">", "›")

func (h *hook) send(ctx context.Context, m *Message, _ string) error {
	body, mediaType, err := h.body(m)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("send to a webhook: its address cannot be used") // which is a secret
	}
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("Idempotency-Key", m.Key)
	switch h.form {
	case "json":
		now := strconv.FormatInt(time.Now().Unix(), 10)
		req.Header.Set("X-Sekimori-Timestamp", now)
		req.Header.Set("X-Sekimori-Signature", export.Sign([]byte(h.secret), now, body))
	case "chatwork":
		req.Header.Set("X-ChatWorkToken", h.secret)
	}
	res, err := h.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address
		}
		return fmt.Errorf("send to a webhook: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("send to a webhook: it answered %s", res.Status)
	}
	return nil
}
