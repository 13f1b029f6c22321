package forecast

import "github.com/lockstep-sync/lockstep/schema"

// Editions lists those whose limits are known.
func Editions() []string { return []string{"professional", "enterprise", "performance", "unlimited"} }

// LimitsOf returns what an edition allows an org with so many agents, each with
// a licence; false for an edition that is not known. Add-ons raise it, so an
// org's own answer is better.
//
// Streaming clients and notifications are VERIFIED, calls SECONDARY, and event
// deliveries UNCERTAIN: the table of platform events is taken, which says nothing
// of change data capture.
func LimitsOf(edition string, agents int) (schema.Allowances, bool) {
	var a schema.Allowances
	callsPerUser := 1_000
	switch edition {
	case "professional":
		a.Pushes, a.Clients = 100_000, 20 // of deliveries no figure was found
	case "enterprise":
		a.Pushes, a.Clients, a.Deliveries = 200_000, 1_000, 25_000
	case "performance", "unlimited":
		a.Pushes, a.Clients, a.Deliveries = 1_000_000, 2_000, 50_000
		callsPerUser = 5_000
	default:
		return a, false
	}
	a.Calls = 100_000 + agents*callsPerUser
	a.CallsLeft, a.DeliveriesLeft, a.PushesLeft, a.ClientsLeft = a.Calls, a.Deliveries, a.Pushes, a.Clients
	return a, true
}
