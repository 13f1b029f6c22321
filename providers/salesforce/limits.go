package salesforce

import (
	"context"
	"fmt"

	"github.com/lockstep-sync/lockstep/schema"
)

// Limits reads how much of its daily allowances the org has left. That change
// events over the Pub/Sub API count as delivered platform events is SECONDARY:
// the vendor's table names CometD clients, and its Pub/Sub pages refer to it.
func (p *Presence) Limits(ctx context.Context) (schema.Allowances, error) {
	limits, err := p.conn.Limits(ctx)
	if err != nil {
		return schema.Allowances{}, fmt.Errorf("read limits: %w", err)
	}
	calls, deliveries := limits["DailyApiRequests"], limits["DailyDeliveredPlatformEvents"]
	pushes, clients := limits["DailyDurableGenericStreamingApiEvents"], streamingClients(limits)
	return schema.Allowances{
		Calls: calls.Max, CallsLeft: calls.Remaining,
		Deliveries: deliveries.Max, DeliveriesLeft: deliveries.Remaining,
		Pushes: pushes.Max, PushesLeft: pushes.Remaining,
		Clients: clients.Max, ClientsLeft: clients.Remaining,
	}, nil
}

// streamingClients is the limit of concurrent CometD clients: Durable since API
// 37.0 (VERIFIED), and the older name where an org still tells that.
func streamingClients(limits map[string]Limit) Limit {
	if l, shown := limits["DurableStreamingApiConcurrentClients"]; shown {
		return l
	}
	return limits["StreamingApiConcurrentClients"]
}
