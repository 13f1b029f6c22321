package cxone

import "net/http"

// agentSettings is what NICE's own app reads before it listens for events.
// EnableUIQueue false makes it poll; true would make it want SignalR, which is
// not served here. The spelling is the client's, capital letter and all
// (VERIFIED).
func (t *Tenant) agentSettings(c *call) reply {
	p := t.store.agentBy(c.PathValue("agentId"))
	if p == nil {
		return refuse(http.StatusNotFound, "Invalid agentId")
	}
	return ok(row{
		"agentId": p.agentID, "EnableUIQueue": false, "maxConferenceParties": 0, "webRTCType": "",
		"webRTCWSSUrls": []string{}, "webRTCICEUrls": []string{}, "webRTCServerDomain": "", "webRTCDNIS": "",
		"VQMIntegratedSoftPhoneMonitoring": false, "DataDogSampleRate": 0,
	})
}

// agentIndicators lists the screen elements that scripts may put before an
// agent: there are none here. NICE's client goes on after a 404, too (VERIFIED).
func (t *Tenant) agentIndicators(c *call) reply {
	if t.store.agentBy(c.PathValue("agentId")) == nil {
		return refuse(http.StatusNotFound, "Invalid agentId")
	}
	return ok(row{"indicators": []row{}})
}
