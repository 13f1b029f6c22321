package dashboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

// Options say what to show and to whom.
type Options struct {
	Source  Source
	Replica string // this process's name; the owner of the lease may be another
	Version string
	// Token opens the page. Without one it is served on loopback only.
	Token schema.Secret
	Log   *slog.Logger // nil for none
	// Every is how often somebody who watches is told; one second when zero.
	Every time.Duration
}

// shortestToken is what nobody guesses within the attempts that are allowed.
const shortestToken = 16

// A Dashboard serves the page, the data and the metrics.
type Dashboard struct {
	o       Options
	hub     *hub
	gate    *gate
	handler http.Handler
}

// New makes a dashboard. It is an error to give a token that can be guessed.
func New(o Options) (*Dashboard, error) {
	if n := len(o.Token.Reveal()); n > 0 && n < shortestToken {
		return nil, fmt.Errorf("the dashboard's token is too short: at least %d characters keep it from being guessed", shortestToken)
	}
	if o.Every <= 0 {
		o.Every = time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &Dashboard{o: o, hub: newHub(o.Source), gate: newGate(o.Token)}
	d.handler = d.routes()
	return d, nil
}

// ServeHTTP serves one request.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

// Watch keeps what is shown up to date until ctx ends. It looks at all agents
// only while somebody watches.
func (d *Dashboard) Watch(ctx context.Context) {
	d.hub.watch(ctx, d.o.Every)
}

// MayServe says why the page cannot be served at an address: one that others
// can reach needs a token.
func (d *Dashboard) MayServe(at net.Addr) error {
	if loopback(at) || !d.o.Token.IsZero() {
		return nil
	}
	return fmt.Errorf("the dashboard on %s can be reached by others: give it a token, or listen on 127.0.0.1", at)
}

// Serve serves on a listener until ctx ends, and closes it. A listener that
// others can reach needs a token.
func (d *Dashboard) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go d.Watch(ctx)
	return d.serve(ctx, l, d)
}

func (d *Dashboard) serve(ctx context.Context, l net.Listener, what http.Handler) error {
	if err := d.MayServe(l.Addr()); err != nil {
		_ = l.Close() // nothing was accepted
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler:           what,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       20 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(d.o.Log.Handler(), slog.LevelDebug),
		// Streams end with the process, so that nothing has to wait for them.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopped <- server.Close()
	}()
	err := server.Serve(l)
	cancel()
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the dashboard: %w", err)
	}
	return <-stopped
}

func loopback(a net.Addr) bool {
	if a.Network() == "unix" {
		return true
	}
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
