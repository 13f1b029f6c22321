package cli

import (
	"io"

	"github.com/spf13/cobra"

	lockstep "github.com/lockstep-sync/lockstep/cmd/internal/version"
)

// version is what kept plans and required_version go by.
const version = lockstep.Number

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.Stdout, lockstep.Line())
			return err
		},
	}
}
