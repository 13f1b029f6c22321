package emulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// A Server has an emulator on three loopback ports: one for each vendor, and
// one for Salesforce's Pub/Sub API.
type Server struct {
	SalesforceURL string
	CXoneURL      string
	PubSubURL     string // http://, which stands for gRPC without encryption

	emulator *Emulator
	pubsub   *grpc.Server
	servers  []*http.Server
	stop     func() bool
	running  sync.WaitGroup
}

// Listen serves the emulator until the context ends or the server is closed.
// The address is a loopback one with a port, for Salesforce; CXone gets the
// next port and the Pub/Sub API the one after it, or all any when the port is 0. Other addresses are refused: what
// is served here has no secrets worth the name and takes faults from anybody.
func Listen(ctx context.Context, e *Emulator, addr string) (*Server, error) {
	addrs, err := addresses(addr)
	if err != nil {
		return nil, err
	}
	s := &Server{emulator: e}
	for _, side := range []struct {
		addr    string
		handler http.Handler
		url     *string
	}{{addrs[0], e.Salesforce(), &s.SalesforceURL}, {addrs[1], e.CXone(), &s.CXoneURL}} {
		if *side.url, err = s.start(ctx, side.addr, side.handler); err != nil {
			return nil, errors.Join(fmt.Errorf("listen: %w", err), s.Close())
		}
	}
	if s.PubSubURL, err = s.startPubSub(ctx, addrs[2]); err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), s.Close())
	}
	s.stop = context.AfterFunc(ctx, func() { _ = s.shut() })
	return s, nil
}

// addresses checks the address and makes the three to listen on.
func addresses(addr string) (addrs [3]string, err error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return addrs, fmt.Errorf("listen on %q: %w", addr, err)
	}
	if !at.Addr().IsLoopback() {
		return addrs, fmt.Errorf("listen on %q: not a loopback address", addr)
	}
	for i := range addrs {
		port := at.Port()
		if port != 0 {
			port += uint16(i) //nolint:gosec // 0 to 2
		}
		addrs[i] = netip.AddrPortFrom(at.Addr(), port).String()
	}
	return addrs, nil
}

func (s *Server) start(ctx context.Context, addr string, handler http.Handler) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	server := &http.Server{
		Handler:           localOnly(handler),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	s.servers = append(s.servers, server)
	s.running.Go(func() { _ = server.Serve(listener) }) // ends with ErrServerClosed
	return "http://" + listener.Addr().String(), nil
}

// localOnly refuses calls under another name than this machine's: a page in a
// browser must not reach the emulator by a name that leads here.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]")
		}
		if !isLocal(host) {
			http.Error(w, "not served under this name", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal reports whether a host is this machine.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// Close ends the servers and waits for them. It can be called twice.
func (s *Server) Close() error {
	if s.stop != nil {
		s.stop()
	}
	err := s.shut()
	s.running.Wait()
	return err
}

// Wait returns when the context that Listen was given has ended.
func (s *Server) Wait() { s.running.Wait() }

func (s *Server) shut() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	if s.pubsub != nil {
		s.pubsub.Stop()
	}
	return errors.Join(errs...)
}

// A Variable is one environment variable that the providers read.
type Variable struct{ Name, Value string }

// Env returns what the providers need to know to use the server, sorted by
// name. The secrets are those of the tenant's first integration.
func (s *Server) Env() []Variable {
	seed := s.emulator.seed
	list := []Variable{
		{"SALESFORCE_INSTANCE_URL", s.SalesforceURL},
		{"SALESFORCE_PUBSUB_ENDPOINT", s.PubSubURL},
		{"CXONE_ISSUER", s.CXoneURL},
		{"CXONE_TENANT_ID", seed.CXone.TenantID},
	}
	if len(seed.Salesforce.Integration) > 0 {
		app := seed.Salesforce.Integration[0]
		list = append(list, Variable{"SALESFORCE_CLIENT_ID", app.ClientID}, Variable{"SALESFORCE_CLIENT_SECRET", app.ClientSecret})
	}
	if len(seed.CXone.AccessKeys) > 0 {
		key := seed.CXone.AccessKeys[0]
		list = append(list, Variable{"CXONE_ACCESS_KEY_ID", key.ID}, Variable{"CXONE_ACCESS_KEY_SECRET", key.Secret})
	}
	slices.SortFunc(list, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// WriteEnv writes the variables as a shell file that only its owner can read.
func (s *Server) WriteEnv(path string) error {
	var b strings.Builder
	for _, v := range s.Env() {
		fmt.Fprintf(&b, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write variables: %w", err)
	}
	// A file that was there keeps its mode when it is written.
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("write variables: %w", err)
	}
	return nil
}
