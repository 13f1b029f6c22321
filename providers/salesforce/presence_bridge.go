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
	bridgeKind = "presence_bridge"

	streamPrefix      = "/u/"
	presenceEntity    = "UserServicePresenceChangeEvent"
	presenceFilter    = "ChangeEventHeader.changeType = 'CREATE' OR (IsCurrentState = false)"
	bridgeStream      = "LockstepPresence"
	bridgeEvents      = "LockstepPresence__chn"
	bridgeComponentID = "LockstepPresence"
	bridgeSet         = "Lockstep_Presence_Bridge"
)

var presenceBridge = kind{
	Kind: schema.Kind{
		Name:     "presence_bridge",
		Provider: vendorName,
		Doc: "What lockstep run needs in the org: an event channel to observe presence, and a streaming channel with a utility-bar component to set it. " +
			"Salesforce has no server-side call that sets an agent's presence, so the component does it in the agent's own console.",
		Key: "channel",
		Shape: schema.NewShape(
			schema.Argument{Name: "channel", Type: schema.TextType(), Required: true, Check: checkStream,
				Doc: "The generic streaming channel, with or without /u/ in front; " + bridgeStream + " is the usual name."},
			schema.Argument{Name: "event_channel", Type: schema.TextType(), Default: schema.String(bridgeEvents), Check: checkEventChannel,
				Doc: "The channel for changes of presence, which is subscribed to from outside; its name ends in __chn."},
			schema.Argument{Name: "event_filter", Type: schema.TextType(), Default: schema.String(presenceFilter),
				Doc: "Which changes are delivered: the default is the vendor's, logins, changes and logouts without the noise of every work item."},
			schema.Argument{Name: "component", Type: schema.TextType(), Default: schema.String(bridgeComponentID), Check: checkDeveloperName,
				Doc: "The Aura component's name."},
			schema.Argument{Name: "apps", Type: schema.SetOf(schema.TextType()), Default: schema.List{},
				Doc: "API names of the Lightning apps whose utility bar has the component; an app without a utility bar gets one."},
			schema.Argument{Name: "permission_set", Type: schema.TextType(), Default: schema.String(bridgeSet), Check: checkDeveloperName,
				Doc: "The permission set that lets agents listen on the channel; it is made and owned by the bridge."},
			schema.Argument{Name: "users", Type: schema.SetOf(schema.TextType()), Default: schema.List{},
				Doc: "Who has the permission set, by user name or e-mail address."},
			schema.Argument{Name: "version", Type: schema.TextType(), Computed: true,
				Doc: "Which source the deployed component has."},
		),
		Cannot: []schema.Limit{
			{What: "set an agent's presence from a server", Why: "No call does it, and writing UserServicePresence is not among the documented ones (VERIFIED).",
				Then: "A component in the agent's console calls the documented toolkit."},
			{What: "reach an agent without an open console", Why: "The toolkit works for the user whose browser tab it runs in (VERIFIED).",
				Then: "Run reports such an agent as unreachable."},
			{What: "rename the event channel, the component or the permission set", Why: "They are found by their names (VERIFIED), and nothing remembers the old ones.",
				Then: "Parts of the new name are made; those of the old one stay until somebody deletes them."},
			{What: "see a component that was edited by hand", Why: "Its source is not read back, to save calls; the version in the permission set's description is (INVENTED).",
				Then: "Deploying a newer Lockstep, or removing and declaring the bridge again, writes it anew."},
		},
		Deletable: true,
		Removal:   "Takes the component out of the utility bars and deletes the component, the channels, the permission set and its assignments.",
		Complete:  completeBridge,
		Differ:    differBridge,
	},
	tables: func(q question) []table {
		return []table{streamTable, permissionSetTable, userTable(q.all), assignmentTable(q.all), eventMemberTable}
	},
	lists:  func(question) []string { return []string{appType} },
	read:   readBridges,
	change: changeBridge,
}

var (
	streamTable = tableOf("streaming channels", "SELECT Id, Name, LastModifiedDate, LastModifiedBy.Name FROM StreamingChannel",
		func(s *snapshot) *[]streamRow { return &s.streams })
	eventMemberTable = tableOf("event channel members", "SELECT Id, DeveloperName, EventChannel, SelectedEntity, FilterExpression FROM PlatformEventChannelMember",
		func(s *snapshot) *[]eventMemberRow { return &s.eventMembers }).viaTooling()
)

func completeBridge(o *schema.Object) {
	if channel := o.Text("channel"); channel != "" && !strings.HasPrefix(channel, streamPrefix) {
		o.Set("channel", schema.String(streamPrefix+channel))
	}
}

