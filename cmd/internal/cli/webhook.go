package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// A webhook posts notices as JSON. Its address is a secret: whoever has it can
// write into somebody's channel.
type webhook struct {
	address schema.Secret
	client  *http.Client
	who     *roll
}

func newWebhook(address schema.Secret, transport http.RoundTripper, who *roll) *webhook {
	return &webhook{address, &http.Client{
		Transport: transport, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, who}
}

// A message is a notice with the line that chat services show. Its agent is
// called by name, and has the key beside it.
type message struct {
	Text string `json:"text"`
	mirror.Notice
	Key string `json:"key,omitempty"`
}

// Notify implements [mirror.Webhook].
func (w *webhook) Notify(ctx context.Context, n mirror.Notice) error {
	key := n.Agent
	n.Agent = w.who.of(key)
	body, err := json.Marshal(message{headline(n), n, key})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address.Reveal(), bytes.NewReader(body))
	if err != nil {
		return errors.New("notify: the address is none")
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := w.client.Do(r)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err // the rest is the address
		}
		return fmt.Errorf("notify: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()                   // only read
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1e6)) // so that the connection is used again
	if answer.StatusCode >= 300 {
		return fmt.Errorf("notify: answered with %s", answer.Status)
	}
	return nil
}

// headline is what a person reads first.
func headline(n mirror.Notice) string {
	text := "Lockstep: " + n.Text
	if n.Agent != "" {
		text = fmt.Sprintf("Lockstep: %s: %s", n.Agent, n.Text)
	}
	return text
}
