package salesforce

import (
	"net/http"
	"strconv"
	"strings"
)

// credentialRoutes are how External Client Apps' keys and secrets are read and
// rotated. Classic connected apps have nothing like it (VERIFIED).
func (o *Org) credentialRoutes(mux *http.ServeMux) {
	const v = "/services/data/{version}/apps/oauth"
	const consumer = v + "/credentials/{app}/{consumer}"
	mux.HandleFunc("GET "+v+"/usage", o.rest(o.appUsage))
	mux.HandleFunc("GET "+v+"/credentials/{app}", o.rest(o.guard(o.listConsumers)))
	mux.HandleFunc("GET "+consumer, o.rest(o.guard(o.showConsumer)))
	mux.HandleFunc("GET "+consumer+"/staged", o.rest(o.guard(o.listStaged)))
	mux.HandleFunc("POST "+consumer+"/staged", o.rest(o.guard(o.stage)))
	mux.HandleFunc("PATCH "+consumer+"/staged/{staged}", o.rest(o.guard(o.rotate)))
	mux.HandleFunc("DELETE "+consumer+"/staged/{staged}", o.rest(o.guard(o.unstage)))
}

// stagedSince is the first version with staged credentials.
const stagedSince = 65

// appUsage lists the External Client Apps. Their Ids have 15 characters here
// and 18 elsewhere, as in the vendor's answers.
func (o *Org) appUsage(c *call) {
	apps := []map[string]any{}
	for _, app := range o.store.all("MetadataComponent", "Type", "ExternalClientApplication") {
		apps = append(apps, map[string]any{
			"developerName": app["FullName"], "identifier": appID(app)[:15], "label": textOf(app.text("XML"), "label", app.text("FullName")),
			"type": "ExternalClientApp", "usersUrl": c.base() + "/apps/oauth/usage/" + appID(app)[:15] + "/users",
		})
	}
	writeJSON(c.w, http.StatusOK, map[string]any{
		"apps": apps, "currentPageUrl": c.base() + "/apps/oauth/usage", "nextPageUrl": nil, "count": len(apps),
	})
}

// appID is an External Client App's Id, as the credentials endpoints want it.
func appID(app row) string { return longID("0xI" + app.text("Id")[3:15]) }