func checkStream(v schema.Value) string {
	name := strings.TrimPrefix(schema.Text(v), streamPrefix)
	if detail := checkDeveloperName(schema.String(name)); detail != "" {
		return "The part after /u/: " + detail
	}
	return ""
}

func checkEventChannel(v schema.Value) string {
	name, ok := strings.CutSuffix(schema.Text(v), "__chn")
	if !ok {
		return fmt.Sprintf("%q does not end in __chn, as the names of custom event channels do.", schema.Text(v))
	}
	return checkDeveloperName(schema.String(name))
}

// differBridge shows that this Lockstep brings another component than the one
// deployed.
func differBridge(wanted, held *schema.Object) []schema.Change {
	version := bridgeVersion(wanted.Text("channel"))
	if held.Text("version") == version {
		return nil
	}
	change := schema.Change{Path: "version", Wanted: schema.String(version), Held: held.Get("version"), Source: wanted.Range(""), Note: "the component's source of this Lockstep"}
	return []schema.Change{change}
}

// bridgeMemory remembers what a reading found of each bridge, by channel.
type bridgeMemory map[string]bridgeSeen

// A bridgeSeen is what is there of one bridge.
type bridgeSeen struct {
	stream        string // Id; "" where there is none
	member        eventMemberRow
	permissionSet string // Id
	version       string // of the component that was deployed with the permission set
	assigned      map[string]string
	bars          map[string]utilityBar // by app
}

func (b bridgeSeen) any() bool {
	return b.stream != "" || b.member.ID != "" || b.permissionSet != ""
}

