package salesforce

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	eventChannelType = "PlatformEventChannel"
	eventMemberType  = "PlatformEventChannelMember"
)

func changeBridge(p *part) {
	if p.org == nil {
		p.fail(errNotRead)
		return
	}
	if p.step.Action == schema.Delete {
		deleteBridge(p)
		return
	}
	o := p.step.Wanted
	seen := p.org.bridge[o.Key()]
	deployEvents(p, o, seen)
	p.deploy(bridgeComponent(o.Text("component"), o.Text("channel")))
	deployBars(p, o, seen)
	deployBridgeSet(p, o, seen)
	createStream(p, o, seen)
	assignBridgeSet(p, o, seen)
}

// deployEvents makes the feed's channel and its member.
func deployEvents(p *part, o *schema.Object, seen bridgeSeen) {
	channel := o.Text("event_channel")
	member := cmp.Or(seen.member.DeveloperName, memberName(channel))
	p.deploy(
		Component{Type: eventChannelType, FullName: channel, Body: Element(eventChannelType,
			Leaf("channelType", "data"), Leaf("label", "Lockstep presence"))},
		Component{Type: eventMemberType, FullName: member, Body: Element(eventMemberType,
			Leaf("eventChannel", channel), Leaf("filterExpression", o.Text("event_filter")), Leaf("selectedEntity", presenceEntity))},
	)
}

// deployBars puts the component into the utility bars of the wanted apps, and
// takes it out of those that are wanted no more.
func deployBars(p *part, o *schema.Object, seen bridgeSeen) {
	component := o.Text("component")
	for _, app := range o.Texts("apps") {
		bar := seen.bars[app]
		switch {
		case bar.has:
		case bar.page == "":
			p.deploy(newUtilityBar(app, component))
			p.rewrite(appType, app, func(body *Node) error {
				body.Set("utilityBar", newBarName(app))
				return nil
			})
		default:
			p.rewrite(flexiPageType, bar.page, func(body *Node) error { return addUtility(body, component) })
		}
	}
	clearBars(p, seen, component, o.Texts("apps"))
}

// clearBars takes the component out of the utility bars of all apps but those
// kept. Apps can share a bar; one that a kept app shows stays as it is.
func clearBars(p *part, seen bridgeSeen, component string, kept []string) {
	var pages []string
	for _, app := range kept {
		pages = append(pages, seen.bars[app].page)
	}
	for _, app := range seen.showing() {
		page := seen.bars[app].page
		if slices.Contains(pages, page) {
			continue
		}
		pages = append(pages, page)
		p.rewrite(flexiPageType, page, func(body *Node) error { return removeUtility(body, component) })
	}
}

// deployBridgeSet makes the permission set, or brings the one that is there up
// to date without touching what else it holds.
func deployBridgeSet(p *part, o *schema.Object, seen bridgeSeen) {
	name, description := o.Text("permission_set"), bridgeDescription(o.Text("channel"))
	if seen.permissionSet == "" {
		p.deploy(Component{Type: permissionSetType, FullName: name, Body: Element(permissionSetType,
			Leaf("description", description),
			Leaf("hasActivationRequired", "false"),
			Leaf("label", strings.ReplaceAll(name, "_", " ")),
			streamingAccess())})
		return
	}
	p.rewrite(permissionSetType, name, func(body *Node) error {
		body.Set("description", description)
		body.Remove("objectPermissions", func(n *Node) bool { return n.Text("object") == streamingObject })
		body.Add(streamingAccess())
		return nil
	})
}

const streamingObject = "StreamingChannel"

// streamingAccess lets a user subscribe to generic channels. That reading
// StreamingChannel is what it takes, and that it deploys as an object
// permission, is UNCERTAIN.
func streamingAccess() *Node {
	return Element("objectPermissions",
		Leaf("allowCreate", "false"), Leaf("allowDelete", "false"), Leaf("allowEdit", "false"), Leaf("allowRead", "true"),
		Leaf("modifyAllRecords", "false"), Leaf("object", streamingObject), Leaf("viewAllRecords", "false"))
}

