package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/reconcile"
)

type applyFlags struct {
	planFlags
	autoApprove bool
	handover    string
}

func (a *app) applyCommand() *cobra.Command {
	var flags applyFlags
	c := &cobra.Command{
		Use: "apply [PLAN-FILE]", Short: "Make both vendors hold what the files say", Args: cobra.MaximumNArgs(1),
		Long: `Plans, shows the plan, asks, and carries it out; with a plan file, carries out
exactly what was kept and refuses a step whose object has changed since.

What no API can do is shown as a click path, asked about, and recorded. The first
interrupt lets calls in flight finish; the second ends at once. There is no lock:
planning again shows what is left.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.applyKept(c.Context(), flags, args[0])
			}
			return a.applyFresh(c.Context(), flags)
		},
	}
	flags.bind(c)
	c.Flags().BoolVar(&flags.autoApprove, "auto-approve", false, "do not ask; manual steps stay pending")
	c.Flags().StringVar(&flags.handover, "handover", "", "write the values of manual steps, secrets included, to a `file` of mode 0600")
	return c
}

func (a *app) applyFresh(ctx context.Context, flags applyFlags) error {
	plan, r, err := a.plan(ctx, flags.planFlags)
	if err != nil || plan.Settled() {
		return err
	}
	if !flags.autoApprove {
		if err := a.approve(); err != nil {
			return err
		}
	}
	return a.carryOut(ctx, r, plan, flags)
}

func (a *app) applyKept(ctx context.Context, flags applyFlags, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read plan file: %w", err)
	}
	kept, err := reconcile.DecodeDocument(text)
	if err != nil {
		return err
	}
	c, err := a.load(ctx, flags.configFlags, false)
	if err != nil {
		return err
	}
	r, err := a.reconciler(c)
	if err != nil {
		return err
	}
	plan, err := a.compare(ctx, c, r, flags.planFlags)
	if err != nil {
		return err
	}
	if err := plan.Limit(r.Providers, kept); err != nil {
		return err
	}
	return a.carryOut(ctx, r, plan, flags)
}

func (a *app) carryOut(ctx context.Context, r *reconcile.Reconciler, plan *reconcile.Plan, flags applyFlags) error {
	a.graceful.Store(true)
	defer a.graceful.Store(false)
	progress := a.view().NewProgress(len(plan.Steps))
	defer progress.Close()
	r.Observer = progress
	person, done, err := a.person(flags, progress)
	if err != nil {
		return err
	}
	applied := r.Apply(ctx, a.stop, plan, person)
	progress.Close()
	if err := done(); err != nil {
		return err
	}
	if flags.format == "json" {
		if err := a.view().AppliedJSON(applied); err != nil {
			return err
		}
	} else {
		a.view().Applied(applied)
	}
	if applied.Failed() {
		return exitStatus(exitError)
	}
	return nil
}

// person returns who carries out manual steps, nil when nobody does; done ends
// what goes with it.
func (a *app) person(flags applyFlags, progress *view.Progress) (person reconcile.Person, done func() error, err error) {
	if !flags.autoApprove && a.asks() {
		person = &atTheKeyboard{app: a, progress: progress, input: a.input()}
	}
	if flags.handover == "" {
		return person, func() error { return nil }, nil
	}
	h, err := newHandover(flags.handover, person)
	if err != nil {
		return nil, nil, err
	}
	return h, h.Close, nil
}

// approve asks whether to go on.
func (a *app) approve() error {
	if !a.asks() {
		return errors.New("apply asks before it changes anything, and nobody is there to answer: use -auto-approve, or keep a plan with plan -out=FILE and apply that file")
	}
	a.view().Say("\nShall Lockstep carry this out? Only \"yes\" is taken as consent.")
	if answer, _ := a.input().ReadString('\n'); strings.TrimSpace(answer) != "yes" {
		return errors.New("not approved; nothing was changed")
	}
	return nil
}

// asks reports whether somebody can answer: a terminal, or a pipe that is
// something else than a closed one.
func (a *app) asks() bool {
	f, ok := a.Stdin.(*os.File)
	if !ok {
		return a.Stdin != nil
	}
	info, err := f.Stat()
	return err == nil && (info.Mode()&os.ModeCharDevice != 0 && !isNull(info) || info.Mode()&os.ModeNamedPipe != 0)
}

func isNull(info os.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(null, info)
}

// input is the one reader of standard input, so that nothing typed ahead is
// lost between two questions.
func (a *app) input() *bufio.Reader {
	if a.typed == nil {
		a.typed = bufio.NewReader(a.stdin())
	}
	return a.typed
}

func (a *app) stdin() io.Reader {
	if a.Stdin == nil {
		return strings.NewReader("")
	}
	return a.Stdin
}
