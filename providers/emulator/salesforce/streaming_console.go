package salesforce

import (
	"encoding/base64"
	"encoding/xml"
	"slices"
	"strings"
)

// What follows is what the pages in an agent's browser know.

// UserID is an active user's Id of 18 characters; "" where there is none of
// that name.
func (o *Org) UserID(username string) string {
	o.store.Lock()
	defer o.store.Unlock()
	user := o.activeUser(username)
	if user == nil {
		return ""
	}
	return user.text("Id")
}

// PresenceByID is the Id of the status that a user shows; "" when the user is
// logged out.
func (o *Org) PresenceByID(userID string) string {
	o.store.Lock()
	defer o.store.Unlock()
	user := o.store.byID("User", userID)
	if user == nil {
		return ""
	}
	r := o.presenceRow(user.text("Id"))
	if r == nil {
		return ""
	}
	return r.text("ServicePresenceStatusId")
}

// Statuses lists the developer names of the statuses that a user may choose,
// sorted.
func (o *Org) Statuses(username string) []string {
	o.store.Lock()
	defer o.store.Unlock()
	user := o.activeUser(username)
	if user == nil {
		return nil
	}
	var names []string
	for _, status := range o.store.rows("ServicePresenceStatus") {
		if o.mayUse(user, status) {
			names = append(names, status.text("DeveloperName"))
		}
	}
	slices.Sort(names)
	return names
}

// AddStreamingChannel makes a generic streaming channel, as an administrator
// does by hand. It can be called twice.
func (o *Org) AddStreamingChannel(name string) {
	o.store.Lock()
	defer o.store.Unlock()
	if o.store.find("StreamingChannel", "Name", name) == nil {
		o.store.insert("StreamingChannel", o.administrator(), row{"Name": name})
	}
}

// UtilityChannel is the streaming channel that a component in the utility bar
// of some app listens on, which every console opens with the app; "" when no
// such component is deployed.
func (o *Org) UtilityChannel() string {
	o.store.Lock()
	defer o.store.Unlock()
	for _, page := range o.store.all("MetadataComponent", "Type", "FlexiPage") {
		body := storedXML("FlexiPage", page)
		if body.get("type") != "UtilityBar" {
			continue
		}
		for _, name := range componentNames(body) {
			if channel := o.channelOf(strings.TrimPrefix(name, "c:")); channel != "" {
				return channel
			}
		}
	}
	return ""
}

// channelOf reads the channel from a component's markup: the default of its
// attribute of that name.
func (o *Org) channelOf(component string) string {
	for _, bundle := range o.store.all("MetadataComponent", "Type", "AuraDefinitionBundle") {
		if !strings.EqualFold(bundle.text("FullName"), component) {
			continue
		}
		markup, err := base64.StdEncoding.DecodeString(storedXML("AuraDefinitionBundle", bundle).get("markup"))
		if err != nil {
			return ""
		}
		return channelIn(string(markup))
	}
	return ""
}

func channelIn(markup string) string {
	decoder := xml.NewDecoder(strings.NewReader(markup))
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "attribute" {
			continue
		}
		attributes := map[string]string{}
		for _, a := range start.Attr {
			attributes[a.Name.Local] = a.Value
		}
		if attributes["name"] == "channel" {
			return attributes["default"]
		}
	}
}
