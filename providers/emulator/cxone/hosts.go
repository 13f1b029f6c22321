package cxone

import (
	"net"
	"net/http"
	"slices"
)

// The hosts of the emulated tenant's area and cluster, as NICE spells them.
const (
	IssuerHost = "cxone.niceincontact.com"    // OpenID Connect and discovery
	AreaHost   = "na1.nice-incontact.com"     // sign-in with an access key, UserHub
	FacadeHost = "api-na1.niceincontact.com"  // the area's API facade
	ACDHost    = "api-c42.nice-incontact.com" // the cluster's ACD
	areaTwin   = "na1.niceincontact.com"      // both domains are in use (SECONDARY)
	acdTwin    = "api-c42.niceincontact.com"  //
	facadeTwin = "api-na1.nice-incontact.com" //
	areaName   = "na1"
	cluster    = "c42"
	uiDomain   = "niceincontact.com"
	acdDomain  = "nice-incontact.com"
)

// VendorHosts lists every host that a client may be led to when discovery
// names hosts as NICE does. A transport routes them all to the tenant's
// handler, which tells APIs apart by path alone.
func VendorHosts() []string {
	return []string{IssuerHost, AreaHost, FacadeHost, ACDHost, areaTwin, acdTwin, facadeTwin}
}

// Hosts says how discovery names hosts.
type Hosts int

const (
	// AsVendor names the hosts of [VendorHosts], over https.
	AsVendor Hosts = iota
	// OneOrigin names the origin that the request came to for every endpoint,
	// so that a client needs no routing. Use the endpoints that discovery
	// gives (auth_endpoint, api_endpoint, ui_endpoint, token_endpoint) and
	// whoami's resource_server_base_uri; a client that builds host names from
	// area, cluster and domain gets names under "localhost", which resolve to
	// the same machine where the system follows RFC 6761, but only over http.
	OneOrigin
	// ByRequest is AsVendor for calls to the [VendorHosts] and OneOrigin for
	// calls to any other host, so that one tenant serves both.
	ByRequest
)

// An addressbook is where one request's answer says that things are.
type addressbook struct {
	issuer, auth, ui, api, acd string // origins, without a final slash
	uiDomain, acdDomain        string
	self                       string // the origin that this request came to
}

func (h Hosts) addresses(r *http.Request) addressbook {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	if h == AsVendor || h == ByRequest && slices.Contains(VendorHosts(), host) {
		self := FacadeHost
		if slices.Contains(VendorHosts(), host) {
			self = host
		}
		return addressbook{
			issuer: "https://" + IssuerHost, auth: "https://" + AreaHost, ui: "https://" + AreaHost,
			api: "https://" + FacadeHost, acd: "https://" + ACDHost,
			uiDomain: uiDomain, acdDomain: acdDomain, self: "https://" + self,
		}
	}
	origin := "http://" + host
	if r.TLS != nil {
		origin = "https://" + host
	}
	domain := host
	if name, port, err := net.SplitHostPort(host); err == nil && net.ParseIP(name) != nil {
		domain = net.JoinHostPort("localhost", port) // no name can be built under a number
	}
	return addressbook{
		issuer: origin, auth: origin, ui: origin, api: origin, acd: origin,
		uiDomain: domain, acdDomain: domain, self: origin,
	}
}
