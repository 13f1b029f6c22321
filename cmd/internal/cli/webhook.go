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

	"github.com/cenkalti/backoff/v5"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/schema"
)

// A webhook posts notices as JSON. Its address is a secret: whoever has it can
// write into somebody's channel.
type webhook struct {
	address schema.Secret
	client  *http.Client
	who     *roll
	turn    chan struct{} // so that an end does not overtake its beginning
}

func newWebhook(address schema.Secret, transport http.RoundTripper, who *roll) *webhook {
	return &webhook{address, &http.Client{
		Transport: transport, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, who, make(chan struct{}, 1)}
}

// A message is a notice with the line that chat services show. Its agent is
// called by name, and has the key beside it.
type message struct {
	Text string `json:"text"`
	mirror.Notice
	Key string `json:"key,omitempty"`
}

// How often somebody is told who does not listen, over about two minutes: a chat
// service that restarts is to hear of what happened meanwhile.
const (
	tellTries = 6
	tellFirst = time.Second // the pause after the first try
	tellMost  = time.Minute
)

// Notify implements [mirror.Webhook]. It tries again what may work the next
// time, and waits for the notices before.
func (w *webhook) Notify(ctx context.Context, n mirror.Notice) error {
	key := n.Agent
	n.Agent = w.who.of(key)
	body, err := json.Marshal(message{headline(n), n, key})
	if err != nil {
		return err
	}
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval, pause.Multiplier = tellFirst, tellMost, 3
	_, err = backoff.Retry(ctx, func() (none struct{}, err error) { return none, w.post(ctx, body) },
		backoff.WithBackOff(pause), backoff.WithMaxTries(tellTries))
	return err
}

func (w *webhook) post(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address.Reveal(), bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("notify: the address is none"))
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
	return verdict(answer)
}

// verdict judges an answer: a refusal is not tried again, unless it is for now.
func verdict(answer *http.Response) error {
	if answer.StatusCode < 300 {
		return nil
	}
	err := fmt.Errorf("notify: answered with %s", answer.Status)
	if answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout {
		return err
	}
	return backoff.Permanent(err)
}

// headline is what a person reads first.
func headline(n mirror.Notice) string {
	text := "Lockstep: " + n.Text
	if n.Agent != "" {
		text = fmt.Sprintf("Lockstep: %s: %s", n.Agent, n.Text)
	}
	return text
}
