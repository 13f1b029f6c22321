package cxone

import (
	"net/http"
	"strings"
)

// A row is a JSON object on its way out.
type row = map[string]any

func (t *Tenant) openIDConfiguration(c *call) reply {
	issuer := c.at.issuer
	return ok(row{
		"issuer":                                           issuer,
		"authorization_endpoint":                           issuer + "/auth/authorize",
		"token_endpoint":                                   issuer + "/auth/token",
		"userinfo_endpoint":                                issuer + "/auth/userinfo",
		"end_session_endpoint":                             issuer + "/auth/authorize/logout",
		"jwks_uri":                                         issuer + "/auth/jwks",
		"scopes_supported":                                 []string{"openid"},
		"response_types_supported":                         []string{"code"},
		"subject_types_supported":                          []string{"public"},
		"id_token_signing_alg_values_supported":            []string{"RS256"},
		"token_endpoint_auth_methods_supported":            []string{"client_secret_basic"},
		"token_endpoint_auth_signing_alg_values_supported": []string{"RS256"},
		"display_values_supported":                         []string{"page", "popup"},
		"claim_types_supported":                            []string{"normal"},
		"code_challenge_methods_supported":                 []string{"S256"},
	})
}

// cxoneConfiguration answers where the tenant's APIs are. The area host
// answers without a tenant id too (VERIFIED); the status for a tenant that
// does not exist is UNCERTAIN.
func (t *Tenant) cxoneConfiguration(c *call) reply {
	id := c.query.Get("tenantId")
	if id == "" && c.at.self == "https://"+IssuerHost {
		return refuse(http.StatusBadRequest, "tenantId is required")
	}
	if id != "" && !strings.EqualFold(id, t.id) {
		a := refuse(http.StatusNotFound, "there is no tenant "+id)
		a.code = "tenant_not_found"
		return a
	}
	return ok(row{
		"private":         false,
		"ui_endpoint":     c.at.ui,
		"auth_endpoint":   c.at.auth,
		"api_endpoint":    c.at.api,
		"area":            areaName,
		"cluster":         cluster,
		"domain":          c.at.uiDomain,
		"acdDomain":       c.at.acdDomain,
		"uhDomain":        c.at.acdDomain,
		"tenantId":        t.id,
		"globaldomain":    c.at.uiDomain,
		"globaldomain_v1": c.at.uiDomain,
	})
}
