package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/schema"
)

const (
	statusKind = "presence_status"

	optionOnline = "online"
	optionBusy   = "busy"
)

var presenceStatus = kind{
	Kind: schema.Kind{
		Name:     "presence_status",
		Provider: vendorName,
		Doc: "A presence status of Omni-Channel: what an agent picks in the Omni-Channel widget. " +
			"A status with service channels is online and receives work; one without is busy.",
		Key: "developer_name",
		Shape: schema.NewShape(
			schema.Argument{Name: "developer_name", Type: schema.TextType(), Required: true, Check: checkDeveloperName,
				Doc: "The API name: letters, digits and single underscores, starting with a letter, at most 80 characters."},
			schema.Argument{Name: "label", Type: schema.TextType(), Check: checkLabel, DefaultDoc: "the developer name with spaces for underscores",
				Doc: "What agents and supervisors see."},
			schema.Argument{Name: "option", Type: schema.OneOf(optionOnline, optionBusy), DefaultDoc: "online with channels, busy without",
				Doc: "Whether the status receives work. Salesforce derives it from the channels; writing it down lets Lockstep check that both agree."},
			schema.Argument{Name: "channels", Type: schema.SetOf(schema.TextType()), DefaultDoc: "none",
				Doc: "Developer names of the service channels whose work the status receives; an online status needs one, a busy one has none."},
		),
		Cannot: []schema.Limit{
			{What: "rename a presence status", Why: "The developer name is how rules and access lists find it (VERIFIED: unique in the org).",
				Then: "A block with another developer name makes another status; remove the old one with a removed block."},
			{What: "be sure that a presence status can be deleted", Why: "No delete is documented in the data, tooling or metadata reference (UNCERTAIN).",
				Then: "The deletion is tried; where Salesforce refuses it, all access is revoked, the label is marked as removed and the status is reported as abandoned."},
		},
		Deletable: true,
		Removal:   "Deletes the status; where Salesforce refuses, revokes all access to it, marks its label and reports it as abandoned.",
		Complete:  completeStatus,
		Check:     checkStatus,
	},
	tables: func(question) []table { return []table{statusTable, channelTable, channelLinkTable} },
	read:   readStatuses,
	change: changeStatus,
}

// The status query also tells who has access. The child relationship was seen
// in an org's own schema (VERIFIED); the documentation leaves it out.
var (
	statusTable = table{
		name: "presence statuses", omni: true, keep: keepStatuses,
		soql: "SELECT Id, DeveloperName, MasterLabel, LastModifiedDate, LastModifiedBy.Name, " +
			"(SELECT ParentId, Parent.Name, Parent.NamespacePrefix, Parent.IsOwnedByProfile, Parent.ProfileId, Parent.Profile.Name FROM SetupEntityAccessItems) " +
			"FROM ServicePresenceStatus",
	}
	channelTable = tableOf("service channels", "SELECT Id, DeveloperName, MasterLabel FROM ServiceChannel",
		func(s *snapshot) *[]channelRow { return &s.channels }).ofOmni()
	channelLinkTable = tableOf("channels of statuses", "SELECT ServiceChannelId, ServicePresenceStatusId FROM ServiceChannelStatus",
		func(s *snapshot) *[]channelLinkRow { return &s.channelLinks }).ofOmni()
)

func keepStatuses(ctx context.Context, c *Connection, body json.RawMessage, s *snapshot) error {
	page, err := pageOf[statusRow](body)
	if err != nil {
		return err
	}
	rows, err := page.All(ctx, c)
	if err != nil {
		return err
	}
	for i := range rows {
		if rows[i].SetupEntityAccessItems == nil {
			continue
		}
		if rows[i].access, err = rows[i].SetupEntityAccessItems.All(ctx, c); err != nil {
			return err
		}
	}
	s.statuses = rows
	return nil
}

