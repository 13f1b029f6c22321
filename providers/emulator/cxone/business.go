package cxone

import (
	"strings"
)

// newestVersion is the newest ACD version seen (VERIFIED: v2 to v34).
const newestVersion = 34

// getBusinessUnit shows what clients look at. Without a list of features NICE's
// own client stops with an error (VERIFIED).
func (t *Tenant) getBusinessUnit(*call) reply {
	return ok(row{"businessUnits": []row{{
		"businessUnitId": t.businessUnit, "businessUnitName": t.name, "tenantId": t.id,
		"isActive": true, "isIntegratedTenant": true, "defaultTimeZone": "(UTC) Coordinated Universal Time",
		"presenceMasterId": 0, "apiPublishedLimit": 0,
		"features": []row{}, "fileExtensions": []string{}, "maxConferenceParties": 0,
		"isMultiContactHandling": false, "isUnifiedRoutingEnabled": false,
	}}})
}

func (t *Tenant) serverTime(*call) reply {
	return ok(row{"ServerTime": timestamp(t.store.now())})
}

// apiVersion lists the ACD paths that are served, made from the routes.
func (t *Tenant) apiVersion(c *call) reply {
	verb := c.query.Get("verb")
	info := []row{}
	for _, r := range acdRoutes() {
		method, path := splitPattern(r.pattern)
		uri := strings.TrimPrefix(path, strings.TrimSuffix(acdRoot, "/"))
		if contains(c.query.Get("searchUriText"), uri) && (verb == "" || strings.EqualFold(verb, method)) {
			info = append(info, row{"uri": uri, "version": newestVersion, "verb": method})
		}
	}
	return ok(row{"apiInfo": info})
}
