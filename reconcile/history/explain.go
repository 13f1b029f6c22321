package history

import (
	"strings"

	"github.com/lockstep-sync/lockstep/reconcile/mirror"
	"github.com/lockstep-sync/lockstep/reconcile/presence"
)

// Explain says in one sentence what a line tells and what it rests on.
func Explain(r *mirror.Line) string {
	switch r.What {
	case mirror.Saw:
		return saw(r)
	case mirror.Noticed:
		return noticed(r)
	case presence.Decided:
		return decided(r)
	case presence.Adopted:
		return with("both sides are taken as they are: "+pair(r), r.Detail)
	case presence.Agreed:
		return agreed(r)
	case presence.Resent:
		return with("sets "+target(r)+" again", r.Detail)
	case presence.Answered:
		return with(r.Side.String()+" answered", r.Detail)
	case presence.Done:
		if r.Shadow {
			return shows(r) + ", set by somebody else"
		}
		return shows(r) + ": done"
	case presence.Landed:
		return "a replaced command was carried out after all: " + shows(r)
	case presence.Missed:
		return "nobody set " + target(r)
	case presence.Superseded:
		return with("setting "+target(r)+" is not asked for any more", r.Detail)
	case presence.Undeliverable:
		return with("setting "+target(r)+" could not be delivered; the pair last agreed is kept", r.Detail)
	}
	if strings.HasPrefix(r.Detail, string(r.What)+": ") {
		return r.Detail // a stop's reason begins with the word
	}
	return with(string(r.What), r.Detail)
}

func saw(r *mirror.Line) string {
	shown := r.State.String()
	if r.Side == presence.Salesforce {
		shown = r.Status
	}
	return r.Side.String() + " shows " + shown
}

func noticed(r *mirror.Line) string {
	if r.Over {
		return with(r.Kind+" is over", r.Detail)
	}
	return with(r.Kind, r.Detail)
}

// decided gives the reason first, as a person would tell it.
func decided(r *mirror.Line) string {
	asks := "sets " + target(r)
	if r.Shadow {
		asks = "would set " + target(r)
	}
	switch r.Cause {
	case presence.ByPublisher:
		return seen(r) + "; the publisher row " + rests(r) + " " + asks
	case presence.BySubscriber:
		return seen(r) + "; the subscriber row " + rests(r) + " " + asks
	case presence.AfterContact:
		return "the contact ended in " + r.State.String() + "; after_contact of rule " + r.Rule + " " + asks
	}
	return seen(r) + "; rule " + r.Rule + " " + asks
}

// seen names what moved and what it shows now.
func seen(r *mirror.Line) string {
	switch r.Moved {
	case presence.CXone.String():
		return "CXone moved to " + r.State.String()
	case presence.Salesforce.String():
		return "Salesforce moved to " + r.Status
	case "both":
		return "both sides moved, to " + pair(r)
	}
	return "both sides show " + pair(r)
}

func agreed(r *mirror.Line) string {
	switch r.Moved {
	case presence.CXone.String(), presence.Salesforce.String():
		return with(seen(r)+"; "+pair(r)+" is agreed, nothing to write", r.Detail)
	}
	return with(pair(r)+" is agreed, nothing to write", r.Detail)
}

func rests(r *mirror.Line) string {
	if r.Row == "" {
		return "of rule " + r.Rule
	}
	return r.Row + " of rule " + r.Rule
}

func pair(r *mirror.Line) string { return r.State.String() + " and " + r.Status }

func target(r *mirror.Line) string { return r.Side.String() + " to " + r.Target }

func shows(r *mirror.Line) string { return r.Side.String() + " shows " + r.Target }

func with(text, detail string) string {
	if detail == "" {
		return text
	}
	return strings.TrimSuffix(text, ".") + ": " + detail
}
