package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/config"
)

func (a *app) fmtCommand() *cobra.Command {
	var check, diff bool
	c := &cobra.Command{
		Use: "fmt [FILE...]", Short: "Rewrite the files in the one style",
		Long: `Rewrites every *.hcl and *.hclvars file of the directory, or the files named, and
prints the names of those that changed. With -check nothing is written and the
exit status is 1 when a file would change.`,
		RunE: func(_ *cobra.Command, files []string) error {
			files = a.paths(files)
			if len(files) == 0 {
				var err error
				if files, err = formattable(a.chdir); err != nil {
					return err
				}
			}
			changed := false
			for _, file := range files {
				different, err := a.format(file, check, diff)
				if err != nil {
					return err
				}
				changed = changed || different
			}
			if check && changed {
				return exitStatus(exitError)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&check, "check", false, "write nothing; exit with 1 when a file would change")
	c.Flags().BoolVar(&diff, "diff", false, "show what changes")
	return c
}

func formattable(dir string) ([]string, error) {
	var files []string
	for _, pattern := range []string{"*.hcl", "*.hclvars"} {
		matches, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	return files, nil
}

// format rewrites one file and reports whether it was in another style.
func (a *app) format(file string, check, diff bool) (bool, error) {
	was, err := os.ReadFile(file)
	if err != nil {
		return false, fmt.Errorf("format: %w", err)
	}
	is, diags := config.Format(file, was)
	if diags.HasErrors() {
		a.view().Diagnostics(diags, func(string) []byte { return config.Mask(describeVendors(), was) })
		return false, exitStatus(exitError)
	}
	if bytes.Equal(was, is) {
		return false, nil
	}
	a.view().Print("%s", file)
	if diff {
		a.view().Diff(file, config.Mask(describeVendors(), was), config.Mask(describeVendors(), is))
	}
	if check {
		return true, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return true, fmt.Errorf("format: %w", err)
	}
	return true, os.WriteFile(file, is, info.Mode().Perm())
}
