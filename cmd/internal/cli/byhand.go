package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// atTheKeyboard is the person who carries out manual steps.
type atTheKeyboard struct {
	*app
	progress *view.Progress
	input    *bufio.Reader
}

// Attest shows the click path and asks whether it has been followed.
func (p *atTheKeyboard) Attest(_ context.Context, step *schema.Step) (reconcile.Attestation, bool) {
	p.progress.Pause()
	p.view().Guide(step)
	p.view().Say("Have you done this? \"done\" records that you have; anything else leaves it pending.")
	answer, _ := p.input.ReadString('\n')
	if strings.TrimSpace(answer) != "done" {
		return reconcile.Attestation{}, false
	}
	return reconcile.Attestation{By: p.who(), At: time.Now().UTC()}, true
}

// writeHandover writes the click paths with every value, secrets included, to
// a file that only its owner may read.
func writeHandover(plan *reconcile.Plan, path string) error {
	if path == "" {
		return nil
	}
	var b bytes.Buffer
	for _, step := range plan.Steps {
		if step.Action != schema.Manual {
			continue
		}
		fmt.Fprintf(&b, "%s\n", step.Address)
		for i, line := range step.Guide {
			fmt.Fprintf(&b, "%2d. %s%s\n", i+1, line.Text, spelledOut(line.Value))
		}
		b.WriteByte('\n')
	}
	// Refusing an existing file keeps its wider mode from applying.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write handover: %w", err)
	}
	if _, err := f.Write(b.Bytes()); err != nil {
		_ = f.Close()
		return fmt.Errorf("write handover: %w", err)
	}
	return f.Close()
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
