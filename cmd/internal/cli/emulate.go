package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/providers/emulator"
	"github.com/lockstep-sync/lockstep/providers/emulator/desk"
	"github.com/lockstep-sync/lockstep/providers/emulator/tenant"
)

func (a *app) emulateCommand() *cobra.Command {
	var envFile, seedFile, address string
	var life day
	c := &cobra.Command{
		Use: "emulate", Short: "Serve both vendors' APIs on loopback, with no account", Args: arguments(0, 0),
		Long: `Serves an emulated Salesforce org and CXone tenant on loopback ports until it is
interrupted, and writes a shell file of the variables that provider blocks read:

    lockstep emulate -env=acme.env &
    . ./acme.env
    lockstep plan

Without -seed the tenant is Acme, a contact centre of about forty agents. With -agents
they live their day, so that there is something to run for:

    lockstep emulate -env=acme.env -agents=30 -rate=5

Counts of calls (GET /_emulator/stats) and faults (POST /_emulator/faults) are the
emulator's own and part of no vendor's contract.`,
		RunE: func(c *cobra.Command, _ []string) error {
			seed := tenant.Acme()
			if seedFile != "" {
				var err error
				if seed, err = tenant.Load(a.path(seedFile)); err != nil {
					return err
				}
			}
			seed.Crowd(life.agents)
			emulated := emulator.New(seed, emulator.Options{})
			server, err := emulator.Listen(c.Context(), emulated, address)
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
			if err := life.live(c.Context(), emulated, seed); err != nil {
				return fmt.Errorf("emulate: %w", err)
			}
			<-c.Context().Done()
			return nil
		},
	}
	c.Flags().StringVar(&envFile, "env", "", "write the variables that providers read to a shell `file`")
	c.Flags().StringVar(&seedFile, "seed", "", "load the tenant from an HCL or JSON `file`")
	c.Flags().IntVar(&life.agents, "agents", 0, "let this `number` of agents live their day: log in, take calls, go to lunch, lose a tab")
	c.Flags().Float64Var(&life.rate, "rate", 1, "with -agents, how many changes they make a second")
	c.Flags().StringVar(&address, "listen", "127.0.0.1:0", "loopback `address` of Salesforce; CXone takes the next port")
	return c
}

// A day is how many agents live theirs, and how busily.
type day struct {
	agents int
	rate   float64
}

// live lets the agents come to work and go on until the context ends. A day is
// always the same one. The org's allocation of streaming clients and of
// notifications is raised to what so many consoles need, as Salesforce does on
// request.
func (d day) live(ctx context.Context, e *emulator.Emulator, seed *tenant.Tenant) error {
	if d.agents <= 0 {
		return nil
	}
	people := seed.AtWork()
	people = people[:min(d.agents, len(people))]
	if len(people) == 0 {
		return errors.New("nobody in the seed is an agent on both sides")
	}
	e.Org.SetStreamingLimits(max(1_000, 2*len(people)), max(200_000, int(d.rate*2*24*3600)))
	at := desk.NewDay(e.Desks, e.Tenant, people, 1)
	if err := at.Begin(); err != nil {
		return err
	}
	go at.Run(ctx, d.rate, nil)
	return nil
}
