package cli

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
)

//go:embed start.hcl.tmpl
var startingPoint string

// nextSteps lead from the file to agents who are kept in step.
const nextSteps = `List your agents in its presence_bridge. Next:

    lockstep validate     check it offline
    lockstep doctor       check what both vendors let you do
    lockstep plan         show what would change
    lockstep apply        carry that out
    lockstep run -shadow  watch both sides and write nothing; lockstep compare tells
    lockstep run          keep the agents in step
`

// answers are what a starting configuration depends on.
type answers struct {
	InstanceURL    string
	OrganizationID string
	TenantID       string
	Profile        string
	Team           string
}

func (a *app) initCommand() *cobra.Command {
	var given answers
	c := &cobra.Command{
		Use: "init", Short: "Write a commented starting configuration", Args: arguments(0, 0),
		Long: `Writes main.hcl: the smallest configuration that does something, with a comment on
every part. What is not given as a flag is asked for on a terminal, and left as an
example otherwise. A file that exists is never overwritten.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.writeStart(c.Context(), given) },
	}
	c.Flags().StringVar(&given.InstanceURL, "instance-url", "", "Salesforce's My Domain `URL`")
	c.Flags().StringVar(&given.OrganizationID, "organization-id", "", "the Salesforce organization `ID`, to pin it")
	c.Flags().StringVar(&given.TenantID, "tenant-id", "", "the CXone tenant `ID`, to pin it")
	c.Flags().StringVar(&given.Profile, "profile", "", "the `profile` of your agents")
	c.Flags().StringVar(&given.Team, "team", "", "the CXone `team` of your agents")
	a.bindInput(c)
	return c
}

func (a *app) writeStart(ctx context.Context, given answers) error {
	path := filepath.Join(a.chdir, "main.hcl")
	if existing, _ := filepath.Glob(filepath.Join(a.chdir, "*.hcl")); len(existing) > 0 {
		return fmt.Errorf("init: %s is there already; nothing was written", existing[0])
	}
	if err := a.ask(ctx, &given); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	var b bytes.Buffer
	if err := template.Must(template.New("start").Funcs(template.FuncMap{"quote": quoteHCL}).Parse(startingPoint)).Execute(&b, given); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	text, diags := config.Format(path, b.Bytes())
	if err := diags.Err(); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if err := writeNew(path, text); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if err := writeNew(filepath.Join(a.chdir, ".gitignore"), []byte(".lockstep/\n*.plan\n")); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("init: %w", err)
	}
	a.view().Print("Wrote %s. %s", path, nextSteps)
	return nil
}

func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// ask fills in what was not given, where there is somebody to ask. What the
// environment says already is left to it.
func (a *app) ask(ctx context.Context, given *answers) error {
	const unpinned = "not pinned"
	questions := []struct {
		answer                        *string
		question, example, empty, env string
	}{
		// No example: a host of somebody else's would win over the variable.
		{&given.InstanceURL, "Salesforce's My Domain URL, https://<domain>.my.salesforce.com", "", "from SALESFORCE_INSTANCE_URL", "SALESFORCE_INSTANCE_URL"},
		{&given.OrganizationID, "Salesforce organization ID (Setup > Company Information)", "", unpinned, ""},
		{&given.TenantID, "CXone tenant ID", "", unpinned, "CXONE_TENANT_ID"},
		{&given.Profile, "The Salesforce profile of your agents", "Support Agent", "", ""},
		{&given.Team, "The CXone team of your agents", "Support", "", ""},
	}
	for _, q := range questions {
		if set, _ := a.env(q.env); *q.answer != "" || set != "" {
			continue
		}
		if a.asks() {
			a.view().Say("%s (empty: %s):", q.question, cmp.Or(q.example, q.empty))
			line, ok := a.answer(ctx)
			if !ok {
				return fmt.Errorf("%w; nothing was written", errLeft)
			}
			*q.answer = line
		}
		*q.answer = cmp.Or(*q.answer, q.example)
	}
	return nil
}

// quoteHCL writes a text as an HCL string, in which a template starts with ${
// or %{.
func quoteHCL(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "${", "$${", "%{", "%%{").Replace(text) + `"`
}