func readBridges(ctx context.Context, q question, r *reading) error {
	r.bridge = bridgeMemory{}
	if err := r.lookForNear(ctx, q.wanted); err != nil {
		return err
	}
	for i, o := range q.wanted {
		r.checkShared(o, q.wanted[:i])
		if err := r.readBridge(ctx, o); err != nil {
			return err
		}
	}
	for _, m := range q.removed {
		o := gone(m)
		for i, a := range o.Kind.Shape.Arguments {
			if o.At(i) == nil && a.Default != nil {
				o.SetAt(i, a.Default)
			}
		}
		completeBridge(o)
		if err := r.readRemovedBridge(ctx, o, m); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) readBridge(ctx context.Context, o *schema.Object) error {
	r.checkHeadroom(o)
	seen := r.seenOf(o)
	var err error
	if seen.bars, err = r.utilityBars(ctx, o.Text("component")); err != nil {
		return err
	}
	apps := slices.Sorted(maps.Keys(seen.bars))
	for _, app := range o.Texts("apps") {
		if !slices.Contains(apps, app) {
			r.fault(schema.ErrorAt(o, "apps", "Lightning app that does not exist",
				fmt.Sprintf("The org has no Lightning app with the API name %q. Apps of Salesforce begin with standard__, such as standard__LightningService. %s", app, suggest(app, apps))))
		}
	}
	people, faults := r.people(o)
	r.held.Diagnostics = append(r.held.Diagnostics, faults...)
	r.bridge[o.Key()] = seen
	if seen.stream == "" {
		return nil
	}
	held := r.heldBridge(o, seen, people)
	held.Address = o.Address
	r.found(held)
	return nil
}

// readRemovedBridge looks for what is left of a bridge that goes by the usual
// names.
func (r *reading) readRemovedBridge(ctx context.Context, o *schema.Object, m schema.Removal) error {
	seen := r.seenOf(o)
	if !seen.any() {
		return nil
	}
	var err error
	if seen.bars, err = r.utilityBars(ctx, o.Text("component")); err != nil {
		return err
	}
	held := r.heldBridge(o, seen, nil)
	held.Set(m.Kind.Key, schema.String(m.Key))
	r.bridge[m.Key] = seen
	r.found(held)
	return nil
}

// seenOf finds the parts of a bridge in the snapshot.
func (r *reading) seenOf(o *schema.Object) bridgeSeen {
	var seen bridgeSeen
	for _, s := range r.streams {
		if s.Name == o.Text("channel") {
			seen.stream = s.ID
		}
	}
	seen.member = r.memberOf(o.Text("event_channel"))
	for _, p := range r.permissionSets {
		if p.Name == o.Text("permission_set") && p.NamespacePrefix == "" {
			seen.permissionSet, seen.version = p.ID, versionIn(p.Description)
			seen.assigned = r.look().assigned[ShortID(p.ID)]
		}
	}
	return seen
}

// memberOf returns the member of a channel that carries presence. A member
// names its channel by name or by Id (UNCERTAIN which), so one that goes by
// the name that Lockstep gives is taken as well. A channel without this member
// counts as not there: deploying it again does no harm.
func (s *snapshot) memberOf(channel string) eventMemberRow {
	for _, m := range s.eventMembers {
		if m.SelectedEntity == presenceEntity && (m.EventChannel == channel || m.DeveloperName == memberName(channel)) {
			return m
		}
	}
	return eventMemberRow{}
}

func memberName(channel string) string {
	return strings.TrimSuffix(channel, "__chn") + "_" + presenceEntity
}

// maxEntities is how many entities Change Data Capture takes in an org without
// an add-on, across all channels (VERIFIED).
const maxEntities = 5

// checkShared reports parts that two bridges would write in turn.
func (r *reading) checkShared(o *schema.Object, earlier []*schema.Object) {
	for _, other := range earlier {
		for _, argument := range []string{"event_channel", "component", "permission_set"} {
			if o.Text(argument) == other.Text(argument) {
				r.fault(schema.ErrorAt(o, argument, "Part of two bridges",
					fmt.Sprintf("%s and %s both have %s %q, so each would undo the other's. Give this one a name of its own; one bridge is enough for an org.", other.Address, o.Address, argument, o.Text(argument))))
			}
		}
	}
}

// entities returns what Change Data Capture watches on any channel.
func (s *snapshot) entities() map[string]bool {
	entities := map[string]bool{}
	for _, m := range s.eventMembers {
		entities[m.SelectedEntity] = true
	}
	return entities
}

func (r *reading) checkHeadroom(o *schema.Object) {
	entities := r.entities()
	if entities[presenceEntity] || len(entities) < maxEntities {
		return
	}
	r.held.Diagnostics = append(r.held.Diagnostics, schema.ErrorAt(o, "event_channel", "No room for another captured entity",
		fmt.Sprintf("Change Data Capture already watches %d entities, and an org has %d unless it bought more. Take one off in Setup > Change Data Capture, or ask Salesforce for the add-on.", len(entities), maxEntities)))
}

func (r *reading) heldBridge(o *schema.Object, seen bridgeSeen, people []person) *schema.Object {
	held := schema.NewObject(o.Kind)
	held.ID = seen.stream
	held.Set("channel", o.Get("channel"))
	held.Set("apps", schema.Strings(seen.showing()...))
	held.Set("users", schema.Strings(r.holders(seen, people)...))
	if seen.member.ID != "" {
		held.Set("event_channel", o.Get("event_channel"))
		held.Set("event_filter", schema.String(seen.member.FilterExpression))
	}
	if seen.permissionSet != "" {
		held.Set("permission_set", o.Get("permission_set"))
		held.Set("version", schema.String(seen.version))
	}
	// The component is deployed together with the permission set, whose
	// description says which one: listing it would cost a call of its own.
	if seen.version != "" {
		held.Set("component", o.Get("component"))
	}
	return held
}

// showing lists the apps whose utility bar has the component.
func (b bridgeSeen) showing() []string {
	apps := []string{}
	for app, bar := range b.bars {
		if bar.has {
			apps = append(apps, app)
		}
	}
	slices.Sort(apps)
	return apps
}

// holders lists who has the bridge's permission set, as the block spells them,
// others by user name.
func (r *reading) holders(seen bridgeSeen, people []person) []string {
	spelt := make(map[string]string, len(people))
	for _, p := range people {
		spelt[p.id] = p.name
	}
	users := []string{}
	for _, row := range r.assignments {
		if !SameID(row.PermissionSetID, seen.permissionSet) {
			continue
		}
		if spelt[ShortID(row.AssigneeID)] == "" && row.own() == viaGroup {
			continue // not the bridge's to take away
		}
		users = append(users, cmp.Or(spelt[ShortID(row.AssigneeID)], row.Assignee.Username))
	}
	slices.Sort(users)
	return users
}

// utilityBars reads the utility bars of all apps.
func (r *reading) utilityBars(ctx context.Context, component string) (map[string]utilityBar, error) {
	var apps []string
	for _, f := range r.listing {
		if f.Type == appType {
			apps = append(apps, f.FullName)
		}
	}
	bars := make(map[string]utilityBar, len(apps))
	bodies, err := r.readBodies(ctx, appType, apps)
	if err != nil {
		return nil, err
	}
	var names []string
	for app, body := range bodies {
		page := body.Text("utilityBar")
		bars[app] = utilityBar{page: page}
		if page != "" && !slices.Contains(names, page) {
			names = append(names, page)
		}
	}
	slices.Sort(names)
	pages, err := r.readBodies(ctx, flexiPageType, names)
	if err != nil {
		return nil, err
	}
	for app, bar := range bars {
		if page := pages[bar.page]; page != nil {
			bar.has = hasUtility(page, component)
			bars[app] = bar
		}
	}
	return bars, nil
}
