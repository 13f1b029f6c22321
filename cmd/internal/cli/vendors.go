package cli

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/providers/cxone"
	"github.com/lockstep-sync/lockstep/providers/salesforce"
	"github.com/lockstep-sync/lockstep/reconcile"
	"github.com/lockstep-sync/lockstep/schema"
)

// A vendor is one provider that the command line wires in.
type vendor struct {
	describe func() *schema.Vendor
	connect  func(block *config.Provider, l link) (reconcile.Provider, error)
}

// A link is what every connection shares.
type link struct {
	transport   http.RoundTripper
	pubSub      func(ctx context.Context, address string) (net.Conn, error)
	log         *slog.Logger
	parallelism int // calls under way at a time; 0 is the vendor's own default
	getenv      func(string) string
}

func (a *app) link() link {
	return link{transport: a.Transport, pubSub: a.PubSubDial, log: a.logger(), parallelism: a.parallelism, getenv: func(name string) string {
		value, _ := a.env(name)
		return value
	}}
}

// vendors lists the providers in the order in which their objects are created:
// NICE's guide starts in Salesforce.
var vendors = []vendor{
	{salesforce.Vendor, connectSalesforce},
	{cxone.Vendor, connectCXone},
}

func connectSalesforce(block *config.Provider, l link) (reconcile.Provider, error) {
	options, err := salesforce.OptionsFrom(block.Record, l.getenv)
	if err != nil {
		return nil, err
	}
	options.HTTP, options.PubSubDial, options.Log = l.transport, l.pubSub, l.log
	return salesforce.New(options), nil
}

func connectCXone(block *config.Provider, l link) (reconcile.Provider, error) {
	options, err := cxone.OptionsFrom(block.Record)
	if err != nil {
		return nil, err
	}
	options.HTTP, options.Log, options.Parallelism = l.transport, l.log, l.parallelism
	return cxone.New(options), nil
}

// describeVendors returns the shapes that configurations are checked against.
func describeVendors() []*schema.Vendor {
	described := make([]*schema.Vendor, len(vendors))
	for i, v := range vendors {
		described[i] = v.describe()
	}
	return described
}