// textOf returns the text of the first such element, or what else to say.
func textOf(xml, name, otherwise string) string {
	_, after, found := strings.Cut(xml, "<"+name+">")
	text, _, closed := strings.Cut(after, "</"+name+">")
	if !found || !closed {
		return otherwise
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&quot;", `"`, "&#39;", "'", "&amp;", "&").Replace(text)
}

// guard checks what the credentials endpoints ask for before they answer: a
// setting of the org and a permission of the user.
func (o *Org) guard(handle func(*call, row)) func(*call) {
	return func(c *call) {
		settings := o.component("ExternalClientAppSettings", "ExternalClientApp")
		switch {
		case settings == nil || textOf(settings.text("XML"), "enableClientSecretInRestApiAccess", "false") != "true":
			c.fail(&apiError{Code: "FUNCTIONALITY_NOT_ENABLED", status: http.StatusForbidden, Message: "This feature is not currently enabled for this organization."})
			return
		case !o.permitted(c.session.userID, "ViewClientSecret") || !o.permitted(c.session.userID, "ExternalClientAppDeveloper"):
			c.fail(&apiError{Code: "INSUFFICIENT_ACCESS", status: http.StatusForbidden, Message: "You don't have the required permissions to view the client secret."})
			return
		}
		consumer := o.consumerOf(c)
		if consumer == nil {
			c.fail(notFound())
			return
		}
		handle(c, consumer)
	}
}

// consumerOf finds the consumer that the path names, by 15 or 18 characters.
func (o *Org) consumerOf(c *call) row {
	for _, app := range o.store.all("MetadataComponent", "Type", "ExternalClientApplication") {
		if !sameID(appID(app), c.r.PathValue("app")) {
			continue
		}
		consumer := o.consumer(app.text("FullName"))
		if id := c.r.PathValue("consumer"); id == "" || sameID(consumer.text("Id"), id) {
			return consumer
		}
	}
	return nil
}

func sameID(a, b string) bool { return len(b) >= 15 && a[:15] == b[:15] }

func (c *call) consumerURL(consumer row) string {
	return c.base() + "/apps/oauth/credentials/" + c.r.PathValue("app") + "/" + consumer.text("Id")
}

func (o *Org) listConsumers(c *call, consumer row) {
	url := c.consumerURL(consumer)
	writeJSON(c.w, http.StatusOK, map[string]any{"consumers": []map[string]any{{
		"id": consumer["Id"], "name": consumer["Application"], "url": url, "stagedCredentialsUrl": url + "/staged",
	}}})
}

func (o *Org) showConsumer(c *call, consumer row) {
	answer := map[string]any{"id": consumer.text("Id")[:15]}
	part := strings.ToLower(c.r.FormValue("part"))
	if part != "secret" {
		answer["key"] = consumer["Key"]
	}
	if part == "secret" || part == "keyandsecret" {
		answer["secret"] = consumer["Secret"]
	}
	writeJSON(c.w, http.StatusOK, answer)
}

func (o *Org) listStaged(c *call, consumer row) {
	staged := []map[string]any{}
	if consumer.text("StagedId") != "" {
		staged = append(staged, c.staged(consumer))
	}
	writeJSON(c.w, http.StatusOK, map[string]any{"stagedCredentials": staged})
}

func (c *call) staged(consumer row) map[string]any {
	return map[string]any{
		"id": consumer["StagedId"], "key": consumer["StagedKey"], "secret": consumer["StagedSecret"],
		"status": consumer["StagedStatus"], "url": c.consumerURL(consumer) + "/staged/" + consumer.text("StagedId"),
	}
}

// stage makes a new pair beside the one in use. Without a body the vendor is
// reported to hang or to reset; the emulator resets.
func (o *Org) stage(c *call, consumer row) {
	if c.version < stagedSince {
		c.fail(notFound())
		return
	}
	if c.r.ContentLength == 0 {
		panic(http.ErrAbortHandler)
	}
	o.store.serial++
	unique := strconv.Itoa(o.store.serial)
	consumer["StagedId"] = longID("88a" + consumer.text("Id")[3:10] + ("00000" + unique)[len(unique):])
	consumer["StagedKey"] = "3MVG9" + derive("staged key", consumer.text("Application"), unique)
	consumer["StagedSecret"] = strings.ToUpper(derive("staged secret", consumer.text("Application"), unique))
	consumer["StagedStatus"] = "staged"
	o.store.touch(consumer, c.session.userID)
	writeJSON(c.w, http.StatusCreated, c.staged(consumer))
}

// rotate swaps the staged pair with the one in use.
func (o *Org) rotate(c *call, consumer row) {
	var body struct{ Command string }
	if !c.decode(&body) {
		return
	}
	if !sameStaged(c, consumer) || body.Command != "rotate" {
		c.fail(notFound())
		return
	}
	consumer["Key"], consumer["StagedKey"] = consumer["StagedKey"], consumer["Key"]
	consumer["Secret"], consumer["StagedSecret"] = consumer["StagedSecret"], consumer["Secret"]
	consumer["StagedStatus"] = "rotated"
	o.store.touch(consumer, c.session.userID)
	writeJSON(c.w, http.StatusOK, c.staged(consumer))
}

func (o *Org) unstage(c *call, consumer row) {
	if !sameStaged(c, consumer) {
		c.fail(notFound())
		return
	}
	consumer["StagedId"], consumer["StagedKey"], consumer["StagedSecret"], consumer["StagedStatus"] = nil, nil, nil, nil
	o.store.touch(consumer, c.session.userID)
	c.w.WriteHeader(http.StatusNoContent)
}

func sameStaged(c *call, consumer row) bool {
	return consumer.text("StagedId") != "" && sameID(consumer.text("StagedId"), c.r.PathValue("staged"))
}
