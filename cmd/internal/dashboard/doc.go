// Package dashboard is what people see of run while it runs: a web page that
// follows every agent's two sides, the same data as JSON, and metrics for
// Prometheus.
//
// It only looks. Nothing here changes an agent, a rule or a setting; stop and
// resume are commands. It knows nothing of the engine beyond [Source], and
// nothing of secrets: what it serves is presence, rules and counts.
package dashboard
