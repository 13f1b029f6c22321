package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/lockstep-sync/lockstep/cmd/internal/dashboard"
	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/store"
)

// several is one process that runs several configurations. Each is a tenant of
// its own, that is loaded, checked and kept in step beside the others; what they
// share is the owner's name, the page's address, and each store that more than
// one of them names.
type several struct {
	*app   // of the command
	flags  *runFlags
	stores *stores
	site   *dashboard.Site // nil without -serve
	beside sync.WaitGroup  // what works beside the syncs, and ends after them

	mu     sync.Mutex
	fleets map[store.Store]*mirror.Fleet
}

// runSeveral runs each directory until all have ended. One that fails says so
// and leaves the others alone; the exit status tells. Before any is begun, all
// are loaded: two about the same accounts would take turns at being refused.
func (a *app) runSeveral(ctx context.Context, flags *runFlags, dirs []string) error {
	shared, dirs := *flags, distinct(dirs)
	var err error
	if shared.varFiles, err = a.absolute(flags.varFiles); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	s := &several{
		app: a, flags: &shared, stores: &stores{opened: map[string]*opened{}},
		fleets: map[store.Store]*mirror.Fleet{},
	}
	defer s.stores.close() // after all that uses them
	ctx, cancel := context.WithCancel(ctx)
	defer s.beside.Wait()
	defer cancel()
	a.graceful.Store(true)
	defer a.graceful.Store(false)
	tenants := s.load(ctx, dirs)
	if err := distinctAccounts(tenants); err != nil {
		return err
	}
	if err := s.serve(ctx, dirs); err != nil {
		return err
	}
	var running sync.WaitGroup
	for _, t := range tenants {
		running.Go(func() { s.run(ctx, t) })
	}
	running.Wait()
	if slices.ContainsFunc(tenants, func(t *oneOfSeveral) bool { return t.failed }) {
		return exitStatus(exitError)
	}
	return ctx.Err()
}

// oneOfSeveral is one directory.
type oneOfSeveral struct {
	*app   // as if started there
	config *config.Configuration
	failed bool
}

// load loads all directories, each beside the others.
func (s *several) load(ctx context.Context, dirs []string) []*oneOfSeveral {
	tenants := make([]*oneOfSeveral, len(dirs))
	var loading sync.WaitGroup
	for i, dir := range dirs {
		t := &oneOfSeveral{app: s.at(dir)}
		t.among = s
		tenants[i] = t
		loading.Go(func() {
			var err error
			t.config, err = t.loadSync(ctx, s.flags)
			t.failed = !s.ended(t, err)
		})
	}
	loading.Wait()
	return tenants
}

// distinctAccounts refuses two directories about the same accounts, which one
// process can run once.
func distinctAccounts(tenants []*oneOfSeveral) error {
	first := map[string]string{}
	for _, t := range tenants {
		if t.config == nil {
			continue
		}
		name := accounts(t.config)
		if other, taken := first[name]; taken {
			return fmt.Errorf("run: %s and %s are about the same accounts, so nothing was started; leave one of them out", other, t.title)
		}
		first[name] = t.title
	}
	return nil
}

// absolute names files as what runs in another directory finds them.
func (a *app) absolute(names []string) ([]string, error) {
	var err error
	paths := make([]string, len(names))
	for i, name := range names {
		if paths[i], err = filepath.Abs(a.path(name)); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// distinct leaves out what is named twice.
func distinct(dirs []string) []string {
	var list []string
	seen := map[string]bool{}
	for _, dir := range dirs {
		if dir = filepath.Clean(dir); !seen[dir] {
			seen[dir] = true
			list = append(list, dir)
		}
	}
	return list
}

// run runs one directory that was loaded.
func (s *several) run(ctx context.Context, t *oneOfSeveral) {
	defer t.close()
	if t.config != nil {
		t.failed = !s.ended(t, t.runLoaded(ctx, t.config, s.flags))
	}
	if t.failed && s.site != nil {
		s.site.Failed(t.title)
	}
}

// ended says why a directory ended, and reports whether that is in order.
func (s *several) ended(t *oneOfSeveral, err error) bool {
	var status exitStatus
	switch {
	case err == nil, errors.Is(err, context.Canceled) && closed(s.stop):
		return true
	case !errors.As(err, &status): // what has one was shown
		t.view().Fail(err)
	}
	return false
}

// at is the program as if it were started in another directory. What it says
// has the directory in front.
func (a *app) at(dir string) *app {
	return &app{
		Process: a.Process, chdir: a.path(dir), title: dir, noColor: a.noColor, base: a.base, noInput: a.noInput,
		stop: a.stop, hangups: make(chan os.Signal, 1), alone: a.alone, store: a.store, digestWork: a.digestWork,
	}
}

// untilStop is a context that ends at the first interrupt.
func (a *app) untilStop(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		select {
		case <-a.stop:
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// fleet returns those that share a store, which the leases of the store are
// spread by.
func (s *several) fleet(ctx context.Context, memory store.Store) *mirror.Fleet {
	if memory == nil || s.flags.once {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.fleets[memory]; f != nil {
		return f
	}
	f := &mirror.Fleet{Store: memory, Owner: s.flags.owner, Every: s.spreadEvery}
	s.fleets[memory] = f
	spreading, end := s.untilStop(ctx)
	s.beside.Go(func() {
		defer end()
		f.Run(spreading)
	})
	return f
}

// serve shows all of them at one address, before they begin: who asks whether
// they are ready is told that they are not.
func (s *several) serve(ctx context.Context, dirs []string) (err error) {
	if s.flags.serve == "" {
		return nil
	}
	s.site, err = dashboard.NewSite(s.pageOptions(s.flags.owner, s.logger()), dirs)
	if err != nil {
		return fmt.Errorf("run: %w; it is the variable %s", err, tokenVariable)
	}
	_, err = s.servePage(ctx, &s.beside, s.flags.serve, s.site)
	return err
}

// stores are what several configurations remember in: each is opened once.
type stores struct {
	mu     sync.Mutex
	opened map[string]*opened // by path or address
	closes []io.Closer
}

// An opened store is one that is open, or is being opened.
type opened struct {
	mu     sync.Mutex
	store  store.Store
	shared sync.Once // with other commands
}

func (s *stores) of(where string) *opened {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.opened[where]
	if o == nil {
		o = &opened{}
		s.opened[where] = o
	}
	return o
}

// open returns the store of an address. While one does not answer, the others
// are opened.
func (s *stores) open(where string, open func() (store.Store, error)) (store.Store, error) {
	o := s.of(where)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.store != nil {
		return o.store, nil
	}
	memory, err := open()
	if err != nil {
		return nil, err
	}
	o.store = memory
	s.keep(memory)
	return memory, nil
}

// keep closes something in the end.
func (s *stores) keep(end io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closes = append(s.closes, end)
}

func (s *stores) close() {
	for _, end := range slices.Backward(s.closes) {
		_ = end.Close() // all that counts was committed
	}
}