// completeStatus fills what follows from other arguments. A busy status gets
// an empty list, not none, so that channels it should not have are a change.
func completeStatus(o *schema.Object) {
	if o.Get("label") == nil {
		o.Set("label", schema.String(strings.ReplaceAll(o.Key(), "_", " ")))
	}
	if o.Get("option") == nil {
		option := optionBusy
		if len(o.List("channels")) > 0 {
			option = optionOnline
		}
		o.Set("option", schema.String(option))
	}
	if o.Get("channels") == nil && o.Text("option") == optionBusy {
		o.Set("channels", schema.List{})
	}
}

func checkStatus(o *schema.Object) schema.Diagnostics {
	name, channels := o.Key(), o.Texts("channels")
	switch {
	case o.Text("option") == optionBusy && len(channels) > 0:
		return schema.Diagnostics{schema.ErrorAt(o, "channels", "Busy status with channels",
			fmt.Sprintf("Status %q is marked busy but lists the channel %q. Salesforce decides busy by the absence of channels. Remove channels, or drop option.", name, channels[0]))}
	case o.Text("option") == optionOnline && len(channels) == 0:
		return schema.Diagnostics{schema.ErrorAt(o, "option", "Online status without channels",
			fmt.Sprintf("Status %q is marked online but lists no channel. Salesforce treats a status without channels as busy. Add channels, or drop option.", name))}
	}
	return nil
}

func readStatuses(_ context.Context, q question, r *reading) error {
	if r.omniIsOff(q) || r.namesAreHidden(q) {
		return nil
	}
	wanted := make(map[string]*schema.Object, len(q.wanted))
	folded := make(map[string]*schema.Object, len(q.wanted))
	for _, o := range q.wanted {
		wanted[o.Key()] = o
		folded[strings.ToLower(o.Key())] = o
		r.checkChannels(o)
	}
	channels := r.channelsByStatus()
	for i := range r.statuses {
		row := &r.statuses[i]
		held := heldStatus(q.kind, row, channels[ShortID(row.ID)])
		if o := wanted[row.DeveloperName]; o != nil {
			held.Address = o.Address
		} else if o := folded[strings.ToLower(row.DeveloperName)]; o != nil {
			r.fault(schema.ErrorAt(o, "developer_name", "Developer name that differs in case",
				fmt.Sprintf("The org has the status %q. Salesforce ignores case in developer names, so %q cannot exist beside it. Write the name as the org has it.", row.DeveloperName, o.Key())))
		}
		if abandoned(row) && slices.ContainsFunc(q.removed, func(m schema.Removal) bool { return m.Key == row.DeveloperName }) {
			r.note("", fmt.Sprintf("presence status %s is abandoned: Salesforce refused to delete it and nobody has access to it", row.DeveloperName))
			continue
		}
		r.found(held)
	}
	return nil
}

func heldStatus(k *schema.Kind, row *statusRow, channels []string) *schema.Object {
	held := schema.NewObject(k)
	held.ID, held.Seen = row.ID, row.seen()
	held.Set("developer_name", schema.String(row.DeveloperName))
	held.Set("label", schema.String(row.MasterLabel))
	held.Set("channels", schema.Strings(channels...))
	option := optionBusy
	if len(channels) > 0 {
		option = optionOnline
	}
	held.Set("option", schema.String(option))
	return held
}

func (c changed) seen() schema.LastChange {
	seen := schema.LastChange{At: c.LastModifiedDate}
	// The vendor's offset has no colon, which RFC 3339 wants.
	if at, err := time.Parse("2006-01-02T15:04:05.000-0700", c.LastModifiedDate); err == nil {
		seen.At = at.UTC().Format(time.RFC3339)
	}
	if c.LastModifiedBy != nil {
		seen.By = c.LastModifiedBy.Name
	}
	return seen
}

