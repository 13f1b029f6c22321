package view

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// A Progress shows how an apply goes on standard error: a line when a step
// ends and, on a terminal, one that is redrawn while the vendor is waited for.
type Progress struct {
	streams Streams
	total   int

	mu      sync.Mutex
	ended   int
	waiting string
	since   time.Time
	stop    chan struct{}
	close   sync.Once
}

// NewProgress starts showing progress over total steps; Close ends it.
func (s Streams) NewProgress(total int) *Progress {
	p := &Progress{streams: s, total: total, stop: make(chan struct{})}
	if s.Live {
		go p.redraw()
	}
	return p
}

// Close ends the redrawn line; it may be called again.
func (p *Progress) Close() {
	p.close.Do(func() { close(p.stop) })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.waiting = ""
}

// Started implements [reconcile.Observer].
func (p *Progress) Started(steps []*schema.Step) { p.wait("Writing " + names(steps)) }

// Waiting implements [reconcile.Observer].
func (p *Progress) Waiting(steps []*schema.Step) { p.wait("Reading back " + names(steps)) }

// Ended implements [reconcile.Observer].
func (p *Progress) Ended(o schema.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
	p.clear()
	p.streams.Say("%s %s: %s%s", faint.Render(fmt.Sprintf("[%d/%d]", p.ended, p.total)), o.Step.Address, result(o), why(o))
}

func (p *Progress) wait(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting, p.since = what, time.Now()
}

func (p *Progress) redraw() {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.draw()
		}
	}
}

func (p *Progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == "" {
		return
	}
	_, _ = fmt.Fprintf(p.streams.Err, "\r\x1b[K%s", faint.Render(fmt.Sprintf("%s … %ds", short(p.waiting), int(time.Since(p.since).Seconds()))))
}

// short keeps a redrawn line on one line of the narrowest usual terminal: what
// has wrapped cannot be redrawn.
func short(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60])
	}
	return text
}

func (p *Progress) clear() {
	if p.streams.Live {
		_, _ = fmt.Fprint(p.streams.Err, "\r\x1b[K")
	}
}

func names(steps []*schema.Step) string {
	switch len(steps) {
	case 0:
		return "nothing"
	case 1:
		return string(steps[0].Address)
	}
	return fmt.Sprintf("%s and %d more", steps[0].Address, len(steps)-1)
}

func result(o schema.Outcome) string {
	text := o.Result.String()
	switch o.Result {
	case schema.Done:
		return green.Render(text)
	case schema.Pending:
		return blue.Render(text)
	}
	return red.Render(text)
}

func why(o schema.Outcome) string {
	switch {
	case o.Because != "" && o.Err != nil:
		return fmt.Sprintf(", rolled back because of %s: %v", o.Because, o.Err)
	case o.Because != "" && o.Result == schema.Pending:
		return fmt.Sprintf(", waits for %s", o.Because)
	case o.Because != "":
		return fmt.Sprintf(", because of %s", o.Because)
	case o.Err != nil:
		return fmt.Sprintf(": %v", o.Err)
	}
	return ""
}

// Applied writes how an apply ended to standard output.
func (s Streams) Applied(a *reconcile.Applied) {
	title := green.Render("Applied.")
	if a.Failed() {
		title = red.Render("Not all was applied.")
	}
	s.Print("%s %s. API calls: %d.", title, results(a), a.Calls.Writing)
	for _, o := range a.Outcomes {
		if o.Result != schema.Done || o.Err != nil {
			s.Print("  %s: %s%s", o.Step.Address, o.Result, why(o))
		}
		if o.Result == schema.Pending && o.Because == "" {
			s.Print("    when it has been carried out: lockstep confirm %s", shell(string(o.Step.Address)))
		}
	}
	if a.Failed() {
		s.Print("Plan again: it shows what is left.")
	}
}

// results counts the outcomes, leaving out what did not occur.
func results(a *reconcile.Applied) string {
	parts := []string{fmt.Sprintf("%d done", a.Count(schema.Done))}
	for _, r := range []struct {
		result schema.Result
		words  string
	}{
		{schema.NotDone, "not done"}, {schema.Unclear, "unknown"}, {schema.Pending, "pending by hand"},
	} {
		if n := a.Count(r.result); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, r.words))
		}
	}
	return strings.Join(parts, ", ")
}

// shell quotes an argument for a POSIX shell where it needs that.
func shell(argument string) string {
	plain := func(r rune) bool {
		return r == '_' || r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
	}
	if !strings.ContainsFunc(argument, func(r rune) bool { return !plain(r) }) {
		return argument
	}
	return "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
}
