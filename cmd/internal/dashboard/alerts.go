package dashboard

import (
	"fmt"
	"io"
	"strings"
)

// An Alert is one rule for Prometheus: what is worth waking somebody for, and
// what to do then.
type Alert struct {
	Name, Expr, For, Severity string
	Summary, Action           string
}

// Alerts lists the rules that `lockstep docs alerts` prints.
func Alerts() []Alert {
	return []Alert{
		{
			"LockstepDown", `absent(lockstep_build_info)`, "2m", "critical",
			"No replica of lockstep run is scraped.",
			"Start one. Nobody's presence is mirrored until then; what people do meanwhile is caught up from the vendors' replay windows.",
		}, {
			"LockstepNoLeader", `sum by (tenant) (lockstep_leader) == 0`, "1m", "critical",
			"No replica holds the lease of {{ $labels.tenant }}.",
			"Look at the replicas' logs and at the store: a lease that cannot be renewed is most often a store that cannot be reached.",
		}, {
			"LockstepTwoLeaders", `sum by (tenant) (lockstep_leader) > 1`, "1m", "critical",
			"More than one replica says that it holds the lease of {{ $labels.tenant }}.",
			"Do the replicas share one store? Writes are fenced by the lease's epoch within a store, not across two.",
		}, {
			"LockstepStoreDown", `lockstep_store_up == 0`, "1m", "critical",
			"A replica's store does not take what is to be kept.",
			"Nobody is moved before the decision is on disk. The dashboard's banner has the store's own words: most often the disk is full, or PostgreSQL cannot be reached.",
		}, {
			"LockstepHalted", `max by (tenant) (lockstep_halted) == 1`, "5m", "critical",
			"Nobody is moved: a stop, a freeze window or the breaker.",
			"The dashboard's banner says which. After the breaker look at why so many agents moved at once, then `lockstep resume`.",
		}, {
			"LockstepFeedDown", `min by (tenant, side) (lockstep_feed_up) == 0`, "2m", "critical",
			"{{ $labels.side }} cannot be observed.",
			"`lockstep doctor` tells what is wrong with credentials, permissions and limits.",
		}, {
			"LockstepFeedSilent", `time() - max by (tenant, side) (lockstep_feed_last_news_timestamp_seconds) > 300`, "1m", "warning",
			"{{ $labels.side }} has said nothing for five minutes.",
			"Salesforce keeps a stream alive at least every 270 seconds, and is swept where there is none; CXone is polled: look at the network and the vendor's status page. Where little of the day's calls is left, sweeps are further apart.",
		}, {
			"LockstepAgentsApart", `lockstep_agents_apart / (lockstep_agents_on_duty > 0) > 0.05`, "10m", "warning",
			"More than 5 % of the agents on duty show different things on the two sides.",
			"Filter the dashboard by Apart, then `lockstep why AGENT` for one of them.",
		}, {
			"LockstepWritesFail", `rate(lockstep_failures_total[10m]) / (rate(lockstep_decisions_total[10m]) > 0) > 0.1`, "10m", "warning",
			"More than a tenth of what is decided is refused or expires.",
			"`lockstep why AGENT` shows the vendor's answers; agents without an open console are counted as undeliverable.",
		}, {
			"LockstepUndeliverable", `lockstep_agents_undeliverable / (lockstep_agents_on_duty > 0) > 0.1`, "15m", "warning",
			"More than a tenth of the agents on duty cannot be reached on one side.",
			"Is the bridge in the utility bar of the app that they use, and does its permission set reach them? `lockstep doctor` looks.",
		}, {
			"LockstepSlow", `histogram_quantile(0.99, sum by (tenant, le) (rate(lockstep_delay_seconds_bucket[5m]))) > 1`, "10m", "warning",
			"A hundredth of the changes waits for more than a second before the other side is called.",
			"The store is the usual cause: look at its disk, or at the round trip to PostgreSQL.",
		}, {
			"LockstepCallsBudget", `lockstep_budget_calls_used / (lockstep_budget_calls > 0) > 0.9`, "", "warning",
			"Nine tenths of the day's Salesforce calls are used.",
			"Past the budget sweeps become slower. `lockstep forecast` says what the centre needs.",
		}, {
			"LockstepDeliveriesBudget", `lockstep_budget_deliveries_used / (lockstep_budget_deliveries > 0) > 0.9`, "", "warning",
			"Nine tenths of the day's event deliveries are used.",
			"Past the budget Salesforce is polled instead, and changes made there arrive later.",
		}, {
			"LockstepUnmatched", `max by (tenant) (lockstep_people_unmatched) > 0`, "1h", "info",
			"Some agents whom a rule reaches have no counterpart in Salesforce.",
			"The dashboard's page Unmatched says who and why; a user_mapping block names a counterpart.",
		},
	}
}

// WriteAlerts writes the rules as a rule file of Prometheus.
func WriteAlerts(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Alert rules for lockstep run, made by `lockstep docs alerts`.\ngroups:\n  - name: lockstep\n    rules:\n")
	for _, a := range Alerts() {
		fmt.Fprintf(&b, "      - alert: %s\n        expr: %s\n", a.Name, quoted(a.Expr))
		if a.For != "" {
			fmt.Fprintf(&b, "        for: %s\n", a.For)
		}
		fmt.Fprintf(&b, "        labels:\n          severity: %s\n        annotations:\n          summary: %s\n          description: %s\n", a.Severity, quoted(a.Summary), quoted(a.Action))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quoted writes text as YAML's single-quoted form, in which only the quote
// itself has a meaning.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