// channelsByStatus returns the developer names of each status's channels, by
// the status's 15-character Id, sorted.
func (s *snapshot) channelsByStatus() map[string][]string {
	names := make(map[string]string, len(s.channels))
	for _, c := range s.channels {
		names[ShortID(c.ID)] = c.DeveloperName
	}
	byStatus := map[string][]string{}
	for _, link := range s.channelLinks {
		id := ShortID(link.ServicePresenceStatusID)
		byStatus[id] = append(byStatus[id], names[ShortID(link.ServiceChannelID)])
	}
	for _, channels := range byStatus {
		slices.Sort(channels)
	}
	return byStatus
}

// omniIsOff reports, at the first block that needs it, that the org does not
// know presence statuses.
func (r *reading) omniIsOff(q question) bool {
	if !r.omniOff {
		return false
	}
	detail := "The org does not know presence statuses, which is how Salesforce answers while Omni-Channel is off (SECONDARY). " +
		"In Setup > Omni-Channel Settings, select Enable Omni-Channel, then plan again."
	for _, o := range q.wanted[:min(1, len(q.wanted))] {
		r.fault(schema.ErrorAt(o, "", "Omni-Channel is off", detail))
	}
	return true
}

// namesAreHidden reports that the signed-in user may not see developer names,
// by which every status is found.
func (r *reading) namesAreHidden(q question) bool {
	if !r.namesHidden && (len(r.statuses) == 0 || r.statuses[0].DeveloperName != "") {
		return false
	}
	d := schema.Diagnostic{Severity: schema.Error, Summary: "Developer names are hidden",
		Detail: "The org answers presence statuses without their developer names, by which Lockstep finds them. " +
			"Give the signed-in user the permission View Setup and Configuration, or View DeveloperName."}
	if len(q.wanted) > 0 {
		d = schema.ErrorAt(q.wanted[0], "", d.Summary, d.Detail)
	}
	r.fault(d)
	return true
}

// checkChannels reports channels that the org does not have.
func (r *reading) checkChannels(o *schema.Object) {
	for _, name := range o.Texts("channels") {
		if r.look().channels[name] {
			continue
		}
		known := slices.Sorted(maps.Keys(r.look().channels))
		r.fault(schema.ErrorAt(o, "channels", "Service channel that does not exist",
			fmt.Sprintf("The org has no service channel with the developer name %q. %s", name, suggest(name, known))))
	}
}

func changeStatus(p *part) {
	if p.step.Action == schema.Delete {
		p.delete(Member{Type: statusType, FullName: p.step.Held.Key()})
		p.instead = revocation(p.step, p.org)
		return
	}
	p.deploy(statusComponent(p.step.Wanted.Key(), p.step.Wanted.Text("label"), p.step.Wanted.Texts("channels")))
}

const statusType = "ServicePresenceStatus"

// statusComponent makes a status as the Metadata API has it: one channels
// element that holds all channels. Whether leaving it out clears the channels
// of an existing status is UNCERTAIN; the read-back after a write tells.
func statusComponent(name, label string, channels []string) Component {
	body := Element(statusType, Leaf("label", label))
	if len(channels) > 0 {
		list := Element("channels")
		for _, channel := range channels {
			list.Add(Leaf("channel", channel))
		}
		body.Add(list)
	}
	return Component{Type: statusType, FullName: name, Body: body}
}

// abandonedMark ends the label of a status that Salesforce refused to delete
// (INVENTED): it tells people in Setup, and the next plan, that nothing is
// left to do.
const abandonedMark = " (removed)"

func abandoned(row *statusRow) bool {
	return strings.HasSuffix(row.MasterLabel, abandonedMark) && len(row.access) == 0
}

// markAbandoned returns a label with the mark, within the vendor's 80
// characters.
func markAbandoned(label string) string {
	const most = 80
	label = strings.TrimSuffix(label, abandonedMark)
	runes := []rune(label)
	return string(runes[:min(len(runes), most-len(abandonedMark))]) + abandonedMark
}
