package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func (a *app) emulateCommand() *cobra.Command {
	var envFile, seedFile, address string
	c := &cobra.Command{
		Use: "emulate", Short: "Serve both vendors' APIs on loopback, with no account", Args: cobra.NoArgs,
		Long: `Serves an emulated Salesforce org and CXone tenant on loopback ports until it is
interrupted, and writes a shell file of the variables that provider blocks read:

    lockstep emulate -env=acme.env &
    . ./acme.env
    lockstep plan

Without -seed the tenant is Acme, a contact centre of about forty agents. Counts of
calls (GET /_emulator/stats) and faults (POST /_emulator/faults) are the emulator's
own and part of no vendor's contract.`,
		RunE: func(c *cobra.Command, _ []string) error {
			seed := tenant.Acme()
			if seedFile != "" {
				var err error
				if seed, err = tenant.Load(a.path(seedFile)); err != nil {
					return err
				}
			}
			server, err := emulator.Listen(c.Context(), emulator.New(seed, emulator.Options{}), address)
			if err != nil {
				return fmt.Errorf("emulate: %w", err)
			}
			defer func() { _ = server.Close() }()
			envFile = a.path(envFile)
			if envFile != "" {
				if err := server.WriteEnv(envFile); err != nil {
					return fmt.Errorf("emulate: %w", err)
				}
				defer func() { _ = os.Remove(envFile) }()
			}
			a.view().Say("Serving %s: Salesforce on %s, CXone on %s. Interrupt to end.", seed.Salesforce.Name, server.SalesforceURL, server.CXoneURL)
			<-c.Context().Done()
			return nil
		},
	}
	c.Flags().StringVar(&envFile, "env", "", "write the variables that providers read to a shell `file`")
	c.Flags().StringVar(&seedFile, "seed", "", "load the tenant from an HCL or JSON `file`")
	c.Flags().StringVar(&address, "listen", "127.0.0.1:0", "loopback `address` of Salesforce; CXone takes the next port")
	return c
}
