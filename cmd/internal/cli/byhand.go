package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// atTheKeyboard is the person who carries out manual steps.
type atTheKeyboard struct {
	*app
	progress *view.Progress
}

// Attest shows the click path and asks whether it has been followed.
func (p *atTheKeyboard) Attest(ctx context.Context, step *schema.Step) (reconcile.Attestation, bool) {
	p.progress.Pause()
	p.view().Guide(step)
	p.view().Say("Have you done this? \"done\" records that you have; anything else leaves it pending.")
	if line, ok := p.answer(ctx); !ok || line != "done" {
		return reconcile.Attestation{}, false
	}
	return reconcile.Attestation{By: p.who(), At: time.Now().UTC()}, true
}

// A handover writes the click paths with every value, secrets included, to a
// file that only its owner may read, as their turns come: by then the values
// that were known only after apply are known.
type handover struct {
	file *os.File
	next reconcile.Person // nil when nobody is asked
	err  error
}

// newHandover makes the file. Refusing one that exists keeps its wider mode
// from applying.
func newHandover(path string, next reconcile.Person) (*handover, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write handover: %w", err)
	}
	return &handover{file: f, next: next}, nil
}

// Attest writes the step and asks whoever is there.
func (h *handover) Attest(ctx context.Context, step *schema.Step) (reconcile.Attestation, bool) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", step.Address)
	for i, line := range step.Guide {
		fmt.Fprintf(&b, "%2d. %s%s\n", i+1, line.Text, spelledOut(line.Value))
	}
	b.WriteByte('\n')
	if _, err := h.file.Write(b.Bytes()); err != nil {
		h.err = errors.Join(h.err, err)
	}
	if h.next == nil {
		return reconcile.Attestation{}, false
	}
	return h.next.Attest(ctx, step)
}

// Close ends the file and says whether all of it was written.
func (h *handover) Close() error {
	if err := errors.Join(h.err, h.file.Close()); err != nil {
		return fmt.Errorf("write handover: %w", err)
	}
	return nil
}

func spelledOut(v schema.Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case schema.Secret:
		return ": " + v.Reveal()
	}
	return ": " + schema.Text(v)
}