// createStream makes the generic channel, which is a record and no metadata.
func createStream(p *part, o *schema.Object, seen bridgeSeen) {
	if seen.stream != "" {
		return
	}
	p.create("StreamingChannel", []map[string]any{{"Name": o.Text("channel"), "Description": "Presence commands of Lockstep"}})
}

// assignBridgeSet gives the permission set to those who lack it and takes it
// from those who are not listed. One that this very deploy makes has to be
// asked for first.
func assignBridgeSet(p *part, o *schema.Object, seen bridgeSeen) {
	people, faults := p.org.people(o)
	if err := faults.Err(); err != nil {
		p.fail(err)
		return
	}
	missing := lacking(people, seen.assigned)
	var surplus []string
	for user, row := range seen.assigned {
		if !slices.ContainsFunc(people, func(p person) bool { return p.id == user }) {
			surplus = append(surplus, row)
		}
	}
	p.deleteRows(ownRows(surplus...))
	if len(missing) == 0 {
		return
	}
	calls := callsFor(len(missing))
	if seen.permissionSet == "" {
		calls++
	}
	p.then(calls, func(ctx context.Context, c *Connection) error {
		set, err := bridgeSetID(ctx, c, seen.permissionSet, o.Text("permission_set"))
		if err != nil {
			return err
		}
		rows := make([]map[string]any, len(missing))
		for i, user := range missing {
			rows[i] = map[string]any{"AssigneeId": user, "PermissionSetId": set}
		}
		return saved("assign "+o.Text("permission_set"), c.CreateAll(ctx, "PermissionSetAssignment", rows))
	})
}

func bridgeSetID(ctx context.Context, c *Connection, known, name string) (string, error) {
	if known != "" {
		return known, nil
	}
	rows, err := Query[permissionSetRow](ctx, c, "SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = false AND Name = "+Quote(name))
	if err != nil {
		return "", fmt.Errorf("find permission set %s: %w", name, err)
	}
	if len(rows) == 0 {
		return "", fmt.Errorf("find permission set %s: deployed, but the org does not show it yet", name)
	}
	return rows[0].ID, nil
}

// deleteEvents deletes the event channel after its member has gone with the
// deploy: a channel with members may not be deleted, and in which order a
// deploy deletes is not documented.
func deleteEvents(p *part, channel string) {
	p.then(2, func(ctx context.Context, c *Connection) error {
		name := strings.TrimSuffix(channel, "__chn")
		rows, err := ToolingQuery[eventChannelRow](ctx, c, "SELECT Id FROM PlatformEventChannel WHERE DeveloperName = "+Quote(name))
		if err != nil || len(rows) == 0 {
			return err
		}
		return c.Delete(ctx, "tooling/sobjects/PlatformEventChannel/"+rows[0].ID)
	})
}

// deleteBridge takes everything away that goes by the bridge's names. The
// component leaves the utility bars in the same deploy that deletes it; bars
// that Lockstep made stay, empty, because their apps refer to them.
func deleteBridge(p *part) {
	held := p.step.Held
	seen := p.org.bridge[held.Key()]
	component := cmp.Or(held.Text("component"), bridgeComponentID)
	clearBars(p, seen, component, nil)
	if seen.version != "" {
		p.delete(Member{auraType, component})
	}
	if seen.member.ID != "" {
		p.delete(Member{eventMemberType, seen.member.DeveloperName})
		deleteEvents(p, cmp.Or(held.Text("event_channel"), bridgeEvents))
	}
	// A permission set that somebody has cannot be deleted, so its assignments
	// go first; rows are deleted in the order in which they are listed.
	rows := ownRows(slices.Collect(maps.Values(seen.assigned))...)
	if seen.permissionSet != "" {
		rows = append(rows, seen.permissionSet)
	}
	p.deleteRows(rows)
	if seen.stream != "" {
		// In a call of its own: setup records, as those above, and others do
		// not mix in one transaction (UNCERTAIN for StreamingChannel).
		p.deleteRows([]string{seen.stream})
	}
}
